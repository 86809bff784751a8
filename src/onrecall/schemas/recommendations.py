"""A recommendation and what came of it as JSON: steps, checks, confidence, outcomes."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from onrecall.domain.incident import StepOutcome
from onrecall.domain.recommendation import CheckResult, OutcomeVerdict, Risk, Verdict
from onrecall.recommendation import instance_values
from onrecall.recommendation.imperative import to_imperative
from onrecall.schemas.evidence import CitationOut, EvidenceOut, OngoingOut, RecordOut, ServiceIncidentOut
from onrecall.schemas.json_models import InputModel, OutputModel
from onrecall.schemas.second_opinion import SecondOpinionOut


class CitedSentenceOut(OutputModel):
    """A sentence written by a model and checked against the lines that it cites."""

    text: str
    citations: list[CitationOut]


class PlaceholderOut(OutputModel):
    """A value of the old incident that a step shows as ‹value›, and the kind of value, such as `pod`."""

    value: str
    kind: str


def _find_placeholders(command: str | None) -> list[PlaceholderOut]:
    marked = instance_values.find_marked_values(command or "")
    return [PlaceholderOut(value=placeholder.value, kind=placeholder.kind) for placeholder in marked]


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
        self.placeholders = _find_placeholders(self.command)
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
        self.placeholders = _find_placeholders(self.command)
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
        """Return the same beside a second opinion; None: none was asked for."""
        second_opinion = None if opinion is None else SecondOpinionOut.model_validate(opinion)
        return self.model_copy(update={"second_opinion": second_opinion})


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
