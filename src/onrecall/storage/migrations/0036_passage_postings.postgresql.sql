create table passage_postings (
  term integer not null,
  block bigint not null,
  postings bytea not null,
  primary key (term, block)
) with (fillfactor = 80);
alter table passage_postings alter column postings set storage plain;

insert into passage_postings (term, block, postings)
select t.term, w.id >> 10, string_agg(
  substring(int4send((cast(w.id & 1023 as integer) << 8)
    | case when w.length < 192 then w.length else least(255, 192 + (w.length - 192) / 16) end) from 2), '' order by w.id)
from passage_words w
cross join lateral unnest(w.terms) as t (term)
group by t.term, w.id >> 10;

drop index passage_words_terms;
alter table passage_words drop column terms;
analyze passage_postings;
