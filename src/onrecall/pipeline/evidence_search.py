"""The search for evidence: what was seen before, what goes on now, and what senders suggest about it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from onrecall.calibration import prior
from onrecall.domain.evidence import UNTRIED, Evidence, Ongoing, Snippet
from onrecall.domain.incident import EXAMPLE, Incident
from onrecall.domain.situation import Situation
from onrecall.domain.suggestion import Suggestion
from onrecall.pipeline import incident_documents
from onrecall.pipeline.calibrate import Calibration
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.observers import Observers
from onrecall.retrieval import Retriever, is_precedent
from onrecall.storage.examples import ExampleRecords

MAX_SUGGESTIONS = 3
MAX_SUGGESTION_CHARS = 2_000
"""Maximum characters of a suggestion shown beside an answer."""

Sorted = tuple[tuple[Evidence, ...], tuple[Evidence, ...]]
"""Precedents, best first, and ongoing incidents."""
Search = Callable[[Situation, int], Sorted]


@dataclass(frozen=True, slots=True)
class RetrievedEvidence:
    """What was retrieved for a situation."""

    evidence: tuple[Evidence, ...]
    """Precedents and documents, best first, each with its track record."""
    ongoing: tuple[Ongoing, ...]
    """Similar incidents that are not over."""
    suggestions: tuple[Evidence, ...]
    """Similar suggestions that nobody decided on."""
    limitation: str | None
    """Why less than the whole memory was searched; None: all of it was."""

    @property
    def shown_beside(self) -> tuple[str, ...]:
        """What an answer shows beside its evidence, as text that changes with it."""
        degraded = ("degraded",) if self.limitation else ()
        return (*(f"{item.id} {item.status}" for item in self.ongoing), *(s.id for s in self.suggestions), *degraded)


class EvidenceSearch:
    """Finds evidence in the stored history."""

    def __init__(self, store: MemoryStore, recall: Retriever, trust: Calibration, observers: Observers) -> None:
        self._store, self._recall, self._trust, self._observers = store, recall, trust, observers
        self._examples_at = -1
        self._example_records = ExampleRecords(frozenset(), alone=True)

    def retrieve(self, situation: Situation, limit: int, similar: float) -> RetrievedEvidence:
        """Return the evidence for an answer; only what matches at least `similar` is ongoing or suggested."""
        evidence, going_on = self._precedents(situation, limit)
        limitation = self._recall.limitation
        suggestions = self._suggested(situation, (*evidence, *going_on), similar)
        ongoing = (_ongoing(item.incident, item.score) for item in going_on if item.incident and item.score >= similar)
        return RetrievedEvidence(evidence, tuple(ongoing), suggestions, limitation)

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
