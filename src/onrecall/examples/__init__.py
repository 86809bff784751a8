"""Files of this folder come in.
The example history goes out, and the alerts of `onrecall demo`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from onrecall.domain.incident import Incident, Resolution, ResolutionStep, Severity
from onrecall.domain.recommendation import OutcomeVerdict, RecommendationOutcome, StepVerdict

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ExampleOpening:
    """A new incident comes in."""

    after: timedelta
    ref: str
    """What the scenario's later events call it: its real id is minted when it is opened."""
    title: str
    description: str
    service: str
    severity: Severity
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    """A sentence for whoever watches without knowing the story."""

    def incident(self, at: datetime) -> Incident:
        """The incident as it opens at that time, still without an id."""
        return Incident(
            id="",
            title=self.title,
            started_at=at,
            description=self.description,
            service=self.service,
            environment="production",
            severity=self.severity,
            labels=dict(self.labels),
            source="example",
        )


@dataclass(frozen=True, slots=True)
class ExampleClosing:
    """An incident is resolved, and what fixed it is written down."""

    after: timedelta
    ref: str
    root_cause: str
    cause: str
    steps: tuple[ResolutionStep, ...]
    summary: str | None = None
    note: str = ""

    def resolution(self, at: datetime) -> Resolution:
        """The resolution as it is given at that time."""
        return Resolution(
            root_cause=self.root_cause, at=at, cause=self.cause, steps=self.steps, summary=self.summary, by="on-call"
        )


@dataclass(frozen=True, slots=True)
class ExampleRating:
    """Somebody says what came of the newest recommendation for an incident."""

    after: timedelta
    ref: str
    verdict: OutcomeVerdict
    steps: tuple[StepVerdict, ...] = ()
    note: str = ""

    def outcome(self, recommendation: str, steps: int, at: datetime) -> RecommendationOutcome:
        """The outcome of that recommendation; verdicts on steps it does not have are left out."""
        rated = tuple(step for step in self.steps if step.n <= steps)
        return RecommendationOutcome(
            recommendation=recommendation, verdict=self.verdict, at=at, steps=rated, by="on-call"
        )


@dataclass(frozen=True, slots=True)
class ExampleStorm:
    """Alerts of many services come in at once, as Alertmanager posts them."""

    after: timedelta
    ref: str
    alerts: tuple[Mapping[str, Mapping[str, str]], ...]
    """Labels and annotations of each."""
    note: str = ""

    def payload(self, at: datetime) -> bytes:
        """What Alertmanager posts when they all began in the seconds before a time."""
        start_times = (at - timedelta(seconds=n) for n in range(len(self.alerts), 0, -1))
        alerts = [
            {"status": "firing", "startsAt": start_time.isoformat(), "endsAt": "0001-01-01T00:00:00Z", **alert}
            for start_time, alert in zip(start_times, self.alerts, strict=True)
        ]
        group = {"groupKey": '{}:{severity="critical"}', "receiver": "onrecall", "status": "firing"}
        return json.dumps({"version": "4", **group, "alerts": alerts}).encode()


Event = ExampleOpening | ExampleClosing | ExampleRating | ExampleStorm


def incidents_folder() -> Path:
    """Where the example incidents lie, as JSON."""
    return FOLDER / "incidents"


def documents_folder() -> Path:
    """Where the example runbooks and postmortems lie, as Markdown."""
    return FOLDER / "documents"


def scenario() -> tuple[Event, ...]:
    """The events of the live scenario, in the order in which they happen."""
    return tuple(_event(raw) for raw in json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8")))


def _event(raw: Mapping[str, Any]) -> Event:
    after, note = timedelta(seconds=raw["after_seconds"]), raw.get("note", "")
    if "open" in raw:
        return ExampleOpening(after=after, ref=raw["ref"], note=note, **raw["open"])
    if "alerts" in raw:
        return ExampleStorm(after=after, ref=raw["ref"], alerts=tuple(raw["alerts"]), note=note)
    if "resolve" in raw:
        resolution = raw["resolution"]
        return ExampleClosing(
            after=after,
            ref=raw["resolve"],
            root_cause=resolution["root_cause"],
            cause=resolution["cause"],
            steps=_steps(resolution["steps"]),
            summary=resolution.get("summary"),
            note=note,
        )
    steps = tuple(StepVerdict(**step) for step in raw.get("steps", []))
    return ExampleRating(after=after, ref=raw["outcome"], verdict=raw["verdict"], steps=steps, note=note)


def _steps(raw: Sequence[Mapping[str, Any]]) -> tuple[ResolutionStep, ...]:
    return tuple(ResolutionStep(**step) for step in raw)
