insert into counters (name, value) values ('model_call', 0);

create table model_calls (
  id {number} not null primary key,
  at {time} not null,
  day {key} not null,
  recommendation {key} not null,
  role text not null,
  provider {key} not null,
  model {key} not null,
  state text not null,
  reserved_usd double precision,
  cost_usd double precision,
  input_tokens integer,
  output_tokens integer,
  latency_ms double precision,
  reason text,
  prompt_hash {key} not null
);
create index model_calls_day on model_calls (day);
create index model_calls_at on model_calls (at);
create index model_calls_provider on model_calls (provider, id);
create index model_calls_recommendation on model_calls (recommendation);
