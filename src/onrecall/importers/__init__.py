"""A file of old incidents → Incident: one file per format, and the quality report."""

from onrecall.importers.chroma import is_collection
from onrecall.importers.folder import count_hint, read
from onrecall.importers.formats import formats
from onrecall.importers.mapping_suggestion import Suggestion, suggest
from onrecall.importers.options import Item, how
from onrecall.importers.quality import Quality, Survey, assess
from onrecall.importers.reader import read_bytes
from onrecall.importers.record import Note, UnusedFields

__all__ = [
    "Item",
    "Note",
    "Quality",
    "Suggestion",
    "Survey",
    "UnusedFields",
    "assess",
    "count_hint",
    "formats",
    "how",
    "is_collection",
    "read",
    "read_bytes",
    "suggest",
]
