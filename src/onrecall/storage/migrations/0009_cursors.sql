create table cursors (
  name {key} not null primary key,
  seq {number} not null,
  held_by text,
  held_until {time}
);
