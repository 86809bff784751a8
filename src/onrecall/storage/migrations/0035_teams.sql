create table erased_audit_rows (
  erasure {key} not null,
  seq {number} not null,
  hash {key} not null,
  primary key (erasure, seq)
);
create table document_shares (
  document {key} not null,
  team {key} not null,
  at {time} not null,
  by text,
  primary key (document, team)
);
