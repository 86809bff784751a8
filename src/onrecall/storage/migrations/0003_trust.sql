create table judged (
  basis {key} not null,
  incident {key} not null,
  at {time} not null,
  body {json} not null,
  primary key (basis, incident)
);

create table curves (
  version integer not null primary key,
  fitted_at {time} not null,
  body {json} not null
);
