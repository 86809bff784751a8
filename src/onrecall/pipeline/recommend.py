"""From a situation to a recommendation: retrieve evidence, compose advice, put the answer together."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.calibration import features, prior
from onrecall.domain.evidence import Evidence, ServiceIncident, TrackRecord
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.recommendation import Advice, Confidence, DiagnosticCheck, Latency, NearestRates, Recommendation
from onrecall.domain.service_names import find_service_candidates
from onrecall.domain.situation import Situation
from onrecall.domain.spans import span
from onrecall.pipeline import incident_documents
from onrecall.pipeline.calibrate import SHIPPED, Calibration, CalibrationState
from onrecall.pipeline.evidence_search import EvidenceSearch, RetrievedEvidence
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.observers import Observers
from onrecall.recommendation import compose, step_key, step_keys
from onrecall.recommendation.fault_types import find_contradiction
from onrecall.recommendation.next_checks import plan_checks
from onrecall.recommendation.verdict import describe_evidence
from onrecall.retrieval import Retriever

EVIDENCE_LIMIT = 5
INCIDENTS_OF_CAUSE = 8
"""Newest incidents of a cause that its checks are counted on, beside those in the evidence."""
MAX_RELATIVES = 20
"""Incidents tied to a piece of evidence that are read for what did not help there."""
MAX_OF_SERVICE = 5
"""Incidents of the service in question that are listed where nothing matches."""
UNREACHABLE_THRESHOLDS = SHIPPED.measured(1.001, 1.001)
"""Thresholds that no match reaches."""
TOO_LITTLE_MARGIN = "its lead over the rest is no larger than that of a new incident usually is here"


@dataclass(frozen=True, slots=True)
class _Decision:
    """What the evidence says, and how far to trust it."""

    advice: Advice
    features: Mapping[str, float]
    confidence: Confidence | None
    confidence_reason: str | None
    records: Mapping[str, TrackRecord]
    """What came of the steps of the evidence, by their keys."""


@dataclass(frozen=True, slots=True)
class _AnswerContext:
    """What an answer shows beside its advice."""

    checks: tuple[DiagnosticCheck, ...]
    nearest_rates: NearestRates | None
    service_incidents: tuple[ServiceIncident, ...]

    @property
    def shown_beside(self) -> tuple[str, ...]:
        """What is shown, as text that changes with it."""
        return (
            *(check.reason for check in self.checks),
            *(f"{other.id} {other.status}" for other in self.service_incidents),
            *([repr(self.nearest_rates)] if self.nearest_rates else []),
        )


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What identifies an answer: for which incident, from which inputs, made when, as of when, in what time."""

    incident: str | None
    digest: str
    created_at: datetime
    as_of: datetime
    latency: Latency


class Recommender:
    """Answers situations from the stored history."""

    def __init__(
        self,
        store: MemoryStore,
        recall: Retriever,
        trust: Calibration,
        clock: Callable[[], datetime],
        observers: Observers,
    ) -> None:
        self._observers = observers
        self._store = store
        self._trust = trust
        self._clock = clock
        self.search = EvidenceSearch(store, recall, trust, observers)

    def answer(self, situation: Situation, incident: str | None = None, limit: int = EVIDENCE_LIMIT) -> Recommendation:
        """Return the recommendation for a situation as of its time, without storing it."""
        now, started = self._clock(), time.perf_counter()
        measured = self._trust.measured()
        with span("recall") as recalling:
            retrieved = self.search.retrieve(situation, limit, measured.thresholds.similar)
            recalling.set_attribute("onrecall.evidence", len(retrieved.evidence))
        recalled = time.perf_counter()
        with span("compose") as composing:
            decision = self._decide(measured, situation, retrieved.evidence, situation.as_of or now)
            composing.set_attribute("onrecall.verdict", decision.advice.verdict)
        context = self._context_of(situation, retrieved.evidence, decision.advice)
        composed = time.perf_counter()
        beside = (*retrieved.shown_beside, *context.shown_beside)
        digest = _digest(situation, retrieved.evidence, decision.records, beside)
        latency = _latency(started, recalled, composed)
        stamp = _Stamp(incident, digest, now, situation.as_of or now, latency)
        recommendation = _recommendation(stamp, decision, retrieved, context)
        self._observers.answer(recommendation)
        return recommendation

    def _decide(
        self, measured: CalibrationState, situation: Situation, evidence: Sequence[Evidence], as_of: datetime
    ) -> _Decision:
        records = self._store.step_executions.track_records(step_keys(evidence), situation.as_of)
        relatives = self._relatives(evidence, situation)
        decided = decide(measured, situation, evidence, records, as_of, relatives)
        return _Decision(*decided, records)

    def _context_of(self, situation: Situation, evidence: Sequence[Evidence], advice: Advice) -> _AnswerContext:
        fitting = [item for item in evidence if not find_contradiction(situation, item)]
        return _AnswerContext(
            checks=self._checks(situation, fitting, advice),
            nearest_rates=prior.load_shipped().nearest_rates(fitting) if advice.verdict == "never_seen" else None,
            service_incidents=self._incidents_of_service(situation, evidence, advice),
        )

    def _relatives(self, evidence: Sequence[Evidence], situation: Situation) -> tuple[Evidence, ...]:
        """Return the incidents that recurrence ties to the evidence, with their postmortems and without a score."""
        names = dict.fromkeys(name for item in evidence for name in item.tied_incidents[:MAX_RELATIVES])
        owners: list[Owner] = [("incident", name) for name in names if name not in situation.exclude]
        if not owners:
            return ()
        stored = self._store.records.get(owners, situation.as_of)
        tied = [record for record in stored.values() if isinstance(record, Incident)]
        items = [Evidence(incident.id, "incident", incident.title, 0.0, incident=incident) for incident in tied]
        return incident_documents.merge_reports(self._store, items, situation.as_of)

    def _incidents_of_service(
        self, situation: Situation, evidence: Sequence[Evidence], advice: Advice
    ) -> tuple[ServiceIncident, ...]:
        """Return the newest incidents of the service that something never seen is about, without those in the evidence.

        A question in a language that the sentence model does not know matches nothing, and may still name a service.
        """
        if advice.verdict != "never_seen":
            return ()
        names = [situation.service] if situation.service else find_service_candidates(situation.text)
        shown = {*situation.exclude, *(item.id for item in evidence)}
        newest = self._store.incidents.newest_of_services(names, MAX_OF_SERVICE + len(shown), situation.as_of)
        others = [incident for incident in newest if incident.id not in shown][:MAX_OF_SERVICE]
        return tuple(
            ServiceIncident(incident.id, incident.title, incident.status, incident.started_at, incident.service)
            for incident in others
            if incident.service
        )

    def _checks(
        self, situation: Situation, evidence: Sequence[Evidence], advice: Advice
    ) -> tuple[DiagnosticCheck, ...]:
        """Return what to look at next, counted on the incidents of the causes in question."""
        if advice.verdict == "never_seen":
            return ()
        return plan_checks(advice, evidence, situation, earlier_of_causes(self._store, situation, evidence, advice))

    def recommend(self, incident: Incident, context: Sequence[str] = ()) -> tuple[Recommendation, list[str]]:
        """Return the answer to an incident and the keys of its steps, without storing them."""
        answer = self.answer(situation_of(incident, context), incident.id)
        return answer, [step_key(step.text, step.command) for step in answer.steps]


def earlier_of_causes(
    store: MemoryStore, situation: Situation, evidence: Sequence[Evidence], advice: Advice | Recommendation
) -> dict[str, list[Evidence]]:
    """Return by cause label the newest incidents of the causes that an answer names, as evidence without a score."""
    in_question = {name for alternative in advice.alternatives for name in alternative.evidence}
    labels = {item.resolution.cause for item in evidence if item.resolution and item.id in in_question}
    causes = sorted(label for label in {advice.cause_label, *labels} if label)
    return {
        cause: [
            Evidence(incident.id, "incident", incident.title, 0.0, incident=incident)
            for incident in incidents
            if incident.id not in situation.exclude
        ]
        for cause, incidents in store.incidents.of_causes(causes, INCIDENTS_OF_CAUSE, situation.as_of).items()
    }


def situation_of(incident: Incident, context: Sequence[str] = ()) -> Situation:
    """Return an incident and extra lines as a situation that excludes the incident itself from the evidence."""
    return Situation(
        text="\n".join([incident.text, *context]),
        service=incident.service,
        labels=incident.labels,
        exclude=frozenset(name for name in (incident.id, incident.document) if name),
        began_at=incident.started_at,
    )


def _recommendation(
    stamp: _Stamp, decision: _Decision, retrieved: RetrievedEvidence, context: _AnswerContext
) -> Recommendation:
    """Put an answer together."""
    advice, limitation = decision.advice, retrieved.limitation
    answer = Recommendation(
        id=f"rec-{hashlib.sha256(f'{stamp.incident}|{stamp.digest}'.encode()).hexdigest()[:16]}",
        incident=stamp.incident,
        verdict=advice.verdict,
        verdict_reason=f"{advice.verdict_reason}; {limitation}" if limitation else advice.verdict_reason,
        cause=advice.cause,
        confidence=decision.confidence,
        confidence_reason=decision.confidence_reason,
        evidence=retrieved.evidence,
        latency_ms=stamp.latency,
        created_at=stamp.created_at,
        as_of=stamp.as_of,
        inputs_hash=stamp.digest,
        features=decision.features,
        degraded=limitation,
    )
    return _with_context(_with_advice(answer, advice), retrieved, context)


def _with_advice(answer: Recommendation, advice: Advice) -> Recommendation:
    """Add what the advice says beyond its verdict and cause."""
    return replace(
        answer,
        cause_label=advice.cause_label,
        cause_citation=advice.cause_citation,
        steps=advice.steps,
        tried_before=advice.tried_before,
        alternatives=advice.alternatives,
        tell_apart=advice.tell_apart,
    )


def _with_context(answer: Recommendation, retrieved: RetrievedEvidence, context: _AnswerContext) -> Recommendation:
    """Add what is shown beside the advice."""
    return replace(
        answer,
        checks=context.checks,
        ongoing=retrieved.ongoing,
        suggestions=retrieved.suggestions,
        nearest_rates=context.nearest_rates,
        service_incidents=context.service_incidents,
    )


def decide(
    measured: CalibrationState,
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, TrackRecord],
    as_of: datetime,
    relatives: Sequence[Evidence] = (),
) -> tuple[Advice, dict[str, float], Confidence | None, str | None]:
    """Return the advice, its features, and its confidence or the reason why it is not of the own history.

    Verdict and confidence rest on one probability: what is known has a confidence that `known` asks for.
    """
    fitting = [item for item in evidence if not find_contradiction(situation, item)]
    advice = _advise(measured, situation, evidence, records, as_of, relatives)
    numbers = _describe_answer(situation, evidence, fitting, advice, as_of)
    confidence, reason = measured.confidence(numbers, fitting, advice)
    if _is_contradicted(advice, confidence):
        advice = compose(situation, evidence, records, as_of, measured.thresholds, confidence, relatives=relatives)
    return advice, numbers, confidence, reason


def _advise(
    measured: CalibrationState,
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, TrackRecord],
    as_of: datetime,
    relatives: Sequence[Evidence],
) -> Advice:
    """Compose the advice; if the best match is below the calibrated margin, treat the situation as never seen."""
    advice = compose(situation, evidence, records, as_of, measured.thresholds, relatives=relatives)
    if advice.verdict == "never_seen" or not measured.is_below_margin(
        features.extract_features(evidence, advice, as_of)
    ):
        return advice
    without_match = compose(situation, evidence, records, as_of, UNREACHABLE_THRESHOLDS)
    if without_match.verdict != "never_seen":  # a runbook for this very alert needs no match
        return without_match
    nearest = describe_evidence(max(evidence, key=lambda item: item.score))
    return replace(
        without_match,
        verdict_reason=f"nothing like this was seen before: {nearest} is nearest, but {TOO_LITTLE_MARGIN}",
    )


def _describe_answer(
    situation: Situation, evidence: Sequence[Evidence], fitting: Sequence[Evidence], advice: Advice, as_of: datetime
) -> dict[str, float]:
    """Return the features of an answer, and beside them what public data says of it, if it says anything."""
    numbers = features.extract_features(evidence, advice, as_of, situation.service)
    public = prior.load_shipped().backed_probability(fitting, advice)
    return numbers if public is None else {**numbers, features.PUBLIC: public}


def _is_contradicted(advice: Advice, confidence: Confidence | None) -> bool:
    """Return whether the own history says otherwise than public data whether an answer is known."""
    if confidence is None or confidence.basis == "public" or advice.verdict == "never_seen":
        return False
    return (confidence.probability >= SHIPPED.sure) != (advice.verdict == "known")


def _latency(started: float, recalled: float, composed: float) -> Latency:
    """Return how long the parts of an answer took that is finished now."""
    ended = time.perf_counter()
    return Latency(_milliseconds(started, recalled), _milliseconds(recalled, composed), _milliseconds(started, ended))


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)


def _digest(situation: Situation, evidence: Sequence[Evidence], records: object, beside: Sequence[str]) -> str:
    """Hash everything the answer depends on except the clock; `beside` are ids shown beside it."""
    inputs = {
        "situation": repr(
            (situation.text, situation.service, sorted(situation.labels.items()), situation.only, situation.as_of)
        ),
        "evidence": [
            (
                item.id,
                round(item.score, 6),
                repr(item.resolution),
                repr(item.document or item.report),
                repr(item.record),
            )
            for item in evidence
        ],
        "records": repr(records),
        **({"beside": list(beside)} if beside else {}),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
