create table action_items (
  incident {key} not null references incidents (id),
  number integer not null,
  text text not null,
  owner {key},
  due {key},
  state {key} not null,
  url text,
  imported_text text,
  edited boolean not null,
  created_at {time},
  created_by text,
  updated_at {time},
  updated_by text,
  closed_at {time},
  primary key (incident, number)
);
create index action_items_due on action_items (state, due);
insert into action_items (incident, number, text, owner, state, imported_text, edited)
select
  incidents.id, item.key + 1, json_extract(item.value, '$.text'), json_extract(item.value, '$.owner'),
  case json_extract(item.value, '$.state') when 'done' then 'done' when 'cancelled' then 'dropped' else 'open' end,
  json_extract(item.value, '$.text'), false
from incidents, json_each(incidents.report, '$.action_items') as item;
