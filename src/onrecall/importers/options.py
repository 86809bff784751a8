"""The input of an import: the source, the user's options, and the tally of one run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers import mapping as mapping_files
from onrecall.importers.encoding import check_encoding
from onrecall.importers.format_table import format_names
from onrecall.importers.markdown import MarkdownFindings
from onrecall.importers.record import ImportNote
from onrecall.importers.times import Times, parse_zone

ImportedItem = Incident | Document | RejectedInput | ImportNote


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file or request body: its name in messages, its path in the folder, and its bytes."""

    name: str
    path: str
    stream: BinaryIO
    size: int
    inside: bool = False
    """Found in a folder rather than named by the user: unrelated content is skipped instead of rejected."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The user's options for reading."""

    format: str | None = None
    mapping: mapping_files.FieldMapping | None = None
    timezone: tzinfo | None = None
    undated: datetime | None = None
    encoding: str | None = None

    def times(self) -> Times:
        """Return a new time parser for one file."""
        return Times(self.timezone, self.undated, self.mapping.dates if self.mapping else None)


def build_options(
    format: str | None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None,
    timezone: str | tzinfo | None,
    undated: datetime | None,
    encoding: str | None = None,
) -> ImportOptions:
    """Validate the user's options before anything is read."""
    if format is not None and format not in format_names():
        raise Invalid(f"there is no format {format!r}; there are {', '.join(format_names())}", "format")
    if undated is not None and undated.tzinfo is None:
        raise Invalid("the time for incidents without one needs a zone, such as 2024-01-31T00:00:00Z", "undated")
    chosen = None
    if mapping:
        chosen = (
            mapping_files.load_mapping(mapping) if isinstance(mapping, Path) else mapping_files.parse_mapping(mapping)
        )
    local = timezone or (chosen.timezone if chosen else None)
    checked_encoding = check_encoding(encoding) if encoding else None
    return ImportOptions(
        format, chosen, parse_zone(local) if isinstance(local, str) else local, undated, checked_encoding
    )


@dataclass(slots=True)
class ImportTally:
    """What one run has read so far: document ids in use, and the number of files per format."""

    documents: dict[str, str] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)
    findings: MarkdownFindings = field(default_factory=MarkdownFindings)
    """Findings common to several documents."""
