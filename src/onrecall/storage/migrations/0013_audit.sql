create table audit (
  seq {number} not null primary key,
  at {time} not null,
  who {key},
  what {key} not null,
  about {key},
  detail {json} not null,
  previous text not null,
  hash text not null
);

create table audit_head (
  one integer not null primary key,
  seq {number} not null,
  hash text not null
);

insert into audit_head (one, seq, hash) values (1, 0, '');
