create table cause_families (
  id {key} not null primary key,
  label text not null,
  state text not null,
  by text,
  at {time} not null
);

create table cause_family_members (
  family {key} not null references cause_families (id),
  incident {key} not null,
  labelled integer not null,
  primary key (family, incident)
);
create index cause_family_members_incident on cause_family_members (incident);
