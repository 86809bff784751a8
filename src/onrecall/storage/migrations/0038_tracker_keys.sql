create index incidents_source_id on incidents (source_id);
