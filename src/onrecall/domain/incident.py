"""An incident from its first alert to its fix: its resolution, its timeline, its links."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from onrecall.domain.errors import Conflict, Invalid

Severity = Literal["critical", "high", "medium", "low", "info", "unknown"]
Status = Literal["open", "acknowledged", "resolved"]
StepOutcome = Literal["worked", "did_not_help", "made_it_worse"]
Provenance = Literal["human", "imported", "suggested", "model"]
CauseOrigin = Literal["written", "taken_over"]
LinkKind = Literal["recurrence", "duplicate", "merged"]
NOT_CONTENT: Mapping[str, bool] = MappingProxyType({"content": False})
"""Marks a field that says how something came about, not what it says: a content hash leaves it out."""
POSTMORTEM = "postmortem"
"""The source of incidents that are on record because a postmortem tells of them."""
EXAMPLE = "example"
"""The source of incidents and documents that ship with OnRecall and never happened: your own records win over them."""


@dataclass(frozen=True, slots=True)
class ReportedEffect:
    """How well a measure worked, as the source of the incident reports it. Percentages, 0..100; never computed here."""

    effectiveness: float | None = None
    """Share of the impact that the measure took away."""
    confidence: float | None = None
    """How sure the source is that this measure resolved the incident."""


@dataclass(frozen=True, slots=True)
class ResolutionStep:
    """One thing that was done, in the order it was done, and what came of it."""

    text: str
    command: str | None = None
    outcome: StepOutcome = "worked"
    rollback: str | None = None
    line: int | None = None
    """Where it stands in the document that tells of the incident."""
    effect: ReportedEffect | None = None
    """Set on the one measure that ended the incident, where its source names that measure."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened at one moment, as the document that tells of the incident has it."""

    text: str
    at: datetime | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ActionItem:
    """What shall be done so that the incident does not come again."""

    text: str
    owner: str | None = None
    state: str | None = None
    """`open`, `in progress`, `done` or `cancelled`, or the writer's own word; None: nothing is said of it."""
    line: int | None = None
    due: str | None = None
    """The day by which it shall be done, such as 2026-12-24; None: it names none, or not a whole date."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The root cause, and what was done about it."""

    root_cause: str
    at: datetime
    cause: str | None = None
    """A short label shared by all incidents of the same cause, such as `connection-pool-exhaustion`."""
    steps: tuple[ResolutionStep, ...] = ()
    summary: str | None = None
    provenance: Provenance = "human"
    by: str | None = None
    root_cause_line: int | None = None
    """Where the root cause stands in the document that tells of the incident."""

    cause_origin: CauseOrigin | None = field(default=None, metadata=NOT_CONTENT)
    """Whether its author wrote the cause or took over what an answer suggested; None: nobody knows."""

    @property
    def confirmed(self) -> bool:
        """Whether a person or an imported record stands for it; what a model wrote or proposed is no evidence."""
        return self.provenance in ("human", "imported")

    def same_as(self, other: "Resolution") -> bool:
        """Return whether both say the same, whenever and by whomever it was said."""
        return replace(self, at=other.at, by=other.by, cause_origin=other.cause_origin) == other


@dataclass(frozen=True, slots=True)
class IncidentLink:
    """A link from an incident to an earlier one. A recurrence is a link, never a deletion."""

    kind: LinkKind
    incident: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One outage, from its first alert to its fix."""

    id: str
    title: str
    started_at: datetime
    description: str = ""
    service: str | None = None
    environment: str | None = None
    severity: Severity = "unknown"
    labels: Mapping[str, str] = field(default_factory=dict)
    status: Status = "open"
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    source: str = "api"
    source_id: str | None = None
    resolution: Resolution | None = None
    links: tuple[IncidentLink, ...] = ()
    document: str | None = None
    """The id of the postmortem that reports it."""
    impact: str | None = None
    detection: str | None = None
    trigger: str | None = None
    contributing_factors: str | None = None
    """What its postmortem says led to the root cause, a line each: the earlier answers of five whys, and the like."""
    timeline: tuple[TimelineEntry, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """For each of its fields the line of the document on which it begins."""
    assignee: str | None = field(default=None, metadata=NOT_CONTENT)
    """Who works on it; None: nobody said so."""
    tags: tuple[str, ...] = field(default=(), metadata=NOT_CONTENT)
    """Words by which people sort incidents; nothing is recalled by them."""
    edited: tuple[str, ...] = field(default=(), metadata=NOT_CONTENT)
    """Fields that a person set, such as `title` or `labels.region`; later alerts do not overwrite them."""

    def resolve(self, resolution: Resolution) -> "Incident":
        """Close the incident; a later resolution is another version of it, and does not make it last longer."""
        if resolution.at < self.started_at:
            raise Invalid(
                f"resolved at {resolution.at.isoformat()}, before it started at {self.started_at.isoformat()}; "
                "give a time after the start",
                "at",
            )
        ended = min(self.resolved_at or resolution.at, resolution.at)
        return replace(self, status="resolved", resolved_at=ended, resolution=resolution)

    def acknowledge(self, at: datetime) -> "Incident":
        """Acknowledge the incident; a second time changes nothing. Raises Conflict if it is resolved."""
        if self.status == "resolved":
            raise Conflict(f"incident {self.id} is resolved; reopen it first")
        return replace(self, status="acknowledged", acknowledged_at=self.acknowledged_at or at)

    def reopen(self) -> "Incident":
        """Reopen the incident: its resolution no longer counts, but stays in the store's versions."""
        return replace(self, status="open", resolved_at=None, resolution=None)

    @property
    def named_on_record(self) -> str | None:
        """The id by which the postmortem that tells of it names it, as another tool has it."""
        return self.labels.get("incident") or self.labels.get("incident_id") if self.document else None

    @property
    def text(self) -> str:
        """What was known when it opened: the title, then the description."""
        return f"{self.title}\n{self.description}".strip()
