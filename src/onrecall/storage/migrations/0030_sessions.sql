create table sessions (
  id {key} not null primary key,
  hash {key} not null,
  name {key} not null,
  role text not null,
  key_id {key} references api_keys (id),
  issuer text,
  subject text,
  provider_session text,
  client text,
  created_at {time} not null,
  last_used_at {time} not null,
  expires_at {time} not null,
  ended_at {time},
  unique (hash)
);
create index sessions_name on sessions (name);
create table sign_ins (
  state_hash {key} not null primary key,
  browser_hash {key} not null,
  return_to text not null,
  expires_at {time} not null
);
create table people (
  issuer {key} not null,
  subject {key} not null,
  name {key} not null,
  role text not null,
  signed_in_at {time} not null,
  primary key (issuer, subject),
  unique (name)
);
