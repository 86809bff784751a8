alter table incidents add column due_at {time};
alter table incidents add column quiet_since {time};
alter table incidents add column claimed_by text;
alter table incidents add column claimed_until {time};
create index incidents_claimed on incidents (claimed_until);
create index incidents_quiet on incidents (quiet_since);
insert into counters (name, value) values ('alert', 0), ('rejected', 0), ('grouping', 0);

create table alerts (
  id {number} not null primary key,
  source {key} not null,
  key {key} not null,
  starts_at {time} not null,
  status {key} not null,
  service {key},
  told_at {time},
  body {json} not null,
  hash text not null,
  received_at {time} not null,
  updated_at {time} not null,
  waiting boolean not null,
  incident {key} references incidents (id),
  joined {json},
  unique (source, key, starts_at)
);
create index alerts_waiting on alerts (waiting, id);
create index alerts_incident on alerts (incident, starts_at);

create table notes (
  source {key} not null,
  id {key} not null,
  type text not null,
  key {key} not null,
  at {time} not null,
  by text,
  text text,
  incident {key} references incidents (id),
  waiting boolean not null,
  primary key (source, id)
);
create index notes_waiting on notes (waiting, at);
create index notes_incident on notes (incident, at);

create table change_events (
  source {key} not null,
  key {key} not null,
  at {time} not null,
  service {key},
  body {json} not null,
  hash text not null,
  waiting boolean not null default true,
  primary key (source, key)
);
create index change_events_at on change_events (at);
create index change_events_waiting on change_events (waiting);

create table rejected (
  id {number} not null primary key,
  source {key} not null,
  hash {key} not null,
  place text not null,
  field text,
  message text not null,
  raw text not null,
  received_at {time} not null,
  settled_at {time},
  unique (source, hash)
);

create table pairings (
  one {key} not null,
  other {key} not null,
  together boolean not null,
  at {time} not null,
  by text,
  primary key (one, other)
);
