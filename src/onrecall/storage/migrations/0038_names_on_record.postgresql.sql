create index incidents_by_name_on_record on incidents (coalesce(labels ->> 'incident', labels ->> 'incident_id')) where document is not null;
