create table tickets (
  hash {key} not null primary key,
  key_id {key} not null references api_keys (id),
  expires_at {time} not null
);
