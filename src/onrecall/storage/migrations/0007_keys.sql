create table api_keys (
  id {key} not null primary key,
  name {key} not null,
  hash text not null,
  role text not null,
  created_at {time} not null,
  expires_at {time},
  last_used_at {time},
  revoked_at {time},
  replaced_by {key} references api_keys (id)
);
create index api_keys_name on api_keys (name);
