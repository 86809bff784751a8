"""The memory itself: opens incidents, answers them from what it holds, and learns from their resolutions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident, IncidentLink, Resolution
from onrecall.domain.markdown import strip_emphasis
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.pipeline.calibrate import Calibration
from onrecall.pipeline.learn import (
    executions_from_resolution,
    find_cause_origin,
    find_predecessor,
    name_commands,
)
from onrecall.pipeline.manual_grouping import ensure_not_merged
from onrecall.pipeline.memory_store import MemoryStore
from onrecall.pipeline.observers import Observers
from onrecall.pipeline.recommend import Recommender, situation_of
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.storage.read_replica import stale_reads

Clock = Callable[[], datetime]


class IncidentMemory:
    """Incidents and documents, found again by what they are like. All of it works on any `MemoryStore`."""

    def __init__(
        self, store: MemoryStore, recall: Retriever, clock: Clock, trust: Calibration, *, personal: bool = False
    ) -> None:
        """With `personal`, personal data is redacted as well."""
        self.store, self.trust = store, trust
        self.observers = Observers()
        self._recall, self._clock, self._personal = recall, clock, personal
        self._recommender = Recommender(store, recall, trust, clock, self.observers)

    def open(self, incident: Incident) -> tuple[Incident, bool]:
        """Store a new incident and return it with whether it was new; an empty id gets the next free one."""
        clean = redact_model(incident, personal=self._personal)
        clean = replace(clean, title=strip_emphasis(clean.title))
        (passages,) = self._recall.prepare([clean])
        return self.store.incidents.open(clean, passages, self._clock())

    def recall(self, situation: Situation, limit: int = 5) -> tuple[Evidence, ...]:
        """Find the most similar earlier incidents and documents, best first."""
        with stale_reads():
            return self._recommender.search.evidence(situation, limit)

    def ask(self, situation: Situation, limit: int = 5) -> Recommendation:
        """Return an answer with citations, without storing it."""
        with stale_reads():
            return self._recommender.answer(situation, limit=limit)

    def resolve(
        self, incident_id: str, resolution: Resolution, recurs: str | None = None, *, look: bool = True
    ) -> Incident:
        """Resolve an incident; it is recallable at once and linked to the earlier incident it repeats.

        If `recurs` is not given, that incident is searched for, unless `look` is false.
        """
        incident = self.store.incidents.get(incident_id)
        ensure_not_merged(incident)
        clean = name_commands(redact_model(resolution, personal=self._personal))
        answers = self.store.recommendations.of_incident(incident_id)
        clean = replace(clean, cause_origin=find_cause_origin(clean, answers))
        resolved = incident.resolve(clean)
        links = self._recurrence(incident, clean, recurs) if look or recurs else ()
        (passages,) = self._recall.prepare([resolved])
        now = self._clock()
        stored = self.store.incidents.resolve(
            incident_id, clean, passages, executions_from_resolution(clean), links, now
        )
        self.trust.record_resolution(stored, answers, now)
        if incident.resolution is not None and incident.resolution.cause != clean.cause:
            self.trust.judge_again(now)  # answers to others took their cause from this one
        return stored

    def _recurrence(self, incident: Incident, resolution: Resolution, recurs: str | None) -> tuple[IncidentLink, ...]:
        if recurs is not None:
            if recurs == incident.id:
                raise Invalid("an incident can't be a recurrence of itself; name the earlier one", "recurrence_of")
            self.store.incidents.get(recurs)
            return (IncidentLink("recurrence", recurs),)
        candidates = self._recall.similar(situation_of(incident), limit=10)
        predecessor = find_predecessor(incident, resolution, candidates, self.trust.measured().thresholds.similar)
        return (IncidentLink("recurrence", predecessor),) if predecessor else ()

    def put_document(self, document: Document) -> str:
        """Store a document under its id; returns `created`, `updated` or `unchanged`."""
        clean = redact_model(document, personal=self._personal)
        (passages,) = self._recall.prepare([clean])
        return self.store.documents.put(clean, passages, self._clock())
