"""A recommendation: verdict, cause, steps and checks, each cited, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from onrecall.domain.evidence import UNTRIED, Citation, Evidence, Ongoing, ServiceIncident, TrackRecord
from onrecall.domain.incident import StepOutcome

Risk = Literal["read_only", "reversible", "disruptive", "destructive"]
Verdict = Literal["known", "similar", "never_seen"]
CheckResult = Literal["same", "different"]
"""What a check found: what it found then, or something different."""
OutcomeVerdict = Literal["helped", "did_not_help"]
SAFE_RISKS: tuple[Risk, ...] = ("read_only", "reversible")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence that a model wrote, and the lines that it rests on. It is shown, and never evidence."""

    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with its citation."""

    n: int
    text: str
    citation: Citation
    risk: Risk
    command: str | None = None
    record: TrackRecord = UNTRIED
    precondition: str | None = None
    rollback: str | None = None
    stale: str | None = None
    """Why the step may no longer hold, if it may not."""
    old_values: tuple[str, ...] = ()
    """Host names, pod names, ids in the step that belong to the old incident; they stand in it as ‹value›."""
    why: CitedSentence | None = None
    """Why it stands here, where a model chose it."""


def first_safe_step(steps: Sequence[Step]) -> Step | None:
    """Return the first step that does no harm which can't be undone, and before which its source did none either."""
    disturbing: set[str] = set()
    for step in steps:
        if step.risk not in SAFE_RISKS:
            disturbing.add(step.citation.evidence_id)
        elif step.citation.evidence_id not in disturbing:
            return step
    return None


@dataclass(frozen=True, slots=True)
class FailedStep:
    """Something that was tried before and did not help, or made it worse."""

    text: str
    outcome: StepOutcome
    citation: Citation
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another cause that the evidence permits, and how to tell it apart from the first."""

    cause: str
    evidence: tuple[str, ...]
    """Ids of what speaks for it."""
    tell_apart: tuple[str, ...] = ()
    """Observations that fit this cause and not the first."""


@dataclass(frozen=True, slots=True)
class DiagnosticCheck:
    """Something to look at that changes nothing, and what it tells."""

    n: int
    """Its number to mark it by: that of the step it is, or one after the last step."""
    text: str
    citation: Citation
    reason: str
    """Why to look at it, in one plain sentence."""
    command: str | None = None
    information: float = 0.0
    """Expected information about which of the causes it is, in bits; 0 where it tells none apart."""
    from_precedent: bool = False
    """Whether it is a step of the answer; else it is a check that another cause was found by."""
    old_values: tuple[str, ...] = ()
    """Values of the old incident, as in a step."""
    result: CheckResult | None = None
    """What somebody found by it since the answer was given; None: nobody marked it."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """How often an answer at this level was right: `right` of `of`, never a similarity."""

    probability: float
    right: int
    of: int
    low: float
    high: float
    basis: Literal["outcomes", "backtest", "public"]
    """Counted on live answers that people judged, on a replay of the own history, or on public data."""


@dataclass(frozen=True, slots=True)
class CountedShare:
    """How often something was right: `right` of `of`, with the 95 % interval of the share."""

    right: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NearestRates:
    """How often the nearest record of something never seen was right all the same, on public data.

    There are two rates and no probability: nobody knows which share of the questions is about other systems.
    """

    on_record: CountedShare
    """Of questions about systems that the memory holds something of, those whose nearest stood out like this one."""
    elsewhere: CountedShare
    """Of all questions about other systems."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds spent on each part of an answer."""

    recall: float
    compose: float
    total: float


@dataclass(frozen=True, slots=True)
class Advice:
    """What the evidence says about a situation, before it is stamped with an id, a time and a confidence."""

    verdict: Verdict
    verdict_reason: str
    cause: str | None
    cause_label: str | None = None
    cause_citation: Citation | None = None
    """Where the cause is told."""
    steps: tuple[Step, ...] = ()
    tried_before: tuple[FailedStep, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    tell_apart: tuple[str, ...] = ()
    """With `never_seen`: what to look at to separate the nearest misses."""
    rests_on: tuple[str, ...] = ()
    """The incidents of the named cause; without a cause, the incident or document that the verdict rests on."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An answer with receipts, as it was given at one moment; it is never changed afterwards."""

    id: str
    incident: str | None
    verdict: Verdict
    verdict_reason: str
    cause: str | None
    confidence: Confidence | None
    confidence_reason: str | None
    evidence: tuple[Evidence, ...]
    latency_ms: Latency
    created_at: datetime
    as_of: datetime
    inputs_hash: str
    cause_label: str | None = None
    cause_citation: Citation | None = None
    steps: tuple[Step, ...] = ()
    tried_before: tuple[FailedStep, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    tell_apart: tuple[str, ...] = ()
    composer: str = "extractive"
    model: str | None = None
    route_reason: str = "extractive: made immediately, without a model"
    tokens: int = 0
    """Of all calls that it took, rejected drafts too."""
    cost_usd: float | None = 0.0
    """None: a price is not known."""
    explanation: tuple[CitedSentence, ...] = ()
    refines: str | None = None
    """The answer without a model that this one takes the place of, made of the same evidence."""
    changed: tuple[str, ...] = ()
    """What is not as it was in that one."""
    prompt_hash: str | None = None
    features: Mapping[str, float] = field(default_factory=dict)
    """What the evidence looked like in numbers: what confidence is measured on."""
    asked: str | None = None
    """What was asked, where no incident says it and the answer is kept."""
    ongoing: tuple[Ongoing, ...] = ()
    """What is going on now and looks alike, the most alike first."""
    suggestions: tuple[Evidence, ...] = ()
    """What senders suggest about something like it; nobody confirmed it, so it is evidence for nothing."""
    checks: tuple[DiagnosticCheck, ...] = ()
    """What to look at, the most telling first; which of it was done since is not known here."""
    asked_context: Mapping[str, str] = field(default_factory=dict)
    """Service and labels of what was asked, where no incident says them and the answer is kept."""
    nearest_rates: NearestRates | None = None
    """With `never_seen`, which has no confidence; None where nothing is near or no figures are at hand."""
    service_incidents: tuple[ServiceIncident, ...] = ()
    """With `never_seen`: the newest incidents of the service that the question names; no match, whatever they are."""
    degraded: str | None = None
    """Why it rests on less than the whole memory: the search index could not be used; None: it could."""

    @property
    def probability(self) -> float:
        """The chance that the precedent it rests on is right, where a number is needed: 0 where there is no precedent.

        Without any evidence there is no `confidence`: nothing was shown that could be right, so the chance is 0 by its
        meaning and not by an estimate. The same goes for `never_seen`, which suggests nothing.
        """
        return self.confidence.probability if self.confidence else 0.0

    @property
    def next_check(self) -> DiagnosticCheck | None:
        """The most telling check that nobody marked yet."""
        return next((check for check in self.checks if check.result is None), None)

    @property
    def unchecked(self) -> tuple[DiagnosticCheck, ...]:
        """What was checked last time and is not marked yet, in the order of then."""
        left = (check for check in self.checks if check.result is None and check.from_precedent)
        return tuple(sorted(left, key=lambda check: check.n))

    @property
    def first_safe_step(self) -> int | None:
        """The number of the step to begin with if nothing is to be disturbed; the steps stay in their order."""
        step = first_safe_step(self.steps)
        return step.n if step else None


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """What came of one step of a recommendation."""

    n: int
    outcome: StepOutcome


@dataclass(frozen=True, slots=True)
class RecommendationOutcome:
    """What somebody said came of a recommendation."""

    recommendation: str
    verdict: OutcomeVerdict
    at: datetime
    steps: tuple[StepVerdict, ...] = ()
    note: str | None = None
    by: str | None = None
