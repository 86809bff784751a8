alter table resolutions add column cause_origin text;
