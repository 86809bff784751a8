alter table migrations add column release text;
