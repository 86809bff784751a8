"""Evidence: what an earlier incident or a document has to say about a situation, and where it says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, Status, StepOutcome

EvidenceKind = Literal["incident", "document", "suggestion"]
MIN_SHOWN_MATCH = 0.05
"""A smaller match of a question with evidence says nothing, and lists for people leave it out."""


@dataclass(frozen=True, slots=True)
class StepExecution:
    """One execution of a step, under the key shared by all wordings of the same action."""

    key: str
    outcome: StepOutcome
    at: datetime


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a step was executed here, and how it went."""

    tried: int = 0
    worked: int = 0
    failed: int = 0
    last: datetime | None = None


UNTRIED = TrackRecord()


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some lines of an incident or a document, where they stand (counted from 1) and under which heading."""

    text: str
    line: int
    heading: str | None = None
    page: str | None = None
    """The id of the document that holds the lines, where it is not the evidence's own page."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a step comes from: the id of an incident or document, the words quoted, and their line in it."""

    id: str
    quote: str
    line: int
    incident: str | None = None
    """The incident that the cited document tells of, where a document is cited for one."""

    @property
    def evidence_id(self) -> str:
        """The id of the evidence that is cited."""
        return self.incident or self.id


@dataclass(frozen=True, slots=True)
class Evidence:
    """An earlier incident or a document that is similar to the situation, with the reasons."""

    id: str
    kind: EvidenceKind
    title: str
    score: float
    """Match with the situation, 0..1. A measure of likeness, not of being right."""
    signals: Mapping[str, float] = field(default_factory=dict)
    """The share of each signal (words, meaning, characters, signature, labels), each 0..1."""
    why: tuple[str, ...] = ()
    """Plain sentences: shared terms, shared labels, error codes, and what differs."""
    excerpt: Snippet | None = None
    """The passage that matched best."""
    incident: Incident | None = None
    """The whole incident as it was known at `as_of`, when the evidence is one."""
    document: Document | None = None
    record: TrackRecord = UNTRIED
    family: tuple[str, ...] = ()
    """Ids of the other members when this stands for an incident that recurred."""
    near_duplicates: tuple[str, ...] = ()
    """Ids of the other evidence that tells the same, but for ids, times and numbers."""
    probability: float | None = None
    """The chance that it is the right precedent, as far as public data tells; None: not estimated.

    What tells the same shares one chance, each as much as the other.
    """
    ranking: Mapping[str, float] = field(default_factory=dict)
    """How it stands among all candidates, in numbers: what the chance that it is right is estimated from."""
    suggested_by: str | None = None
    """Who suggests it, where no responder confirmed it: then it is shown, and evidence for nothing."""
    report: Document | None = None
    """The postmortem that tells of the incident."""

    @property
    def shared_probability(self) -> float | None:
        """The chance that it, or any that tells the same, is the right precedent: that this was seen before."""
        return None if self.probability is None else min(1.0, self.probability * (1 + len(self.near_duplicates)))

    @property
    def tied_incidents(self) -> tuple[str, ...]:
        """The ids of the incidents that recurrence ties to it: those of its family, and those that it is linked to."""
        links = self.incident.links if self.incident else ()
        return tuple(dict.fromkeys([*self.family, *(link.incident for link in links)]))

    @property
    def report_id(self) -> str | None:
        """The id of that postmortem."""
        return self.report.id if self.report else None

    @property
    def resolution(self) -> Resolution | None:
        """What fixed it, where that is known."""
        return self.incident.resolution if self.incident else None

    @property
    def dated(self) -> datetime | None:
        """When the incident began, or of when the document is; None: it does not say."""
        if self.incident is not None:
            return self.incident.started_at
        return self.document.dated if self.document is not None else None


@dataclass(frozen=True, slots=True)
class Ongoing:
    """An incident like the situation that is open, or that began later: it is no precedent, and worth knowing."""

    id: str
    title: str
    score: float
    status: Status
    started_at: datetime
    service: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceIncident:
    """An incident of the service that a question names: no match, and listed because nothing matches."""

    id: str
    title: str
    status: Status
    started_at: datetime
    service: str
