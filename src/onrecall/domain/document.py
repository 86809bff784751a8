"""A document: a runbook, a postmortem or an RCA, as it was given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

DocumentKind = Literal["runbook", "postmortem", "rca"]


@dataclass(frozen=True, slots=True)
class Document:
    """A runbook, a postmortem or an RCA."""

    id: str
    title: str
    text: str
    """Markdown or plain text, whole, as it was given; citations count its lines from 1."""
    kind: DocumentKind = "runbook"
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    """The path or URL it came from."""
    dated: datetime | None = None
    """Since when it was known; without it, always."""
