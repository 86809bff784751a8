create table push_subscriptions (
  id {key} not null primary key,
  endpoint text not null,
  p256dh text not null,
  auth text not null,
  services {json} not null,
  name text,
  key_id {key} references api_keys (id),
  session_id {key},
  delivered_keys {json} not null,
  created_at {time} not null
);
