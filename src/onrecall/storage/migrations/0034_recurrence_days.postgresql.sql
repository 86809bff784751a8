create table recurrence_days (
  day {key} not null primary key,
  rules integer not null,
  incidents integer not null,
  facts {raw} not null,
  links {raw} not null,
  ids text not null,
  texts text not null
);
alter table recurrence_days alter column facts set storage external;
create table recurrence_changes (
  day {key} not null primary key,
  token {number} not null
);
create function mark_recurrence_day(at timestamptz) returns void language sql as $$ insert into recurrence_changes (day, token) values (to_char(at at time zone 'UTC', 'YYYY-MM-DD'), (random() * 9e15)::bigint) on conflict (day) do update set token = excluded.token $$;
create function mark_changed_incident() returns trigger language plpgsql as $$ begin if tg_op <> 'INSERT' then perform mark_recurrence_day(old.started_at); end if; if tg_op <> 'DELETE' and (tg_op = 'INSERT' or new.started_at <> old.started_at) then perform mark_recurrence_day(new.started_at); end if; return null; end $$;
create function mark_incident_of_row() returns trigger language plpgsql as $$ declare owner text collate "C"; at timestamptz; begin if tg_op = 'DELETE' then owner := old.incident; else owner := new.incident; end if; select started_at into at from incidents where id = owner; if found then perform mark_recurrence_day(at); end if; return null; end $$;
create trigger recurrence_incident_added after insert or delete on incidents for each row execute function mark_changed_incident();
create trigger recurrence_incident_changed after update of started_at, resolved_at, status, title, description, service on incidents for each row when ((old.started_at, old.resolved_at, old.status, old.title, old.description, old.service) is distinct from (new.started_at, new.resolved_at, new.status, new.title, new.description, new.service)) execute function mark_changed_incident();
create trigger recurrence_resolution_changed after insert or update or delete on resolutions for each row execute function mark_incident_of_row();
create trigger recurrence_link_changed after insert or update or delete on links for each row execute function mark_incident_of_row();
insert into recurrence_changes (day, token) select day, (random() * 9e15)::bigint from (select distinct to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') as day from incidents) as days;
create index documents_kind on documents (kind, id);
create index judged_at on judged (basis, at, incident);
create index resolutions_current on resolutions (incident) where superseded_at is null and revoked_at is null;
