alter table passage_vectors drop constraint passage_vectors_pkey;
alter table passage_vectors add primary key (id, model);
