create table passage_impacts (
  term integer not null,
  block bigint not null,
  postings bytea not null,
  primary key (term, block)
) with (fillfactor = 80);
alter table passage_impacts alter column postings set storage plain;

insert into passage_impacts (term, block, postings)
select packed.term, packed.id >> 10, string_agg(
  substring(int4send((cast(packed.id & 1023 as integer) << 8) | cast(greatest(1, least(255, round(
    cast(255 as float8) * packed.times / (packed.times + packed.scale)))) as integer)) from 2), '' order by packed.id)
from (
  select p.id, cast(get_byte(p.terms, 4 * nth) + (get_byte(p.terms, 4 * nth + 1) << 8) + (get_byte(p.terms, 4 * nth + 2) << 16)
      + (cast(get_byte(p.terms, 4 * nth + 3) as bigint) << 24) - 2147483648 as integer) as term,
    cast(get_byte(p.terms, octet_length(p.terms) / 5 * 4 + nth) as float8) as times,
    cast(2 as float8) * (cast(1 as float8) - cast(0.9 as float8) + cast(0.9 as float8) * w.length / cast(100 as float8)) as scale
  from passages p
  join passage_words w on w.id = p.id
  cross join lateral generate_series(0, octet_length(p.terms) / 5 - 1) as nth
) as packed
group by packed.term, packed.id >> 10;

drop table passage_postings;
alter table passage_impacts rename to passage_postings;
alter index passage_impacts_pkey rename to passage_postings_pkey;
analyze passage_postings;
