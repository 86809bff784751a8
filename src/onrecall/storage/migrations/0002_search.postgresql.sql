create table passage_words (
  id bigint primary key references passages (id) on delete cascade,
  kind text not null,
  owner text collate "C" not null,
  service text,
  labels jsonb not null,
  known_from timestamptz,
  length integer not null,
  terms integer[] not null
);
create index passage_words_terms on passage_words using gin (terms) with (fastupdate = off);
create index passage_words_service on passage_words (service);
create index passage_words_labels on passage_words using gin (labels jsonb_path_ops);
create index passage_words_known_from on passage_words (known_from);

create table passage_vectors (
  id bigint primary key references passages (id) on delete cascade,
  model text not null,
  vector halfvec not null
);
