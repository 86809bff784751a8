"""A file of old incidents → Incident: one file per format, and the quality report."""

from onrecall.history.folder import count_hint, read
from onrecall.history.formats import formats
from onrecall.history.quality import Quality, Survey, assess
from onrecall.history.reading import read_bytes
from onrecall.history.record import Note
from onrecall.history.source import Item

__all__ = ["Item", "Note", "Quality", "Survey", "assess", "count_hint", "formats", "read", "read_bytes"]
