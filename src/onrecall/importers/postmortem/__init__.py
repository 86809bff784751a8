"""Postmortems: what a document tells of an incident, each field with the line it came from."""

from onrecall.importers.postmortem.incident_text import FrontMatter, Reading
from onrecall.importers.postmortem.reader import incidents

__all__ = ["FrontMatter", "Reading", "incidents"]
