"""An incident, its resolution and its events as JSON: keys may be added here, never renamed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from onrecall.domain.incident import (
    CauseOrigin,
    LinkKind,
    Provenance,
    ReportedEffect,
    Resolution,
    ResolutionStep,
    Severity,
    Status,
    StepOutcome,
)
from onrecall.schemas.json_models import InputModel, OutputModel, When


class ReportedEffectOut(OutputModel):
    """How well a measure worked, as the incident's source reports it, in percent."""

    effectiveness: float | None
    confidence: float | None


class ResolutionStepOut(OutputModel):
    """One action and its outcome."""

    text: str
    command: str | None
    outcome: StepOutcome
    rollback: str | None
    line: int | None = Field(description="Its line in the incident's document.")
    effect: ReportedEffectOut | None = None


class ResolutionOut(OutputModel):
    """The root cause, and what was done about it."""

    root_cause: str
    cause: str | None
    steps: list[ResolutionStepOut]
    summary: str | None
    provenance: Provenance
    cause_origin: CauseOrigin | None = Field(
        None, description="Whether the cause was written or accepted from an answer; null if unknown."
    )
    by: str | None
    at: datetime
    root_cause_line: int | None = Field(description="The line of the root cause in the incident's document.")


class LinkOut(OutputModel):
    """A link to an earlier incident."""

    kind: LinkKind
    incident: str


class TimelineEntryOut(OutputModel):
    """One entry of the postmortem's timeline."""

    text: str
    at: datetime | None
    line: int | None


class ActionItemOut(OutputModel):
    """An action item to prevent a recurrence."""

    text: str
    owner: str | None
    state: str | None
    line: int | None
    due: str | None = Field(None, description="The day by which it shall be done, such as 2026-12-24.")


class IncidentOut(OutputModel):
    """One outage, from its first alert to its fix."""

    id: str
    title: str
    description: str
    service: str | None
    environment: str | None
    severity: Severity
    labels: Mapping[str, str]
    status: Status
    started_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    source: str
    source_id: str | None
    resolution: ResolutionOut | None
    links: list[LinkOut]
    document: str | None = Field(description="The id of the postmortem that reports it.")
    impact: str | None
    detection: str | None
    trigger: str | None
    contributing_factors: str | None = Field(
        None, description="What led to the root cause, a line each: the earlier answers of five whys, and the like."
    )
    timeline: list[TimelineEntryOut]
    action_items: list[ActionItemOut]
    lines: Mapping[str, int] = Field(description="For each field, the line of the document on which it begins.")
    assignee: str | None = Field(None, description="The assignee; null if nobody is assigned.")
    tags: list[str] = Field(default_factory=list, description="Free keywords for sorting and filtering.")
    edited: list[str] = Field(
        default_factory=list,
        description="Fields that a person set, such as `title` or `labels.region`; later alerts leave them alone.",
    )


class EventOut(OutputModel):
    """An event of an incident."""

    seq: int
    incident: str
    type: str
    at: datetime
    by: str | None
    detail: Mapping[str, Any]


class IncidentIn(InputModel):
    """A new incident."""

    id: str | None = Field(None, min_length=1, max_length=200, examples=["INC-1042"])
    title: str = Field(
        min_length=1, max_length=2000, examples=["auth service returning 503 errors, users can't log in"]
    )
    description: str = Field("", max_length=200_000, examples=["FATAL:  sorry, too many clients already"])
    service: str | None = Field(None, max_length=200, examples=["auth-service"])
    environment: str | None = Field(None, max_length=200, examples=["production"])
    severity: Severity = "unknown"
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    started_at: When | None = Field(None, description="With a time zone; by default now.")


class ReportedEffectIn(InputModel):
    """How well the measure that ended the incident worked, in percent."""

    effectiveness: float | None = Field(None, ge=0, le=100, examples=[92])
    confidence: float | None = Field(None, ge=0, le=100, examples=[95])


class StepIn(InputModel):
    """One action."""

    text: str = Field(min_length=1, max_length=20_000)
    command: str | None = Field(None, max_length=20_000)
    outcome: StepOutcome = "worked"
    rollback: str | None = Field(None, max_length=20_000)
    effect: ReportedEffectIn | None = Field(None, description="Figures of the one step that ended the incident.")

    def to_domain(self) -> ResolutionStep:
        """Return the step as the domain has it."""
        effect = ReportedEffect(self.effect.effectiveness, self.effect.confidence) if self.effect else None
        return ResolutionStep(self.text, self.command, self.outcome, self.rollback, effect=effect)


class ResolutionIn(InputModel):
    """The root cause, and what was done about it."""

    root_cause: str = Field(
        min_length=1, max_length=50_000, examples=["Connection pool of auth-service exhausted by a leak"]
    )
    steps: list[StepIn] = Field(default_factory=list, max_length=200)
    summary: str | None = Field(None, max_length=50_000)
    cause: str | None = Field(None, max_length=200, examples=["connection-pool-exhaustion"])
    recurrence_of: str | None = Field(None, max_length=200, description="The earlier incident that this one repeats.")
    by: str | None = Field(None, max_length=200)
    at: When | None = Field(None, description="With a time zone; by default now.")
    cause_taken_over: bool = Field(False, description="Whether the cause was accepted from an answer, edited or not.")

    def to_domain(self, now: datetime) -> Resolution:
        """Return the resolution; without a time it was made now."""
        steps = tuple(step.to_domain() for step in self.steps)
        origin: CauseOrigin | None = "taken_over" if self.cause_taken_over else None
        return Resolution(
            self.root_cause, self.at or now, self.cause, steps, self.summary, by=self.by, cause_origin=origin
        )


class LinkIn(InputModel):
    """The earlier incident to which this one is linked."""

    incident: str = Field(min_length=1, max_length=200)
    kind: LinkKind = "recurrence"
