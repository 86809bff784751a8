create table term_runs (
  id {number} not null primary key,
  level integer not null,
  terms {raw} not null,
  deltas {raw} not null
);
