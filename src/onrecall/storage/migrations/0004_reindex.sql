alter table passages add column terms_version integer;
create index passages_made on passages (model, terms_version);

create table reindexing (
  number integer not null primary key,
  model text,
  terms_version integer not null
);

create table staged_owners (
  owner {key} not null,
  kind {key} not null,
  state text not null,
  primary key (owner, kind)
);

create table staged_passages (
  owner {key} not null,
  kind {key} not null,
  part {key} not null,
  n integer not null,
  text text not null,
  line integer not null,
  heading text,
  known_from {time},
  terms {raw} not null,
  vector {raw},
  model text,
  terms_version integer,
  primary key (owner, kind, part, n)
);
