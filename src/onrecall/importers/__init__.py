"""A file of old incidents → Incident: one file per format, and the quality report.

A name is imported when it is first used: who reads one resolution need not load the readers of every format.
"""

from typing import TYPE_CHECKING

from onrecall.importers.lazy_names import loader

if TYPE_CHECKING:
    from onrecall.importers.chroma import is_collection
    from onrecall.importers.folder import count_hint, read
    from onrecall.importers.format_table import format_names
    from onrecall.importers.mapping_suggestion import MappingSuggestion, suggest
    from onrecall.importers.options import Item, how
    from onrecall.importers.quality import ImportQuality, QualitySurvey, assess
    from onrecall.importers.reader import read_bytes
    from onrecall.importers.record import ImportNote, UnusedFields

__all__ = [
    "ImportNote",
    "ImportQuality",
    "Item",
    "MappingSuggestion",
    "QualitySurvey",
    "UnusedFields",
    "assess",
    "count_hint",
    "format_names",
    "how",
    "is_collection",
    "read",
    "read_bytes",
    "suggest",
]

__getattr__ = loader(
    __name__,
    {
        "chroma": ("is_collection",),
        "folder": ("count_hint", "read"),
        "format_table": ("format_names",),
        "mapping_suggestion": ("MappingSuggestion", "suggest"),
        "options": ("Item", "how"),
        "quality": ("ImportQuality", "QualitySurvey", "assess"),
        "reader": ("read_bytes",),
        "record": ("ImportNote", "UnusedFields"),
    },
)
