"""The JSON that people and scripts rely on: keys may be added here, never renamed."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from onrecall.domain.document import DocumentKind
from onrecall.domain.evidence import EvidenceKind
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
from onrecall.domain.recommendation import CheckResult, OutcomeVerdict, Risk, Verdict
from onrecall.recommendation import instance_values
from onrecall.recommendation.imperative import to_imperative
from onrecall.schemas.second_opinion import SecondOpinionOut


def _written_out(value: object) -> object:
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        raise ValueError("give a time such as 2026-03-01T08:00:00Z")
    return value


When = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A time with its zone, written out: a bare number could mean seconds, milliseconds or a year."""


class OutputModel(BaseModel):
    """Something said: built from a noun by its attributes."""

    model_config = ConfigDict(from_attributes=True)

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return self.model_dump(mode="json")


class InputModel(BaseModel):
    """Something heard: unknown fields are an error, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


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
    timeline: list[TimelineEntryOut]
    action_items: list[ActionItemOut]
    lines: Mapping[str, int] = Field(description="For each field, the line of the document on which it begins.")
    assignee: str | None = Field(None, description="The assignee; null if nobody is assigned.")
    tags: list[str] = Field(default_factory=list, description="Free keywords for sorting and filtering.")
    edited: list[str] = Field(
        default_factory=list,
        description="Fields that a person set, such as `title` or `labels.region`; later alerts leave them alone.",
    )


class RecordOut(OutputModel):
    """How often it was tried here, and the outcomes."""

    tried: int
    worked: int
    failed: int
    last: datetime | None


class ExcerptOut(OutputModel):
    """The lines that matched best."""

    text: str
    line: int
    heading: str | None
    page: str | None = Field(description="The document that contains the lines, if the evidence's own page does not.")


class EvidenceOut(OutputModel):
    """An earlier incident or a document that is similar to the situation, with the reasons."""

    id: str
    kind: EvidenceKind
    title: str
    score: float = Field(description="Similarity, 0..1. Not a probability of being right.")
    signals: Mapping[str, float]
    why: list[str]
    excerpt: ExcerptOut | None
    resolution: ResolutionOut | None
    record: RecordOut
    family: list[str]
    suggested_by: str | None = Field(None, description="The author of an unconfirmed suggestion.")
    document: str | None = Field(
        default=None, validation_alias="report_id", description="The id of the postmortem that reports the incident."
    )
    dated: datetime | None = Field(
        None, description="The start of the incident, or the date of the document; null if undated."
    )


class ServiceIncidentOut(OutputModel):
    """An incident of the service that a question names: no match, and listed because nothing matches."""

    id: str
    title: str
    status: Status
    started_at: datetime
    service: str


class OngoingOut(OutputModel):
    """A similar incident that is open or began later, and therefore is not a precedent."""

    id: str
    title: str
    score: float
    status: Status
    started_at: datetime
    service: str | None


class CitationOut(OutputModel):
    """The place where it is written: the id, the words, and their line."""

    id: str
    quote: str
    line: int
    incident: str | None = Field(description="The incident that the cited postmortem reports.")


class CitedSentenceOut(OutputModel):
    """A sentence written by a model and checked against the lines that it cites."""

    text: str
    citations: list[CitationOut]


class PlaceholderOut(OutputModel):
    """A value of the old incident that a step shows as ‹value›, and the kind of value, such as `pod`."""

    value: str
    kind: str


class StepOut(OutputModel):
    """One step, with its citation."""

    n: int
    text: str
    command: str | None
    risk: Risk
    citation: CitationOut
    record: RecordOut
    precondition: str | None
    rollback: str | None
    stale: str | None
    old_values: list[str] = Field(description="Values of the old incident, which the step shows as ‹value›.")
    why: CitedSentenceOut | None
    instruction: str = Field("", description="The step in one line, as an instruction; `text` has the original words.")
    placeholders: list[PlaceholderOut] = Field(
        default_factory=list,
        description="The values that appear in `command` as ‹value›, each once, in order of appearance.",
    )

    @model_validator(mode="after")
    def _instruct(self) -> Self:
        """Say in one line what to do, and what has to be filled in before the command is run."""
        self.instruction = self.instruction or to_imperative(self.text)
        marked = instance_values.find_marked_values(self.command or "")
        self.placeholders = [PlaceholderOut(value=placeholder.value, kind=placeholder.kind) for placeholder in marked]
        return self


class FailedStepOut(OutputModel):
    """An action that was tried before and did not help."""

    text: str
    command: str | None
    outcome: StepOutcome
    citation: CitationOut


class AlternativeOut(OutputModel):
    """Another cause that the evidence permits."""

    cause: str
    evidence: list[str]
    tell_apart: list[str]


class CheckOut(OutputModel):
    """Something to look at that changes nothing, and what it tells."""

    n: int = Field(description="That of the step it is, or one after the last step; a result is reported under it.")
    text: str
    instruction: str = Field("", description="The check in one line, as an instruction.")
    command: str | None
    placeholders: list[PlaceholderOut] = Field(
        default_factory=list, description="What stands in `command` as ‹value›, each once, in its order."
    )
    citation: CitationOut
    reason: str = Field(description="Why to look at it, with what it was counted on.")
    information: float = Field(
        description="Expected information about which of the causes it is, in bits; 0 where it tells none apart."
    )
    from_precedent: bool = Field(description="Whether it is a step of the answer; else another cause was found by it.")
    result: CheckResult | None = Field(
        None, description="What was found since: the same as then, or something different; null: nobody marked it."
    )

    @model_validator(mode="after")
    def _instruct(self) -> Self:
        """Say in one line what to do, and what has to be filled in before the command is run."""
        self.instruction = self.instruction or to_imperative(self.text)
        marked = instance_values.find_marked_values(self.command or "")
        self.placeholders = [PlaceholderOut(value=placeholder.value, kind=placeholder.kind) for placeholder in marked]
        return self


class ConfidenceOut(OutputModel):
    """How often an answer at this level was right."""

    probability: float
    right: int
    of: int
    low: float
    high: float
    basis: str


class CountedShareOut(OutputModel):
    """How often something was right, with the 95 % interval of the share."""

    right: int
    of: int
    low: float
    high: float


class NearestRatesOut(OutputModel):
    """How often the nearest record of something never seen was right all the same, on public data."""

    on_record: CountedShareOut = Field(description="In questions about systems that the memory holds something of.")
    elsewhere: CountedShareOut = Field(description="In questions about other systems.")


class LatencyOut(OutputModel):
    """Milliseconds spent on each part."""

    recall: float
    compose: float
    total: float


class RecommendationOut(OutputModel):
    """An answer with citations."""

    id: str
    incident: str | None
    verdict: Verdict
    verdict_reason: str
    cause: str | None
    cause_label: str | None
    cause_citation: CitationOut | None
    confidence: ConfidenceOut | None = Field(description="Null with `never_seen`, which suggests nothing.")
    confidence_reason: str | None
    nearest_rates: NearestRatesOut | None = Field(
        None,
        description="With `never_seen`: two rates and no probability, for nobody knows how many of your questions are "
        "about other systems.",
    )
    steps: list[StepOut] = Field(description="In the order in which they were done.")
    first_safe_step: int | None = Field(
        None,
        description="Number of the first step that is read-only or reversible, with no disruptive step before it.",
    )
    tried_before: list[FailedStepOut]
    alternatives: list[AlternativeOut]
    tell_apart: list[str]
    checks: list[CheckOut] = Field(
        default_factory=list, description="What to look at, read-only, the most telling first."
    )
    next_check: CheckOut | None = Field(
        None, description="The first of the checks that nobody marked yet; null where none is left."
    )
    unchecked: list[CheckOut] = Field(
        default_factory=list, description="What was checked last time and is not marked yet, in the order of then."
    )
    evidence: list[EvidenceOut]
    ongoing: list[OngoingOut] = Field(
        default_factory=list, description="Similar incidents that are open, or began later."
    )
    service_incidents: list[ServiceIncidentOut] = Field(
        default_factory=list,
        description="With `never_seen`: the newest incidents of the service in question.",
    )
    suggestions: list[EvidenceOut] = Field(
        default_factory=list, description="Senders' unconfirmed suggestions; no step comes from them."
    )
    composer: str
    model: str | None
    route_reason: str
    tokens: int
    cost_usd: float | None
    explanation: list[CitedSentenceOut] = Field(description="Written by a model; empty without one.")
    refines: str | None = Field(description="The answer without a model that it replaces.")
    changed: list[str] = Field(description="What differs from that answer.")
    prompt_hash: str | None
    latency_ms: LatencyOut
    created_at: datetime
    as_of: datetime
    inputs_hash: str
    degraded: str | None = Field(
        None, description="Why less than the whole memory was searched: the search index could not be used."
    )
    second_opinion: SecondOpinionOut | None = Field(None, description="From a Hindsight bank, if one is configured.")

    def beside(self, opinion: object) -> Self:
        """The same beside a second opinion; None: nobody was asked."""
        second_opinion = None if opinion is None else SecondOpinionOut.model_validate(opinion)
        return self.model_copy(update={"second_opinion": second_opinion})


class RecallOut(OutputModel):
    """Find the most similar earlier incidents and documents, best first."""

    evidence: list[EvidenceOut]
    degraded: str | None = Field(
        None, description="Why less than the whole memory was searched: the search index could not be used."
    )
    second_opinion: SecondOpinionOut | None = Field(None, description="From a Hindsight bank, if one is configured.")


class DocumentOut(OutputModel):
    """A runbook, a postmortem or an RCA."""

    id: str
    title: str
    kind: DocumentKind
    service: str | None
    labels: Mapping[str, str]
    source: str | None
    dated: datetime | None
    text: str


class RejectedPartOut(OutputModel):
    """One rejected part: its place, the wrong field, and how to correct it."""

    where: str
    field: str | None
    message: str


class FindingOut(OutputModel):
    """One kind of flaw: how many incidents have it, and the first few of them."""

    name: str
    meaning: str
    count: int
    examples: list[str]


class ImportQualityOut(OutputModel):
    """How useful the imported incidents are for learning; flaws without incidents are omitted."""

    incidents: int
    findings: list[FindingOut]


class UnusedFieldOut(OutputModel):
    """A field or column that has content and was not used."""

    field: str
    count: int = Field(description="Records in which the field has content.")
    of: int = Field(description="Records that were read.")
    example: str


class UnusedFieldsOut(OutputModel):
    """The unused fields of one file."""

    where: str
    fields: list[UnusedFieldOut]


class ImportOut(OutputModel):
    """The result of an import."""

    created: int
    updated: int
    unchanged: int
    rejected: list[RejectedPartOut]
    notes: list[str] = []
    unused: list[UnusedFieldsOut] = []
    quality: ImportQualityOut = Field(default_factory=lambda: ImportQualityOut(incidents=0, findings=[]))


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
        """The resolution that this says; without a time it was made now."""
        steps = tuple(step.to_domain() for step in self.steps)
        origin: CauseOrigin | None = "taken_over" if self.cause_taken_over else None
        return Resolution(
            self.root_cause, self.at or now, self.cause, steps, self.summary, by=self.by, cause_origin=origin
        )


class FilterIn(InputModel):
    """Recall only records that match every given field."""

    kind: EvidenceKind | None = None
    service: str | None = Field(None, max_length=200)
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)


class SituationIn(InputModel):
    """The current situation."""

    text: str = Field(
        min_length=1, max_length=2_000_000, examples=["DB connection pool at 95%, auth service returning 503s"]
    )
    service: str | None = Field(None, max_length=200, description="Affected service; a signal, not a filter.")
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    only: FilterIn = Field(default_factory=lambda: FilterIn(kind=None, service=None))
    limit: int = Field(5, ge=1, le=50)
    as_of: When | None = Field(None, description="Use only what was known at this time.")


class CheckResultIn(InputModel):
    """What a check found."""

    result: CheckResult = Field(description="`same`: what it found then; `different`: something else.")
    by: str | None = Field(None, max_length=200, description="Who looked; by default the name of the key.")


class StepVerdictIn(InputModel):
    """The outcome of one step."""

    n: int = Field(ge=1)
    outcome: StepOutcome


class OutcomeIn(InputModel):
    """The outcome of a recommendation."""

    verdict: OutcomeVerdict
    steps: list[StepVerdictIn] = Field(default_factory=list, max_length=200)
    note: str | None = Field(None, max_length=20_000)
    by: str | None = Field(None, max_length=200)
    incident: str | None = Field(
        None,
        max_length=200,
        description="The incident that the outcome is about; refused if the answer belongs to another one.",
    )


class LinkIn(InputModel):
    """The earlier incident to which this one is linked."""

    incident: str = Field(min_length=1, max_length=200)
    kind: LinkKind = "recurrence"


class DocumentIn(InputModel):
    """A runbook, a postmortem or an RCA to store under the id in the path."""

    title: str = Field(min_length=1, max_length=2000)
    text: str = Field(min_length=1, max_length=2_000_000)
    kind: DocumentKind = "runbook"
    service: str | None = Field(None, max_length=200)
    labels: dict[str, str] = Field(default_factory=dict, max_length=100)
    source: str | None = Field(None, max_length=2000)
    dated: When | None = None
