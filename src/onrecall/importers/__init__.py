"""A file of old incidents → Incident: one file per format, and the quality report."""

from onrecall.importers.chroma import is_collection
from onrecall.importers.folder import count_hint, read
from onrecall.importers.formats import formats
from onrecall.importers.options import Item
from onrecall.importers.quality import Quality, Survey, assess
from onrecall.importers.reader import read_bytes
from onrecall.importers.record import Note

__all__ = [
    "Item",
    "Note",
    "Quality",
    "Survey",
    "assess",
    "count_hint",
    "formats",
    "is_collection",
    "read",
    "read_bytes",
]
