alter table incidents add column tags {json};
alter table incidents add column edited {json};
