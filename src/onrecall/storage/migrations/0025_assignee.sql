alter table incidents add column assignee {key};
