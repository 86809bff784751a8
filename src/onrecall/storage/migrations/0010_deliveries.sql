insert into counters (name, value) values ('delivery', 0);

create table channels (
  name {key} not null primary key,
  seq {number} not null,
  paused_until {time},
  held_by text,
  held_until {time}
);

create table threads (
  channel {key} not null,
  incident {key} not null references incidents (id),
  remote {json} not null,
  told {json} not null,
  sent {json},
  primary key (channel, incident)
);

create table deliveries (
  id {number} not null primary key,
  channel {key} not null,
  incident {key} not null references incidents (id),
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
  unique (channel, incident, seq)
);
create index deliveries_due on deliveries (channel, state, next_at);
create index deliveries_state on deliveries (state, id);
