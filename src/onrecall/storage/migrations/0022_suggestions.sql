create table suggestions (
  id {key} not null primary key,
  kind text not null,
  source {key} not null,
  by text not null,
  at {time} not null,
  title text not null,
  text text not null,
  service {key},
  incident {key} references incidents (id),
  resolution {json},
  document_id {key},
  document {json},
  state text not null,
  received_at {time} not null,
  decided_at {time},
  decided_by text
);
create index suggestions_state on suggestions (state, received_at, id);
create index suggestions_incident on suggestions (incident, state);
create index suggestions_document on suggestions (source, document_id);
