"""Small evidence for the tests of causes, steps and verdicts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence, TrackRecord
from onrecall.domain.incident import Incident, Provenance, Resolution, ResolutionStep, StepOutcome
from onrecall.domain.recommendation import Advice
from onrecall.domain.situation import Situation
from onrecall.recommendation import Thresholds, compose

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
UNTRIED = TrackRecord()
THRESHOLDS = Thresholds(similar=0.45, known=0.65)
"""Those that the tests' scores are made for."""
NONE: Mapping[str, TrackRecord] = {}


def did(text: str, command: str | None = None, outcome: StepOutcome = "worked", rollback: str | None = None):
    return ResolutionStep(text=text, command=command, outcome=outcome, rollback=rollback)


def resolved_incident(
    name: str,
    score: float,
    *,
    cause: str | None = None,
    root_cause: str = "",
    steps: Sequence[ResolutionStep] = (),
    title: str = "Something broke",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    provenance: Provenance = "human",
    days_ago: int = 30,
    record: TrackRecord = UNTRIED,
    family: tuple[str, ...] = (),
) -> Evidence:
    """A resolved incident as evidence."""
    at = NOW - timedelta(days=days_ago)
    resolution = Resolution(root_cause=root_cause, at=at, cause=cause, steps=tuple(steps), provenance=provenance)
    incident = Incident(
        id=name,
        title=title,
        description=description,
        started_at=at - timedelta(hours=1),
        labels=labels or {},
        status="resolved",
        resolution=resolution,
    )
    return Evidence(id=name, kind="incident", title=title, score=score, incident=incident, record=record, family=family)


def unresolved(name: str, score: float, title: str = "Something broke") -> Evidence:
    incident = Incident(id=name, title=title, started_at=NOW - timedelta(days=9))
    return Evidence(id=name, kind="incident", title=title, score=score, incident=incident)


def runbook(
    name: str, score: float, text: str, title: str = "A runbook", labels: Mapping[str, str] | None = None, **more
) -> Evidence:
    document = Document(id=name, title=title, text=text, labels=labels or {}, **more)
    return Evidence(id=name, kind="document", title=title, score=score, document=document)


def ask(evidence: Sequence[Evidence], text: str = "it is broken again", records=NONE, **labels: str) -> Advice:
    return compose(Situation(text=text, labels=labels), evidence, records, NOW, THRESHOLDS)


def line_of(evidence: Sequence[Evidence], citation) -> str:
    """The line that a citation names, read from the page itself."""
    piece = next(piece for piece in evidence if piece.id == citation.id)
    lines = page.numbered_lines(piece.incident or piece.document)
    return lines[citation.line - 1].text
