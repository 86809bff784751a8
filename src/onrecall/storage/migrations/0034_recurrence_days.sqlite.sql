create table recurrence_days (
  day {key} not null primary key,
  rules integer not null,
  incidents integer not null,
  facts {raw} not null,
  links {raw} not null,
  ids text not null,
  texts text not null
);
create table recurrence_changes (
  day {key} not null primary key,
  token {number} not null
);
create trigger recurrence_incident_added after insert on incidents begin insert into recurrence_changes (day, token) values (substr(new.started_at, 1, 10), random()) on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_incident_removed after delete on incidents begin insert into recurrence_changes (day, token) values (substr(old.started_at, 1, 10), random()) on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_incident_changed after update of started_at, resolved_at, status, title, description, service on incidents when old.started_at is not new.started_at or old.resolved_at is not new.resolved_at or old.status is not new.status or old.title is not new.title or old.description is not new.description or old.service is not new.service begin insert into recurrence_changes (day, token) values (substr(old.started_at, 1, 10), random()) on conflict (day) do update set token = excluded.token; insert into recurrence_changes (day, token) values (substr(new.started_at, 1, 10), random()) on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_resolution_added after insert on resolutions begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = new.incident on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_resolution_changed after update on resolutions begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = new.incident on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_resolution_removed after delete on resolutions begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = old.incident on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_link_added after insert on links begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = new.incident on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_link_changed after update on links begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = new.incident on conflict (day) do update set token = excluded.token; end;
create trigger recurrence_link_removed after delete on links begin insert into recurrence_changes (day, token) select substr(started_at, 1, 10), random() from incidents where id = old.incident on conflict (day) do update set token = excluded.token; end;
insert into recurrence_changes (day, token) select day, random() from (select distinct substr(started_at, 1, 10) as day from incidents);
create index documents_kind on documents (kind, id);
create index judged_at on judged (basis, at, incident);
create index resolutions_current on resolutions (incident) where superseded_at is null and revoked_at is null;
