create index alerts_service on alerts (service, starts_at) where service is not null;
create index change_events_service on change_events (service, at);
create table incident_images (
  incident {key} not null references incidents (id),
  id {key} not null,
  type text not null,
  name text not null,
  width integer not null,
  height integer not null,
  data {raw} not null,
  at {time} not null,
  by text,
  primary key (incident, id)
);
