create table maintenance_windows (
  id {key} not null primary key,
  starts_at {time} not null,
  ends_at {time} not null,
  service text,
  labels {json} not null,
  reason text not null,
  created_at {time} not null,
  created_by text,
  ended_by text,
  released boolean not null
);
create index maintenance_windows_ends on maintenance_windows (ends_at);
create index maintenance_windows_unreleased on maintenance_windows (released, ends_at);

create table heartbeats (
  source {key} not null,
  key {key} not null,
  title text not null,
  service text,
  environment text,
  labels {json} not null,
  beats {number} not null,
  last_at {time} not null,
  usual_seconds {number} not null,
  ended boolean not null,
  missing_since {time},
  primary key (source, key)
);

alter table alerts add column maintenance {key};
create index alerts_maintenance on alerts (maintenance) where maintenance is not null;
