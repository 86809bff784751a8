create table mirrored (
  channel {key} not null,
  incident {key} not null,
  document text not null,
  primary key (channel, incident)
);
