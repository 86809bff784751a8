create table senders (
  name {key} not null primary key,
  heard_at {time} not null
);
insert into senders (name, heard_at) select source, max(updated_at) from alerts group by source;

create table backtests (
  number integer not null primary key,
  state text not null,
  by text,
  started_at {time} not null,
  told_at {time} not null,
  stage text,
  done integer not null,
  total integer not null,
  finished_at {time},
  error text,
  result {json}
);
