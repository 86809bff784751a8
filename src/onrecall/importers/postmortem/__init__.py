"""Postmortems: what a document tells of an incident, each field with the line it came from."""
