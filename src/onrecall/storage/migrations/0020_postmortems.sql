alter table incidents add column document {key};
alter table incidents add column report {json};
alter table resolutions add column root_cause_line integer;
create index incidents_document on incidents (document);
