insert into counters (name, value) values ('notice', 0), ('decisions_cleared', 0);

create table notices (
  id {key} not null primary key,
  n {number} not null,
  type text not null,
  target text,
  title text not null,
  message text not null,
  decision {key} references recommendations (id),
  metadata {json} not null,
  failed_reason text,
  created_at {time} not null
);
create index notices_n on notices (n);
create index notices_decision on notices (decision, n);

alter table channels add column decision {number} not null default 0;
update channels set decision = (select value from counters where name = 'recommendation');
