create table deliveries_anew (
  id {number} not null primary key,
  channel {key} not null,
  incident {key} references incidents (id),
  notice {key} references notices (id),
  seq {number} not null,
  kind text not null,
  key {key} not null,
  body {json} not null,
  told {json} not null,
  state {key} not null,
  attempts integer not null,
  next_at {time} not null,
  last_error text,
  created_at {time} not null,
  sent_at {time},
  unique (channel, incident, seq),
  unique (notice, channel)
);
insert into deliveries_anew
  select id, channel, incident, null, seq, kind, key, body, told, state, attempts, next_at, last_error, created_at, sent_at
  from deliveries;
drop table deliveries;
alter table deliveries_anew rename to deliveries;
create index deliveries_due on deliveries (channel, state, next_at);
create index deliveries_state on deliveries (state, id);
