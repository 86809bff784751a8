"""Postmortems: what a document tells of an incident, each field with the line it came from."""

from onrecall.importers.postmortem.reader import FrontMatter, Reading, incidents

__all__ = ["FrontMatter", "Reading", "incidents"]
