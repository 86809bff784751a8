"""Suggestions: what a sender says fixed an incident, or wants kept as a document, until a responder confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from onrecall.domain.document import Document
from onrecall.domain.incident import Resolution

SuggestionKind = Literal["resolution", "document"]
SuggestionState = Literal["pending", "confirmed", "dismissed", "superseded"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A resolution or a document that arrived by webhook, Kafka or chat. It is shown, and evidence for nothing."""

    id: str
    kind: SuggestionKind
    source: str
    """The sender, such as `pagerduty`."""
    by: str
    """Who wrote it as the sender says, such as `pagerduty: Ann`; else the name of the key that delivered it."""
    at: datetime
    """When it was written."""
    title: str
    """That of the incident or of the document."""
    text: str
    """What was written, redacted."""
    service: str | None = None
    incident: str | None = None
    """The incident that it would resolve."""
    resolution: Resolution | None = None
    """The resolution that the incident would get."""
    document: Document | None = None
    """The document that would be stored."""
    state: SuggestionState = "pending"
    decided_at: datetime | None = None
    decided_by: str | None = None

    labels: Mapping[str, str] = field(default_factory=dict)
    """None: a suggestion is found by its text, its title and its service."""
