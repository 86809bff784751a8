alter table deliveries alter column incident drop not null;
alter table deliveries add column notice {key} references notices (id);
alter table deliveries add constraint deliveries_notice_channel_key unique (notice, channel);
