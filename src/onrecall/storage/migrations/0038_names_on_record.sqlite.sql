create index incidents_by_name_on_record on incidents (coalesce(json_extract(labels, '$.incident'), json_extract(labels, '$.incident_id'))) where document is not null;
