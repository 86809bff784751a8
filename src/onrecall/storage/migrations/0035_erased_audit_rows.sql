create table erased_audit_rows (
  erasure {key} not null,
  seq {number} not null,
  hash {key} not null,
  primary key (erasure, seq)
);
