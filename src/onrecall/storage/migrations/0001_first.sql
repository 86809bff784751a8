create table counters (
  name {key} not null primary key,
  value {number} not null
);
insert into counters (name, value) values
  ('incident', 0), ('passage', 0), ('change', 0), ('event', 0), ('recommendation', 0), ('passages', 0), ('length', 0);

create table incidents (
  id {key} not null primary key,
  title text not null,
  description text not null,
  service {key},
  environment text,
  severity text not null,
  labels {json} not null,
  status {key} not null,
  started_at {time} not null,
  acknowledged_at {time},
  resolved_at {time},
  source {key} not null,
  source_id {key},
  folded text not null,
  given_hash text not null,
  state_hash text not null,
  waiting boolean not null,
  unique (source, source_id)
);
create index incidents_started_at on incidents (started_at, id);
create index incidents_status on incidents (status, started_at, id);
create index incidents_service on incidents (service, started_at, id);
create index incidents_waiting on incidents (waiting, started_at);

create table resolutions (
  incident {key} not null references incidents (id),
  version integer not null,
  root_cause text not null,
  cause text,
  steps {json} not null,
  summary text,
  provenance text not null,
  by text,
  at {time} not null,
  superseded_at {time},
  revoked_at {time},
  primary key (incident, version)
);

create table links (
  incident {key} not null references incidents (id),
  kind {key} not null,
  target {key} not null,
  n integer not null,
  at {time} not null,
  primary key (incident, kind, target)
);
create index links_target on links (target);

create table documents (
  id {key} not null primary key,
  title text not null,
  text text not null,
  kind {key} not null,
  service {key},
  labels {json} not null,
  source text,
  dated {time},
  hash text not null
);
create index documents_service on documents (service, id);

create table passages (
  id {number} not null primary key,
  kind {key} not null,
  owner {key} not null,
  part {key} not null,
  n integer not null,
  text text not null,
  line integer not null,
  heading text,
  known_from {time},
  terms {raw} not null,
  vector {raw},
  model text,
  unique (owner, kind, part, n)
);
create index passages_known_from on passages (known_from);

create table changes (
  seq {number} not null primary key,
  passage {number} not null
);
create index changes_passage on changes (passage);

create table terms (
  term {number} not null primary key,
  passages {number} not null
);

create table recommendations (
  id {key} not null primary key,
  incident {key} references incidents (id),
  n {number} not null,
  created_at {time} not null,
  step_keys {json} not null,
  body {json} not null
);
create index recommendations_incident on recommendations (incident, n);

create table citations (
  recommendation {key} not null references recommendations (id),
  evidence {key} not null,
  primary key (recommendation, evidence)
);
create index citations_evidence on citations (evidence);

create table outcomes (
  recommendation {key} not null references recommendations (id),
  by {key} not null,
  version integer not null,
  verdict text not null,
  steps {json} not null,
  note text,
  at {time} not null,
  revoked_at {time},
  primary key (recommendation, by, version)
);

create table performed (
  occasion {key} not null,
  told_in {key} not null,
  n integer not null,
  key {key} not null,
  outcome text not null,
  at {time} not null,
  by text,
  revoked_at {time},
  primary key (occasion, told_in, n)
);
create index performed_key on performed (key);

create table events (
  seq {number} not null primary key,
  incident {key} not null references incidents (id),
  type text not null,
  at {time} not null,
  recorded_at {time} not null,
  by text,
  detail {json} not null
);
create index events_incident on events (incident, at, seq);
