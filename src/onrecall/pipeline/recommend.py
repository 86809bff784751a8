"""From a situation to a recommendation: recall, compose, stamp."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.calibration import features, prior
from onrecall.domain.evidence import UNTRIED, Evidence, Ongoing, ServiceIncident, Snippet, TrackRecord
from onrecall.domain.incident import EXAMPLE, Incident
from onrecall.domain.passage import Owner
from onrecall.domain.recommendation import Advice, Confidence, DiagnosticCheck, Recommendation
from onrecall.domain.service_names import find_service_candidates
from onrecall.domain.situation import Situation
from onrecall.domain.spans import span
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline import incident_documents
from onrecall.pipeline.answer_assembly import Findings, Judgement, Occasion, Stopwatch, assemble
from onrecall.pipeline.calibrate import SHIPPED, Calibration, CalibrationState
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.observers import Observers
from onrecall.recommendation import compose, step_key, step_keys
from onrecall.recommendation.fault_types import find_contradiction
from onrecall.recommendation.next_checks import plan_checks
from onrecall.recommendation.verdict import describe_evidence
from onrecall.retrieval import Retriever, is_precedent
from onrecall.storage.examples import ExampleRecords

EVIDENCE_LIMIT = 5
INCIDENTS_OF_CAUSE = 8
"""Newest incidents of a cause that its checks are counted on, beside those in the evidence."""
MAX_RELATIVES = 20
"""Incidents tied to a piece of evidence that are read for what did not help there."""
MAX_OF_SERVICE = 5
"""Incidents of the service in question that are listed where nothing matches."""
MAX_SUGGESTIONS = 3
MAX_SUGGESTION_CHARS = 2_000
"""Maximum characters of a suggestion shown beside an answer."""
UNREACHABLE_THRESHOLDS = SHIPPED.measured(1.001, 1.001)
"""Thresholds that no match reaches."""
TOO_LITTLE_MARGIN = "its lead over the rest is no larger than that of a new incident usually is here"

Sorted = tuple[tuple[Evidence, ...], tuple[Evidence, ...]]
"""Precedents, best first, and ongoing incidents."""
Search = Callable[[Situation, int], Sorted]


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
        self._recall = recall
        self._trust = trust
        self._clock = clock
        self._examples_at = -1
        self._example_records = ExampleRecords(frozenset(), alone=True)

    def evidence(self, situation: Situation, limit: int) -> tuple[Evidence, ...]:
        """Return the evidence for a situation, each item with its track record as of that time."""
        started = time.perf_counter()
        evidence, _ = self._own_evidence(self._search_all, situation, limit)
        self._observers.recall(time.perf_counter() - started)
        return self._with_records(evidence, situation)

    def _precedents(self, situation: Situation, limit: int) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        """Return precedents and ongoing incidents."""
        started = time.perf_counter()
        precedents, ongoing = self._own_evidence(self._recall.precedents, situation, limit)
        self._observers.recall(time.perf_counter() - started)
        settled = [item for item in precedents if item.incident is None or is_precedent(item.incident, situation)]
        reported = [item for item in precedents if item not in settled]  # by a postmortem, though it is not over
        return self._with_records(settled, situation), _best_by_id((*reported, *ongoing)) if reported else ongoing

    def _with_records(self, evidence: Sequence[Evidence], situation: Situation) -> tuple[Evidence, ...]:
        records = self._store.outcomes.track_records([item.id for item in evidence], situation.as_of)
        chance, shown = prior.load_shipped().probability, {item.id for item in evidence}
        present = [replace(item, near_duplicates=tuple(sorted(shown & {*item.near_duplicates}))) for item in evidence]
        return tuple(replace(item, record=records.get(item.id, UNTRIED), probability=chance(item)) for item in present)

    def _suggested(self, situation: Situation, evidence: Sequence[Evidence], similar: float) -> tuple[Evidence, ...]:
        """Return pending suggestions for the evidence or similar to the situation.

        They are recalled separately, so that they can't crowd out evidence.
        """
        if situation.only.kind is not None or not self._store.suggestions.any_pending():
            return ()
        scores = {piece.id: piece.score for piece in evidence if piece.kind == "incident" and piece.score >= similar}
        for_incidents = [
            _as_evidence(suggestion, scores[suggestion.incident])
            for suggestion in self._store.suggestions.pending(*scores)
            if suggestion.incident and (situation.as_of is None or suggestion.at <= situation.as_of)
        ]
        suggestion_situation = replace(
            situation, only=replace(situation.only, kind="suggestion", service=None, labels={})
        )
        similar_suggestions = [
            item for item in self._recall.recall(suggestion_situation, MAX_SUGGESTIONS) if item.score >= similar
        ]
        by_id = {item.id: item for item in (*for_incidents, *similar_suggestions)}
        return tuple(sorted(by_id.values(), key=lambda item: -item.score)[:MAX_SUGGESTIONS])

    def _own_evidence(self, search: Search, situation: Situation, limit: int) -> Sorted:
        """Return the evidence, without example records if own records contain a remedy for something similar."""
        evidence, ongoing = self._search_merged(search, situation, limit)
        if not any(_is_example(item) for item in evidence) or (examples := self._examples()).alone:
            return evidence, ongoing
        own = self._search_merged(search, replace(situation, exclude=situation.exclude | examples.ids), limit)
        similar = self._trust.measured().thresholds.similar
        return own if any(item.score >= similar and _has_remedy(item) for item in own[0]) else (evidence, ongoing)

    def _examples(self) -> ExampleRecords:
        """Return the example records, reread if anything was stored since."""
        newest = self._store.passages.last_seq()
        if newest != self._examples_at:
            self._example_records, self._examples_at = self._store.examples.stored(), newest
        return self._example_records

    def _search_merged(self, search: Search, situation: Situation, limit: int) -> Sorted:
        """Search and merge postmortems into incidents; if that shortens the list, search again with twice the limit.

        A search restricted to documents returns the postmortems themselves.
        """
        evidence, ongoing = search(situation, limit)
        if situation.only.kind == "document":
            return evidence, ongoing
        merged = incident_documents.merge_reports(self._store, evidence, situation.as_of)
        if len(merged) == len(evidence):
            return merged, ongoing
        evidence, ongoing = search(situation, 2 * limit)
        return incident_documents.merge_reports(self._store, evidence, situation.as_of)[:limit], ongoing

    def _search_all(self, situation: Situation, limit: int) -> Sorted:
        return self._recall.recall(situation, limit), ()

    def answer(self, situation: Situation, incident: str | None = None, limit: int = EVIDENCE_LIMIT) -> Recommendation:
        """Return the recommendation for a situation as of its time, without storing it."""
        now, watch = self._clock(), Stopwatch()
        measured = self._trust.measured()
        findings = self._find(situation, limit, measured.thresholds.similar)
        watch.mark()
        judgement = self._judge(situation, findings.evidence, measured, situation.as_of or now)
        watch.mark()
        recommendation = assemble(situation, findings, judgement, Occasion(incident, now, watch))
        self._observers.answer(recommendation)
        return recommendation

    def _find(self, situation: Situation, limit: int, similar: float) -> Findings:
        """Return precedents, what goes on now and pending suggestions; the last two from a match of `similar` on."""
        with span("recall") as recalling:
            evidence, going_on = self._precedents(situation, limit)
            limitation = self._recall.limitation
            suggestions = self._suggested(situation, (*evidence, *going_on), similar)
            recalling.set_attribute("onrecall.evidence", len(evidence))
        ongoing = (_ongoing(item.incident, item.score) for item in going_on if item.incident and item.score >= similar)
        return Findings(evidence, tuple(ongoing), suggestions, limitation)

    def _judge(
        self, situation: Situation, evidence: tuple[Evidence, ...], measured: CalibrationState, as_of: datetime
    ) -> Judgement:
        """Return the advice with its confidence, and what to look at beside it."""
        with span("compose") as composing:
            records = self._store.step_executions.track_records(step_keys(evidence), situation.as_of)
            relatives = self._relatives(evidence, situation)
            decided = decide(measured, situation, evidence, records, as_of, relatives)
            advice = decided[0]
            composing.set_attribute("onrecall.verdict", advice.verdict)
        fitting = [item for item in evidence if not find_contradiction(situation, item)]
        return Judgement(
            *decided,
            records,
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


def _as_evidence(suggestion: Suggestion, score: float) -> Evidence:
    """Return a suggestion as evidence, with the score of its incident."""
    excerpt = Snippet(suggestion.text[:MAX_SUGGESTION_CHARS], 1)
    return Evidence(suggestion.id, "suggestion", suggestion.title, score, excerpt=excerpt, suggested_by=suggestion.by)


def _ongoing(incident: Incident, score: float) -> Ongoing:
    return Ongoing(incident.id, incident.title, score, incident.status, incident.started_at, incident.service)


def _best_by_id(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return each item once, with its best score, best first."""
    best = {item.id: item for item in sorted(evidence, key=lambda item: item.score)}
    return tuple(sorted(best.values(), key=lambda item: -item.score))


def _has_remedy(evidence: Evidence) -> bool:
    """Return whether the evidence contains a remedy; an unresolved incident does not."""
    return evidence.document is not None or evidence.resolution is not None


def _is_example(evidence: Evidence) -> bool:
    record = evidence.incident or evidence.document
    return record is not None and record.source == EXAMPLE


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
