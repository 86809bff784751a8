alter table alerts add column purpose text;
alter table alerts add column identity text;
alter table alerts add column expires_at {time};
create index alerts_purpose on alerts (source, purpose, received_at) where purpose is not null;
create index alerts_identity on alerts (source, identity) where identity is not null;
create index alerts_firing on alerts (source, key) where status = 'firing';
create index alerts_expiry on alerts (expires_at) where expires_at is not null;
