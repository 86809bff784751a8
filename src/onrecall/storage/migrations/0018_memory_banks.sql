create table memory_banks (
  id {key} not null primary key,
  name text not null,
  created_at {time} not null,
  updated_at {time} not null
);

create table retained (
  bank {key} not null references memory_banks (id),
  document {key} not null,
  text text not null,
  context text,
  metadata {json} not null,
  tags {json} not null,
  event_date {time},
  hash text not null,
  incident {key},
  created_at {time} not null,
  updated_at {time} not null,
  primary key (bank, document)
);
create index retained_incident on retained (bank, incident);
create index retained_updated on retained (bank, updated_at, document);
