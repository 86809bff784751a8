"""The domain objects: an incident, its resolution, evidence, a recommendation. No I/O here."""

from collections.abc import Mapping, Sequence
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
Risk = Literal["read_only", "reversible", "disruptive", "destructive"]
Verdict = Literal["known", "similar", "never_seen"]
DocumentKind = Literal["runbook", "postmortem", "rca"]
LinkKind = Literal["recurrence", "duplicate", "merged"]
EvidenceKind = Literal["incident", "document", "suggestion"]
Owner = tuple[EvidenceKind, str]
"""What a passage belongs to, by kind and id."""
Part = Literal["opening", "resolution", "body"]
CheckResult = Literal["same", "different"]
"""What a check found: what it found then, or something different."""
OutcomeVerdict = Literal["helped", "did_not_help"]
NOT_CONTENT: Mapping[str, bool] = MappingProxyType({"content": False})
"""Marks a field that says how something came about, not what it says: a content hash leaves it out."""
SAFE_RISKS: tuple[Risk, ...] = ("read_only", "reversible")


MIN_SHOWN_MATCH = 0.05
"""A smaller match of a question with evidence says nothing, and lists for people leave it out."""
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
        """Whether both say the same, whenever and by whomever it was said."""
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


@dataclass(frozen=True, slots=True)
class Document:
    """A runbook, a postmortem or an RCA."""

    id: str
    title: str
    text: str
    """Markdown or plain text, whole, as it was given; citations count its lines from 1."""
    kind: DocumentKind = "runbook"
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    """The path or URL it came from."""
    dated: datetime | None = None
    """Since when it was known; without it, always."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an incident or a document: what is matched, and what a citation opens."""

    owner: str
    kind: EvidenceKind
    part: Part
    n: int
    """Its place within its owner and part, from 0."""
    text: str
    line: int
    """Where it begins in its owner's page, from 1."""
    heading: str | None = None
    known_from: datetime | None = None
    """Nothing dated earlier may see it; None: always known."""
    terms: bytes = b""
    """Its terms as the recall room packs them."""
    vector: bytes | None = None
    """Its meaning, float16, unit length; None where no model was at hand."""
    model: str | None = None
    """The model that made the vector."""
    terms_version: int | None = None
    """The version of the rules that cut it and made its terms; None: unknown."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Recall only what fits all that is given here."""

    kind: EvidenceKind | None = None
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is going on now, as far as somebody or something told us.

    Service and labels are signals: the same fault in another service is worth knowing. `only` filters.
    """

    text: str
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    only: Filter = Filter()
    as_of: datetime | None = None
    """Use only what was known at this time."""
    exclude: frozenset[str] = frozenset()
    """Ids that must not be recalled: the incident itself, to begin with."""
    began_at: datetime | None = None
    """When it began; only what began earlier is a precedent. None: now."""


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


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some lines of an incident or a document, where they stand (counted from 1) and under which heading."""

    text: str
    line: int
    heading: str | None = None
    page: str | None = None
    """The id of the document that holds the lines, where it is not the evidence's own page."""


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
    record: TrackRecord = TrackRecord()
    family: tuple[str, ...] = ()
    """Ids of the other members when this stands for an incident that recurred."""
    near_duplicates: tuple[str, ...] = ()
    """Ids of the other evidence that tells the same: nothing that was asked tells these apart."""
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
    record: TrackRecord = TrackRecord()
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
class ServiceIncident:
    """An incident of the service that a question names: no match, and listed because nothing matches."""

    id: str
    title: str
    status: Status
    started_at: datetime
    service: str


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
