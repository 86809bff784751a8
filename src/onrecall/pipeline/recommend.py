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
    Ongoing,
    Recommendation,
    Situation,
    Snippet,
    TrackRecord,
)
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline import incident_documents
from onrecall.pipeline.calibrate import CalibrationService, CalibrationState
from onrecall.pipeline.observers import Observers
from onrecall.recommendation import Thresholds, compose, step_key, step_keys
from onrecall.recommendation.fault_types import contradiction
from onrecall.recommendation.verdict import named
from onrecall.retrieval import Retriever, is_precedent
from onrecall.storage import Storage
from onrecall.storage.examples import ExampleRecords

EVIDENCE = 5
MOST_SUGGESTED = 3
SHOWN = 2_000
"""Characters of a suggestion that are shown beside an answer."""
UNREACHED = Thresholds(similar=1.001, known=1.001, near=1.001)
"""A match that nothing reaches."""
ALIKE = "it stands out from the rest no more than the nearest of something new does here"

Sorted = tuple[tuple[Evidence, ...], tuple[Evidence, ...]]
"""What was seen before, best first, and what goes on now."""
Search = Callable[[Situation, int], Sorted]


class Recommender:
    """Answers situations from what the store holds."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        trust: CalibrationService,
        clock: Callable[[], datetime],
        observers: Observers,
    ) -> None:
        self._observers = observers
        self._store = store
        self._recall = recall
        self._trust = trust
        self._clock = clock
        self._examples_at = -1
        self._example_records = ExampleRecords(frozenset(), alone=True)

    def evidence(self, situation: Situation, limit: int) -> tuple[Evidence, ...]:
        """What is like the situation, each with its track record as it was known then."""
        started = time.perf_counter()
        found, _ = self._own_evidence(self._search_all, situation, limit)
        self._observers.recall(time.perf_counter() - started)
        return self._with_records(found, situation)

    def _precedents(self, situation: Situation, limit: int) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """What was seen before, and what goes on now."""
        started = time.perf_counter()
        found, ongoing = self._own_evidence(self._recall.precedents, situation, limit)
        self._observers.recall(time.perf_counter() - started)
        settled = [one for one in found if one.incident is None or is_precedent(one.incident, situation)]
        reported = [one for one in found if one not in settled]  # by a postmortem, though it is not over
        return self._with_records(settled, situation), _best_of_each((*reported, *ongoing)) if reported else ongoing

    def _with_records(self, found: Sequence[Evidence], situation: Situation) -> tuple[Evidence, ...]:
        records = self._store.evidence_records([one.id for one in found], situation.as_of)
        chance = prior.shipped().probability
        return tuple(replace(one, record=records.get(one.id, TrackRecord()), probability=chance(one)) for one in found)

    def _suggested(self, situation: Situation, seen: Sequence[Evidence], similar: float) -> tuple[Evidence, ...]:
        """What senders suggest for what was seen, and about something like it.

        It is asked apart, so that it can't crowd out what was seen.
        """
        if situation.only.kind is not None or not self._store.suggestions_pending():
            return ()
        scores = {piece.id: piece.score for piece in seen if piece.kind == "incident" and piece.score >= similar}
        known = [
            _as_evidence(suggestion, scores[suggestion.incident])
            for suggestion in self._store.suggestions.pending(*scores)
            if suggestion.incident and (situation.as_of is None or suggestion.at <= situation.as_of)
        ]
        apart = replace(situation, only=replace(situation.only, kind="suggestion", service=None, labels={}))
        alike = [found for found in self._recall.recall(apart, MOST_SUGGESTED) if found.score >= similar]
        by_id = {found.id: found for found in (*known, *alike)}
        return tuple(sorted(by_id.values(), key=lambda found: -found.score)[:MOST_SUGGESTED])

    def _own_evidence(self, search: Search, situation: Situation, limit: int) -> Sorted:
        """What is most like it; where own records know something like it, example records keep silent."""
        found, ongoing = self._found(search, situation, limit)
        if not any(_is_example(one) for one in found) or (examples := self._examples()).alone:
            return found, ongoing
        own = self._found(search, replace(situation, exclude=situation.exclude | examples.ids), limit)
        similar = self._trust.measured().thresholds.similar
        return own if any(one.score >= similar and _knows_a_way(one) for one in own[0]) else (found, ongoing)

    def _examples(self) -> ExampleRecords:
        """The example records, read again when something was stored since."""
        newest = self._store.last_seq()
        if newest != self._examples_at:
            self._example_records, self._examples_at = self._store.example_records(), newest
        return self._example_records

    def _found(self, search: Search, situation: Situation, limit: int) -> Sorted:
        """What is like it; where postmortems and their incidents take two places each, twice as much is looked at.

        Who asks for documents alone gets the postmortem and not its incident.
        """
        found, ongoing = search(situation, limit)
        if situation.only.kind == "document":
            return found, ongoing
        merged = incident_documents.merge(self._store, found, situation.as_of)
        if len(merged) == len(found):
            return merged, ongoing
        found, ongoing = search(situation, 2 * limit)
        return incident_documents.merge(self._store, found, situation.as_of)[:limit], ongoing

    def _search_all(self, situation: Situation, limit: int) -> Sorted:
        return self._recall.recall(situation, limit), ()

    def answer(self, situation: Situation, incident: str | None = None, limit: int = EVIDENCE) -> Recommendation:
        """The recommendation for a situation, as of its time; nothing is kept."""
        now = self._clock()
        as_of = situation.as_of or now
        started = time.perf_counter()
        evidence, going_on = self._precedents(situation, limit)
        measured = self._trust.measured()
        similar = measured.thresholds.similar
        suggestions = self._suggested(situation, (*evidence, *going_on), similar)
        recalled = time.perf_counter()
        ongoing = tuple(_ongoing(one.incident, one.score) for one in going_on if one.incident and one.score >= similar)
        records = self._store.step_records(step_keys(evidence), situation.as_of)
        advice = _advise(measured, situation, evidence, records, as_of)
        numbers = features.of(evidence, advice, as_of, situation.service)
        fitting = [one for one in evidence if not contradiction(situation, one)]
        confidence, reason = measured.confidence(numbers, fitting, advice)
        composed = time.perf_counter()
        digest = _digest(
            situation,
            evidence,
            records,
            [*(f"{one.id} {one.status}" for one in ongoing), *(one.id for one in suggestions)],
        )
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
            ongoing=ongoing,
            suggestions=suggestions,
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
        began_at=incident.started_at,
    )


def _as_evidence(suggestion: Suggestion, score: float) -> Evidence:
    """A suggestion as it is shown beside an answer, as near as the incident that it is for."""
    excerpt = Snippet(suggestion.text[:SHOWN], 1)
    return Evidence(suggestion.id, "suggestion", suggestion.title, score, excerpt=excerpt, suggested_by=suggestion.by)


def _ongoing(incident: Incident, score: float) -> Ongoing:
    return Ongoing(incident.id, incident.title, score, incident.status, incident.started_at, incident.service)


def _best_of_each(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Each thing once, as it is most alike, the most alike first."""
    best = {one.id: one for one in sorted(evidence, key=lambda one: one.score)}
    return tuple(sorted(best.values(), key=lambda one: -one.score))


def _knows_a_way(evidence: Evidence) -> bool:
    """Whether it can say what to do; an incident that nobody has resolved yet can't."""
    return evidence.document is not None or evidence.resolution is not None


def _is_example(evidence: Evidence) -> bool:
    thing = evidence.incident or evidence.document
    return thing is not None and thing.source == EXAMPLE


def _advise(
    measured: CalibrationState,
    situation: Situation,
    evidence: Sequence[Evidence],
    records: Mapping[str, TrackRecord],
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


def _digest(situation: Situation, evidence: Sequence[Evidence], records: object, beside: Sequence[str]) -> str:
    """A hash of everything that the answer depends on, the clock apart; `beside` are ids that are shown beside it."""
    inputs = {
        "situation": repr(
            (situation.text, situation.service, sorted(situation.labels.items()), situation.only, situation.as_of)
        ),
        "evidence": [
            (one.id, round(one.score, 6), repr(one.resolution), repr(one.document or one.report), repr(one.record))
            for one in evidence
        ],
        "records": repr(records),
        **({"beside": list(beside)} if beside else {}),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
