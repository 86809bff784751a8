"""The memory: what the doors ring. Each method is one stretch of the line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import AlertLink, ChangeEvent
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import (
    Document,
    Evidence,
    EvidenceKind,
    Filter,
    Incident,
    IncidentLink,
    LinkKind,
    Recommendation,
    RecommendationOutcome,
    Resolution,
    Severity,
    Situation,
)
from onrecall.domain.suggestion import Suggestion
from onrecall.grouping import ServiceGraph
from onrecall.notifications import Channel
from onrecall.notifications.hindsight import HindsightMirror
from onrecall.pipeline import alert_links
from onrecall.pipeline.auto_resolve import AutoResolver
from onrecall.pipeline.began_together import BeganTogetherService
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.pipeline.collaboration import Collaboration
from onrecall.pipeline.group_alerts import AlertGrouper, GroupingTimers
from onrecall.pipeline.import_history import ImportReport, import_history
from onrecall.pipeline.ingest import AlertIngester, IngestReceipt, SourcePolicy
from onrecall.pipeline.learn import executions_from_outcome, find_cause_origin, executions_from_resolution, find_predecessor
from onrecall.pipeline.maintenance import Maintenance
from onrecall.pipeline.manual_grouping import ManualGrouping, ensure_not_merged
from onrecall.pipeline.mirror import Mirror
from onrecall.pipeline.notices import NoticePoster
from onrecall.pipeline.notify import Dispatcher, Notifier
from onrecall.pipeline.observers import Observers
from onrecall.pipeline.recommend import Recommender, situation_of
from onrecall.pipeline.recommendation_worker import RecommendationWorker
from onrecall.pipeline.refine import Models, Refiner
from onrecall.pipeline.reindex import Reindex
from onrecall.pipeline.search import TextSearch
from onrecall.pipeline.second_opinion import OpinionSource, SecondOpinions
from onrecall.pipeline.suggestions import SuggestionDesk
from onrecall.redaction import redact, redact_model
from onrecall.retrieval import Retriever
from onrecall.sources import SOURCES, SourceCatalog, WebhookRequest
from onrecall.storage import Storage
from onrecall.storage.examples import RemovedExamples

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a memory is made of."""

    store: Storage
    recall: Retriever
    clock: Clock
    redact_personal: bool = False
    topology: ServiceGraph = field(default_factory=ServiceGraph)
    """What depends on what, as people declared it."""
    pace: GroupingTimers = field(default_factory=GroupingTimers)
    sources: SourceCatalog = field(default_factory=lambda: SOURCES)
    """The sources, as they are read here."""
    channels: Sequence[Channel] = ()
    """Who is told."""
    tell_from: Severity | None = None
    """The least that they are told of; None: all."""
    models: Models = field(default_factory=Models)
    """Who refines answers; by default nobody."""
    mirrors: Sequence[HindsightMirror] = ()
    """Where incidents are kept as well."""
    opinion: OpinionSource | None = None
    """Who is asked for a second opinion, and the longest that an answer waits for it."""
    expiry: Mapping[str, timedelta] = field(default_factory=dict)
    """After how long an alert is over that its source never ends, by source; `default` for all others."""
    heartbeat_patience: Mapping[str, timedelta] = field(default_factory=dict)
    """How long a heartbeat may stay away, by source, `default` for all others; zero: it is never missed."""
    trusted_sources: frozenset[str] = frozenset()
    """Senders whose notes and documents an operator trusts like those of a responder."""


LINKED_ALERTS = 200
"""So many of the newest alerts of an incident are asked for their links."""


class IncidentService:
    """The incident memory: everything that OnRecall does, without a door."""

    def __init__(self, parts: Dependencies) -> None:
        self.store = parts.store
        self._recall = parts.recall
        self._clock = parts.clock
        self.redacts_personal = self._personal = parts.redact_personal
        self.observers = Observers()
        self.trust = CalibrationService(parts.store)
        self.reindex = Reindex(parts.store, parts.recall)
        self.receiver = AlertIngester(
            parts.store,
            parts.recall,
            parts.clock,
            self.observers,
            personal=parts.redact_personal,
            sources=parts.sources,
            policy=SourcePolicy(parts.expiry, parts.heartbeat_patience, parts.trusted_sources),
        )
        self._advisor = Recommender(parts.store, parts.recall, self.trust, parts.clock, self.observers)
        self.grouping = AlertGrouper(parts.store, parts.recall, parts.clock, parts.topology, parts.pace)
        self.by_hand = ManualGrouping(parts.store, parts.recall, parts.clock, parts.topology, parts.pace)
        self.together = BeganTogetherService(parts.store, self.by_hand)
        self.suggestions = SuggestionDesk(
            parts.store,
            parts.recall,
            parts.clock,
            self.resolve,
            self.put_document,
            parts.trusted_sources,
            personal=parts.redact_personal,
        )
        self._settling = AutoResolver(parts.store, parts.clock, parts.pace, self.suggestions, self.receiver.switch)
        self.mirrors = tuple(Mirror(mirror, parts.store, parts.clock) for mirror in parts.mirrors)
        self.tellers: tuple[Dispatcher | Mirror, ...] = (
            *(Notifier(channel, parts.store, parts.clock, parts.tell_from) for channel in parts.channels),
            *self.mirrors,
        )
        self.opinions = SecondOpinions(parts.opinion, parts.store, personal=parts.redact_personal)
        self.notices = NoticePoster(parts.store, parts.channels, parts.clock, personal=parts.redact_personal)
        self.maintenance = Maintenance(parts.store, parts.clock, personal=parts.redact_personal)
        self.search = TextSearch(parts.store, self._advisor.evidence)
        self.collaboration = Collaboration(parts.store, parts.clock, personal=parts.redact_personal)
        self._answers = RecommendationWorker(parts.store, self._advisor, parts.clock, parts.pace)
        self.refining = Refiner(parts.store, self.trust, parts.clock, parts.models, self.observers)

    @property
    def model(self) -> str | None:
        """The sentence model in use; None: words only."""
        return self._recall.model

    def now(self) -> datetime:
        """The time by the memory's clock."""
        return self._clock()

    # receive

    def receive(self, source: str, deliveries: Sequence[WebhookRequest]) -> tuple[IngestReceipt, ...]:
        """Take a sender's messages in, all or none; kept for good when this returns, and twice changes nothing."""
        receipts = self.receiver.keep([self.receiver.read(source, delivery) for delivery in deliveries])
        for receipt in receipts:
            if receipt.refusal is not None:
                raise receipt.refusal
        return receipts

    def open(self, incident: Incident, *, dated: bool = True) -> tuple[Incident, bool]:
        """Store a new incident and return it with whether it was new; an empty id gets the next free one.

        `dated=False` means the start time was defaulted; a repeated call then keeps the first start time.
        """
        try:
            return self._open(incident)
        except Conflict:
            if dated or not incident.id:
                raise
            return self._open(replace(incident, started_at=self.store.incident(incident.id).started_at))

    def open_once(self, incident: Incident) -> tuple[Incident, bool]:
        """Keep a new incident under a minted id, unless one was reported with the same title and description.

        The second value says whether it was new. One that is resolved is found as well, and stays resolved.
        """
        clean = redact_model(replace(incident, id=""), personal=self._personal)
        (passages,) = self._recall.prepare([clean])
        return self.store.open_incident_once(clean, passages, self._clock())

    def _open(self, incident: Incident) -> tuple[Incident, bool]:
        clean = redact_model(incident, personal=self._personal)
        (passages,) = self._recall.prepare([clean])
        return self.store.open_incident(clean, passages, self._clock())

    def acknowledge(self, incident_id: str, by: str | None = None) -> Incident:
        """Record that somebody is working on it."""
        return self.store.acknowledge(incident_id, self._clock(), by)

    @property
    def personal(self) -> bool:
        """Whether personal data is redacted as well."""
        return self._personal

    # recall and recommend; neither writes

    def recall(self, situation: Situation, limit: int = 5) -> tuple[Evidence, ...]:
        """Find the most similar earlier incidents and documents, best first."""
        return self._advisor.evidence(situation, limit)

    def similarities(
        self, text: str, owners: Sequence[tuple[EvidenceKind, str]]
    ) -> Mapping[tuple[EvidenceKind, str], float]:
        """The cosine between a text and the nearest passage of each owner; empty where there is no model."""
        passages_by_owner = self.store.passages_of(owners)
        return self._recall.similarities(
            text, {owner: [passage for _, passage in owned] for owner, owned in passages_by_owner.items()}
        )

    def ask(self, situation: Situation, limit: int = 5, *, refine: bool = False) -> Recommendation:
        """An answer with receipts, by choice refined by a model; nothing is kept."""
        answer = self._advisor.answer(situation, limit=limit)
        return self.refining.refine(answer, situation) if refine else answer

    def decide(self, situation: Situation, limit: int = 5) -> Recommendation:
        """An answer that is kept though no incident stands for it; the same evidence again gives the same one."""
        return self._answers.decide(redact_model(situation, personal=self._personal), limit)

    # recommend for an incident; kept

    def recommend(self, incident_id: str) -> Recommendation:
        """Answer an incident and keep the answer; the same evidence again gives the same recommendation."""
        return self._answers.answer(incident_id)

    def answer_due(self, limit: int = 10) -> int:
        """Answer incidents that are due; returns how many were answered."""
        return self._answers.answer_due(limit)

    def alert_links(self, incident_id: str) -> tuple[AlertLink, ...]:
        """Where the senders of an incident's alerts say that people can look, runbooks first."""
        return alert_links.collect_links(self.store.alerts_of(incident_id, LINKED_ALERTS))

    # the worker's round

    def work(self, limit: int = 10) -> int:
        """Group alerts that wait, settle what is over, answer what is due; how much of that there was."""
        return self.grouping.run() + self._settling.run() + self._answers.answer_due(limit)

    # resolve and learn

    def resolve(
        self, incident_id: str, resolution: Resolution, recurs: str | None = None, *, look: bool = True
    ) -> Incident:
        """Close an incident with what fixed it; recallable at once, and tied to the earlier one that it repeats: which
        one that is, is looked for where nobody says it, unless somebody looked already.
        """
        incident = self.store.incident(incident_id)
        ensure_not_merged(incident)
        clean = redact_model(resolution, personal=self._personal)
        answers = self.store.recommendations(incident_id)
        clean = replace(clean, cause_origin=find_cause_origin(clean, answers))
        resolved = incident.resolve(clean)
        links = self._recurrence(incident, clean, recurs) if look or recurs else ()
        (passages,) = self._recall.prepare([resolved])
        now = self._clock()
        stored = self.store.resolve(incident_id, clean, passages, executions_from_resolution(clean), links, now)
        self.trust.record_resolution(stored, answers, now)
        return stored

    def _recurrence(self, incident: Incident, resolution: Resolution, recurs: str | None) -> tuple[IncidentLink, ...]:
        if recurs is not None:
            if recurs == incident.id:
                raise Invalid("an incident can't be a recurrence of itself; name the earlier one", "recurrence_of")
            self.store.incident(recurs)
            return (IncidentLink("recurrence", recurs),)
        candidates = self._recall.alike(situation_of(incident), limit=10)
        predecessor = find_predecessor(incident, resolution, candidates, self.trust.measured().thresholds.similar)
        return (IncidentLink("recurrence", predecessor),) if predecessor else ()

    def reopen(self, incident_id: str, by: str | None = None) -> Incident:
        """It was not over: the resolution's credit is taken back and its text is no longer recalled."""
        resolved = self.store.incident(incident_id)
        ensure_not_merged(resolved)
        reopened = resolved.reopen()
        (passages,) = self._recall.prepare([reopened])
        return self.store.reopen(incident_id, passages, self._clock(), by)

    def link(self, incident_id: str, kind: LinkKind, target: str, by: str | None = None) -> Incident:
        """Tie an incident to an earlier one by hand."""
        if incident_id == target:
            raise Invalid("an incident can't be linked to itself; name the earlier one", "incident")
        if kind == "merged":
            self.by_hand.merge(incident_id, target, by)
            return self.store.incident(incident_id)
        return self.store.link(incident_id, IncidentLink(kind, target), self._clock(), by)

    def rate(self, outcome: RecommendationOutcome, incident: str | None = None) -> None:
        """Keep what came of a recommendation and its steps; it counts from now on. One that is said of another
        incident than the recommendation's is refused.
        """
        recommendation = self.store.recommendation(outcome.recommendation)
        if incident is not None and recommendation.incident != incident:
            subject = f"to incident {recommendation.incident}" if recommendation.incident else "to a question"
            raise Invalid(f"recommendation {recommendation.id} is an answer {subject}, not to {incident}", "incident")
        numbers = {step.n for step in recommendation.steps}
        for index, step in enumerate(outcome.steps):
            if step.n in {earlier.n for earlier in outcome.steps[:index]}:
                raise Invalid(f"step {step.n} is named twice; report its outcome once", f"steps.{index}.n")
            if step.n not in numbers:
                raise Invalid(
                    f"the recommendation has no step {step.n}; its steps are {sorted(numbers) or 'none'}",
                    f"steps.{index}.n",
                )
        note = redact(outcome.note, personal=self._personal).text if outcome.note else None
        self.store.rate(replace(outcome, note=note), executions_from_outcome(recommendation, outcome), self._clock())
        if recommendation.incident:
            self.trust.record_rating(self.store.incident(recommendation.incident), recommendation, outcome)

    # bring in and out

    def import_history(
        self,
        items: Iterable[Any],
        progress: Callable[[int], None] | None = None,
        *,
        dry_run: bool = False,
        credit: bool = True,
    ) -> ImportReport:
        """Import old incidents and documents; what is already here stays as it is. Without `credit` the steps of a
        resolution add to no track record.
        """
        return import_history(
            self.store,
            self._recall,
            items,
            self._clock,
            progress,
            personal=self._personal,
            dry_run=dry_run,
            credit=credit,
        )

    def put_document(self, document: Document) -> str:
        """Keep a document under its id; says whether it was created, updated or unchanged."""
        clean = redact_model(document, personal=self._personal)
        (passages,) = self._recall.prepare([clean])
        return self.store.put_document(clean, passages, self._clock())

    def is_unchanged(self, document: Document) -> bool:
        """Return whether the document is stored already and says the same."""
        return self.store.unchanged([redact_model(document, personal=self._personal)])[0]

    def delete_document(self, document_id: str) -> None:
        """Forget a document; recommendations that cited it keep their quotes."""
        self.store.delete_document(document_id)

    def remove_examples(self) -> RemovedExamples:
        """Remove the example records, and measure trust without what was learned from them."""
        removed = self.store.remove_examples()
        if removed.incidents and self.store.newest_curve() is not None:
            self.trust.fit(self._clock())
        return removed

    def changes_before(self, incident: Incident) -> tuple[ChangeEvent, ...]:
        """What was changed on purpose in the hours before an incident began, newest first."""
        return self.store.change_events_near(incident.service, incident.started_at)

    def get_record(self, record_id: str) -> Incident | Document | Suggestion:
        """The incident, document or suggestion with this id."""
        for look_up in (self.store.incident, self.store.document):
            try:
                return look_up(record_id)
            except NotFound:
                continue
        return self.store.suggestions.get(record_id)


def make_situation(
    text: str,
    service: str | None = None,
    labels: dict[str, str] | None = None,
    only: Filter | None = None,
    as_of: datetime | None = None,
) -> Situation:
    """What somebody told us, as a situation; an empty text is refused."""
    if not text.strip():
        raise Invalid("the text is empty; describe the problem, or paste an alert or log lines", "text")
    return Situation(text=text, service=service, labels=labels or {}, only=only or Filter(), as_of=as_of)
