"""What comes from senders and what is made of it: the forms in which it goes into the store and comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Passage
from onrecall.domain.suggestion import Suggestion
from onrecall.storage.results import StoreEntry


@dataclass(frozen=True, slots=True)
class RejectedPart:
    """A part of a delivery that could not be taken in: where it stood, what is wrong, and the part itself."""

    where: str
    field: str | None
    message: str
    raw: str

    def to_rejected_input(self) -> RejectedInput:
        """What the sender hears of it."""
        return RejectedInput(self.where, self.field, self.message)


@dataclass(frozen=True, slots=True)
class IngestBatch:
    """What one delivery brings."""

    source: str
    signals: tuple[InboundEvent, ...] = ()
    entries: tuple[StoreEntry, ...] = ()
    """Documents of a sender that an operator trusts, with their passages."""
    suggestions: tuple[tuple[Suggestion, tuple[Passage, ...]], ...] = ()
    """Documents of all others, such as a postmortem that was published, with the passages they are found by."""
    unread: tuple[RejectedPart, ...] = ()
    again: bool = False
    """Tried once more by somebody here: the sender was not heard."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of one arrival: how much of it was news, and how much was known."""

    accepted: int = 0
    duplicate: int = 0
    rejected: tuple[RejectedInput, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An episode of an alert as it is kept."""

    id: int
    alert: Alert
    incident: str | None
    received_at: datetime
    updated_at: datetime
    waiting: bool
    joined: Mapping[str, Any] | None
    """How it came to its incident: how, score, reasons."""
    hash: str
    """Of what it says. Who takes it off the queue names this, so that news which came meanwhile stays on it."""
    expires_at: datetime | None = None
    """When it is over unless something is heard of it; None: its sender says when it ends."""


@dataclass(frozen=True, slots=True)
class StoredNote:
    """What a person at a sender wrote or did."""

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
    """A part that was left out, as it is kept until it goes in."""

    id: int
    source: str
    where: str
    field: str | None
    message: str
    raw: str
    received_at: datetime
    settled_at: datetime | None
