"""A file of old incidents → Incident: one file per format, and the quality report."""

from onrecall.history.folder import count_hint, read
from onrecall.history.formats import formats
from onrecall.history.reading import Item, read_bytes
from onrecall.history.record import Note

__all__ = ["Item", "Note", "count_hint", "formats", "read", "read_bytes"]
