create index resolutions_cause on resolutions (cause, at);
