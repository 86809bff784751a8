create table mirrored (
  channel {key} not null,
  incident {key} not null,
  document text not null,
  primary key (channel, incident)
);

create table pulled (
  channel {key} not null,
  document {key} not null,
  version text not null,
  primary key (channel, document)
);
