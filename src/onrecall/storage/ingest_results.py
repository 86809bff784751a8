"""What sources deliver and how it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import RejectedInput, RejectedPart
from onrecall.domain.passage import Passage
from onrecall.domain.suggestion import Suggestion
from onrecall.storage.results import PreparedRecord


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """The content of one delivery."""

    source: str
    events: tuple[InboundEvent, ...] = ()
    entries: tuple[PreparedRecord, ...] = ()
    """Documents of trusted sources, with their passages."""
    suggestions: tuple[tuple[Suggestion, tuple[Passage, ...]], ...] = ()
    """Documents of other sources, such as a published postmortem, as suggestions with their passages."""
    rejected_parts: tuple[RejectedPart, ...] = ()
    is_retry: bool = False
    """Whether this is a retry from here, so the source itself was not heard."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """How much of a delivery was new, and how much was already known."""

    accepted: int = 0
    duplicate: int = 0
    rejected: tuple[RejectedInput, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """A stored alert episode."""

    id: int
    alert: Alert
    incident: str | None
    received_at: datetime
    updated_at: datetime
    waiting: bool
    joined: Mapping[str, Any] | None
    """How it joined its incident: method, score, reasons."""
    hash: str
    """Hash of its content. Whoever takes it off the queue passes the hash, so that newer content stays queued."""
    expires_at: datetime | None = None
    """When it ends unless it is updated; None if its sender reports the end."""


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note or acknowledgement by a person at a source."""

    source: str
    id: str
    type: Literal["note", "acknowledgement"]
    key: str
    at: datetime
    by: str | None
    text: str | None
    incident: str | None
    waiting: bool


@dataclass(frozen=True, slots=True)
class StoredRejectedPart:
    """A rejected part, kept until it can be stored."""

    id: int
    source: str
    where: str
    field: str | None
    message: str
    raw: str
    received_at: datetime
    settled_at: datetime | None
