alter table links add column told_in {key};
alter table links add column revoked_at {time};
