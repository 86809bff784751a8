"""From a situation to a recommendation: recall, compose, stamp."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.calibration import features, prior
from onrecall.domain.incident import (
    EXAMPLE,
    Advice,
    Evidence,
    Incident,
    Latency,
    Recommendation,
    Record,
    Situation,
)
from onrecall.pipeline import incident_documents
from onrecall.pipeline.calibrate import Measured, Trust
from onrecall.pipeline.observers import Observers
from onrecall.recommendation import Thresholds, compose, step_key, step_keys
from onrecall.recommendation.fault_types import contradiction
from onrecall.recommendation.verdict import named
from onrecall.retrieval import Recall
from onrecall.storage import Store
from onrecall.storage.examples import ExampleRecords

EVIDENCE = 5
UNREACHED = Thresholds(similar=1.001, known=1.001, near=1.001)
"""A match that nothing reaches."""
ALIKE = "it stands out from the rest no more than the nearest of something new does here"


class Advisor:
    """Answers situations from what the store holds."""

    def __init__(
        self, store: Store, recall: Recall, trust: Trust, clock: Callable[[], datetime], observers: Observers
    ) -> None:
        self._observers = observers
        self._store = store
        self._recall = recall
        self._trust = trust
        self._clock = clock
        self._examples_at = -1
        self._example_records = ExampleRecords(frozenset(), alone=True)

    def evidence(self, situation: Situation, limit: int) -> tuple[Evidence, ...]:
        """What was seen before, each with its track record as it was known then."""
        started = time.perf_counter()
        found = self._own_evidence(situation, limit)
        self._observers.recall(time.perf_counter() - started)
        records = self._store.evidence_records([one.id for one in found], situation.as_of)
        chance = prior.shipped().probability
        return tuple(replace(one, record=records.get(one.id, Record()), probability=chance(one)) for one in found)

    def _own_evidence(self, situation: Situation, limit: int) -> tuple[Evidence, ...]:
        """What is most like it; where own records know something like it, example records keep silent."""
        found = self._found(situation, limit)
        if not any(_is_example(one) for one in found) or (examples := self._examples()).alone:
            return found
        own = self._found(replace(situation, exclude=situation.exclude | examples.ids), limit)
        similar = self._trust.measured().thresholds.similar
        return own if any(one.score >= similar and _knows_a_way(one) for one in own) else found

    def _examples(self) -> ExampleRecords:
        """The example records, read again when something was stored since."""
        newest = self._store.last_seq()
        if newest != self._examples_at:
            self._example_records, self._examples_at = self._store.example_records(), newest
        return self._example_records

    def _found(self, situation: Situation, limit: int) -> tuple[Evidence, ...]:
        """What is like it; where postmortems and their incidents take two places each, twice as much is looked at.

        Who asks for documents alone gets the postmortem and not its incident.
        """
        found = self._recall.recall(situation, limit)
        if situation.only.kind == "document":
            return found
        merged = incident_documents.merge(self._store, found, situation.as_of)
        if len(merged) == len(found):
            return merged
        return incident_documents.merge(self._store, self._recall.recall(situation, 2 * limit), situation.as_of)[:limit]

    def answer(self, situation: Situation, incident: str | None = None, limit: int = EVIDENCE) -> Recommendation:
        """The recommendation for a situation, as of its time; nothing is kept."""
        now = self._clock()
        as_of = situation.as_of or now
        started = time.perf_counter()
        evidence = self.evidence(situation, limit)
        recalled = time.perf_counter()
        records = self._store.step_records(step_keys(evidence), situation.as_of)
        measured = self._trust.measured()
        advice = _advise(measured, situation, evidence, records, as_of)
        numbers = features.of(evidence, advice, as_of, situation.service)
        fitting = [one for one in evidence if not contradiction(situation, one)]
        confidence, reason = measured.confidence(numbers, fitting, advice)
        composed = time.perf_counter()
        digest = _digest(situation, evidence, records)
        made = Recommendation(
            id=f"rec-{hashlib.sha256(f'{incident}|{digest}'.encode()).hexdigest()[:16]}",
            incident=incident,
            verdict=advice.verdict,
            verdict_reason=advice.verdict_reason,
            cause=advice.cause,
            cause_label=advice.cause_label,
            cause_citation=advice.cause_citation,
            confidence=confidence,
            confidence_reason=reason,
            features=numbers,
            steps=advice.steps,
            tried_before=advice.tried_before,
            alternatives=advice.alternatives,
            tell_apart=advice.tell_apart,
            evidence=evidence,
            latency_ms=Latency(
                recall=_milliseconds(started, recalled),
                compose=_milliseconds(recalled, composed),
                total=_milliseconds(started, time.perf_counter()),
            ),
            created_at=now,
            as_of=as_of,
            inputs_hash=digest,
        )
        self._observers.answer(made)
        return made

    def made(self, incident: Incident, context: Sequence[str] = ()) -> tuple[Recommendation, list[str]]:
        """The answer to an incident as it stands, and the keys of its steps; nothing is kept."""
        answer = self.answer(situation_of(incident, context), incident.id)
        return answer, [step_key(step.text, step.command) for step in answer.steps]


def situation_of(incident: Incident, context: Sequence[str] = ()) -> Situation:
    """What an incident says, and lines told beside it; the incident itself is never its own evidence."""
    return Situation(
        text="\n".join([incident.text, *context]),
        service=incident.service,
        labels=incident.labels,
        exclude=frozenset(name for name in (incident.id, incident.document) if name),
    )


def _knows_a_way(evidence: Evidence) -> bool:
    """Whether it can say what to do; an incident that nobody has resolved yet can't."""
    return evidence.document is not None or evidence.resolution is not None


def _is_example(evidence: Evidence) -> bool:
    thing = evidence.incident or evidence.document
    return thing is not None and thing.source == EXAMPLE


def _advise(
    measured: Measured,
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, Record],
    as_of: datetime,
) -> Advice:
    """What the evidence says; where it was measured that a match must stand out to mean something, it has to."""
    advice = compose(situation, evidence, records, as_of, measured.thresholds)
    if advice.verdict == "never_seen" or not measured.unlike(features.of(evidence, advice, as_of)):
        return advice
    again = compose(situation, evidence, records, as_of, UNREACHED)
    if again.verdict != "never_seen":  # a runbook for this very alert needs no match
        return again
    nearest = named(max(evidence, key=lambda one: one.score))
    return replace(again, verdict_reason=f"nothing like this was seen before: {nearest} is nearest, but {ALIKE}")


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)


def _digest(situation: Situation, evidence: Sequence[Evidence], records: object) -> str:
    """A hash of everything that the answer depends on, the clock apart."""
    inputs = {
        "situation": repr(
            (situation.text, situation.service, sorted(situation.labels.items()), situation.only, situation.as_of)
        ),
        "evidence": [
            (one.id, round(one.score, 6), repr(one.resolution), repr(one.document or one.report), repr(one.record))
            for one in evidence
        ],
        "records": repr(records),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
