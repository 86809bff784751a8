"""Exports of incident tools, spreadsheets and folders of documents come in, one module per format.
Incidents and documents go out, with a report on their quality.

Names are imported on first use, so that reading one resolution does not load the readers of every format.
"""

from typing import TYPE_CHECKING

from onrecall.domain.lazy_names import loader

if TYPE_CHECKING:
    from onrecall.importers.chroma import is_collection
    from onrecall.importers.folder import estimate_record_count, read
    from onrecall.importers.format_table import format_names
    from onrecall.importers.mapping_suggestion import MappingSuggestion, suggest_mapping
    from onrecall.importers.options import ImportedItem, build_options
    from onrecall.importers.quality import ImportQuality, QualitySurvey, assess_quality
    from onrecall.importers.reader import read_bytes
    from onrecall.importers.record import ImportNote, UnusedFields

__all__ = [
    "ImportNote",
    "ImportQuality",
    "ImportedItem",
    "MappingSuggestion",
    "QualitySurvey",
    "UnusedFields",
    "assess_quality",
    "build_options",
    "estimate_record_count",
    "format_names",
    "is_collection",
    "read",
    "read_bytes",
    "suggest_mapping",
]

__getattr__ = loader(
    __name__,
    {
        "chroma": ("is_collection",),
        "folder": ("estimate_record_count", "read"),
        "format_table": ("format_names",),
        "mapping_suggestion": ("MappingSuggestion", "suggest_mapping"),
        "options": ("ImportedItem", "build_options"),
        "quality": ("ImportQuality", "QualitySurvey", "assess_quality"),
        "reader": ("read_bytes",),
        "record": ("ImportNote", "UnusedFields"),
    },
)
