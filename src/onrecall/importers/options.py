"""What is read and how: the source, the user's wishes, and the tally of one go."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

from onrecall.domain.errors import Invalid, RejectedInput
from onrecall.domain.incident import Document, Incident
from onrecall.importers import mapping as mapping_files
from onrecall.importers.encoding import check_encoding
from onrecall.importers.format_table import format_names
from onrecall.importers.markdown import MarkdownFindings
from onrecall.importers.record import ImportNote
from onrecall.importers.times import Times, zone

Item = Incident | Document | RejectedInput | ImportNote


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file or a body: what it is called in messages, its place in the folder, and its bytes."""

    name: str
    path: str
    stream: BinaryIO
    size: int
    inside: bool = False
    """Found in a folder, not named by the user: what is plainly something else is skipped, not rejected."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user said about reading."""

    format: str | None = None
    mapping: mapping_files.FieldMapping | None = None
    timezone: tzinfo | None = None
    undated: datetime | None = None
    encoding: str | None = None

    def times(self) -> Times:
        """A fresh reader of times, for one file."""
        return Times(self.timezone, self.undated, self.mapping.dates if self.mapping else None)


def how(
    format: str | None,  # noqa: A002 - what everybody calls it
    mapping: Path | Mapping[str, Any] | None,
    timezone: str | tzinfo | None,
    undated: datetime | None,
    encoding: str | None = None,
) -> ImportOptions:
    """The user's wishes, checked before anything is read."""
    if format is not None and format not in format_names():
        raise Invalid(f"there is no format {format!r}; there are {', '.join(format_names())}", "format")
    if undated is not None and undated.tzinfo is None:
        raise Invalid("the time for incidents without one needs a zone, such as 2024-01-31T00:00:00Z", "undated")
    chosen = None
    if mapping:
        chosen = mapping_files.load(mapping) if isinstance(mapping, Path) else mapping_files.from_data(mapping)
    local = timezone or (chosen.timezone if chosen else None)
    known = check_encoding(encoding) if encoding else None
    return ImportOptions(format, chosen, zone(local) if isinstance(local, str) else local, undated, known)


@dataclass(slots=True)
class ImportTally:
    """What has been read so far in one go: ids that are taken, and how many files of each format there were."""

    documents: dict[str, str] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)
    findings: MarkdownFindings = field(default_factory=MarkdownFindings)
    """What documents had in common that is worth knowing."""
