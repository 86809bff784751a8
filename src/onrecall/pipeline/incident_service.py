"""The incident service that all interfaces call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import AlertLink, ChangeEvent
from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.id_shape import require_visible_id
from onrecall.domain.incident import Incident, IncidentLink, LinkKind, Severity
from onrecall.domain.passage import Owner
from onrecall.domain.recommendation import Recommendation, RecommendationOutcome
from onrecall.domain.situation import Situation
from onrecall.domain.suggestion import Suggestion
from onrecall.grouping import ServiceGraph
from onrecall.notifications import Channel
from onrecall.notifications.hindsight import HindsightMirror
from onrecall.pipeline import alert_links
from onrecall.pipeline.action_items import ActionTracker, IssueLinks
from onrecall.pipeline.auto_resolve import AutoResolver
from onrecall.pipeline.began_together import BeganTogetherService
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.pipeline.collaboration import Collaboration
from onrecall.pipeline.diagnostic_checks import DiagnosticChecks
from onrecall.pipeline.erasure import ErasureService
from onrecall.pipeline.extraction import PostmortemExtractor
from onrecall.pipeline.group_alerts import AlertGrouper, GroupingTimers
from onrecall.pipeline.hindsight_mirror import Mirror
from onrecall.pipeline.import_history import ImportReport, import_history
from onrecall.pipeline.incident_images import ImageShelf
from onrecall.pipeline.ingest import AlertIngester, IngestReceipt, SourcePolicy
from onrecall.pipeline.learn import (
    executions_from_outcome,
)
from onrecall.pipeline.maintenance import Maintenance
from onrecall.pipeline.manual_grouping import ManualGrouping, ensure_not_merged
from onrecall.pipeline.memory import IncidentMemory
from onrecall.pipeline.notices import NoticePoster
from onrecall.pipeline.notify import Dispatcher, Notifier
from onrecall.pipeline.postmortem import draft_postmortem
from onrecall.pipeline.recommendation_worker import RecommendationWorker
from onrecall.pipeline.refine import Models, Refiner
from onrecall.pipeline.reindex import Reindex
from onrecall.pipeline.search import TextSearch
from onrecall.pipeline.second_opinion import OpinionSource, SecondOpinions
from onrecall.pipeline.stages import rounds_of_worker
from onrecall.pipeline.suggestions import SuggestionDesk
from onrecall.redaction import redact, redact_model
from onrecall.retrieval import Retriever
from onrecall.sources import SOURCES, SourceCatalog, WebhookRequest
from onrecall.storage import Storage
from onrecall.storage.examples import RemovedExamples

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Dependencies of the service."""

    store: Storage
    recall: Retriever
    clock: Clock
    redact_personal: bool = False
    topology: ServiceGraph = field(default_factory=ServiceGraph)
    """Declared service dependencies."""
    timers: GroupingTimers = field(default_factory=GroupingTimers)
    sources: SourceCatalog = field(default_factory=lambda: SOURCES)
    """Configured alert sources."""
    channels: Sequence[Channel] = ()
    """Notification channels."""
    notify_from: Severity | None = None
    """Minimum severity for notifications; None: all."""
    models: Models = field(default_factory=Models)
    """LLMs that refine answers; none by default."""
    mirrors: Sequence[HindsightMirror] = ()
    """Hindsight banks that incidents are mirrored to."""
    opinion: OpinionSource | None = None
    """The bank queried for second opinions, and the timeout."""
    expiry: Mapping[str, timedelta] = field(default_factory=dict)
    """Expiry of alerts that their source never resolves, by source; `default` for all others."""
    heartbeat_patience: Mapping[str, timedelta] = field(default_factory=dict)
    """How long a heartbeat may stay away, by source; `default` for all others; zero disables the check."""
    trusted_sources: frozenset[str] = frozenset()
    """Sources whose notes and documents are accepted without confirmation."""
    issue_links: IssueLinks = field(default_factory=IssueLinks)
    """Links to the tracker's form for a new issue."""


LINKED_ALERTS = 200
"""Number of newest alerts of an incident whose links are collected."""


class IncidentService(IncidentMemory):
    """The incident memory: everything OnRecall does, independent of any interface."""

    store: Storage
    trust: CalibrationService

    def __init__(self, parts: Dependencies) -> None:
        super().__init__(
            parts.store, parts.recall, parts.clock, CalibrationService(parts.store), personal=parts.redact_personal
        )
        self.reindex = Reindex(parts.store, parts.recall)
        self._add_alert_stages(parts)
        self._add_channels(parts)
        self._add_work_of_people(parts)
        self._add_answers(parts)
        self._rounds = tuple(rounds_of_worker(self))

    def _add_alert_stages(self, parts: Dependencies) -> None:
        """Make what receives, groups and resolves alerts."""
        store, clock, personal = parts.store, parts.clock, parts.redact_personal
        policy = SourcePolicy(parts.expiry, parts.heartbeat_patience, parts.trusted_sources)
        self.ingester = AlertIngester(
            store, parts.recall, clock, self.observers, personal=personal, sources=parts.sources, policy=policy
        )
        self.grouping: AlertGrouper = AlertGrouper(store, parts.recall, clock, parts.topology, parts.timers)
        self.manual_grouping = ManualGrouping(store, parts.recall, clock, parts.topology, parts.timers)
        self.began_together = BeganTogetherService(store, self.manual_grouping)
        self.suggestions = SuggestionDesk(
            store, parts.recall, clock, self.resolve, self.put_document, parts.trusted_sources, personal=personal
        )
        self.auto_resolver: AutoResolver = AutoResolver(
            store, clock, parts.timers, self.suggestions, self.ingester.switch
        )
        self.maintenance = Maintenance(store, clock, personal=personal)

    def _add_channels(self, parts: Dependencies) -> None:
        """Make what sends updates and notices, and asks others for an opinion."""
        store, clock = parts.store, parts.clock
        self.mirrors = tuple(Mirror(mirror, store, clock) for mirror in parts.mirrors)
        self.dispatchers: tuple[Dispatcher | Mirror, ...] = (
            *(Notifier(channel, store, clock, parts.notify_from) for channel in parts.channels),
            *self.mirrors,
        )
        self.notices = NoticePoster(store, parts.channels, clock, personal=parts.redact_personal)
        self.second_opinions = SecondOpinions(parts.opinion, store, personal=parts.redact_personal)

    def _add_work_of_people(self, parts: Dependencies) -> None:
        """Make what people search, write, track and erase."""
        store, clock, personal = parts.store, parts.clock, parts.redact_personal
        self.search = TextSearch(store, self._recommender.search.evidence)
        self.collaboration = Collaboration(store, parts.recall, clock, personal=personal)
        self.erasure = ErasureService(store, parts.recall, clock)
        self.actions = ActionTracker(store, clock, parts.issue_links, personal=personal)
        self.checks = DiagnosticChecks(store, clock)
        self.images = ImageShelf(store, clock, personal=personal)

    def _add_answers(self, parts: Dependencies) -> None:
        """Make what answers incidents, and asks models to refine and to quote."""
        store, clock = parts.store, parts.clock
        self._answers = RecommendationWorker(store, self._recommender, clock, parts.timers)
        self.extraction = PostmortemExtractor(store, parts.recall, clock, parts.models, personal=parts.redact_personal)
        self.refiner = Refiner(store, self.trust, clock, parts.models, self.observers)

    @property
    def model(self) -> str | None:
        """The sentence model in use; None: words only."""
        return self._recall.model

    def now(self) -> datetime:
        """Return the current time."""
        return self._clock()

    # receive

    def receive(self, source: str, deliveries: Sequence[WebhookRequest]) -> tuple[IngestReceipt, ...]:
        """Ingest messages of a source, all or none. Durable on return, and idempotent."""
        receipts = self.ingester.store_batches([self.ingester.read(source, delivery) for delivery in deliveries])
        for receipt in receipts:
            if receipt.refusal is not None:
                raise receipt.refusal
        return receipts

    def open(self, incident: Incident, *, dated: bool = True) -> tuple[Incident, bool]:
        """Store a new incident and return it with whether it was new; an empty id gets the next free one.

        `dated=False` means the start time was defaulted; a repeated call then keeps the first start time.
        Raises Invalid for an id with hidden characters.
        """
        require_visible_id(incident.id)
        try:
            return super().open(incident)
        except Conflict:
            if dated or not incident.id:
                raise
            return super().open(replace(incident, started_at=self.store.incidents.get(incident.id).started_at))

    def open_once(self, incident: Incident) -> tuple[Incident, bool]:
        """Store a new incident under a generated id, unless one with the same title and description exists.

        Returns the incident and whether it was new. A resolved one is found as well, and stays resolved.
        """
        clean = redact_model(replace(incident, id=""), personal=self._personal)
        (passages,) = self._recall.prepare([clean])
        return self.store.incidents.open_once(clean, passages, self._clock())

    def acknowledge(self, incident_id: str, by: str | None = None) -> Incident:
        """Record that somebody is working on it."""
        return self.store.incidents.acknowledge(incident_id, self._clock(), by)

    @property
    def personal(self) -> bool:
        """Whether personal data is redacted as well."""
        return self._personal

    # recall and recommend; neither writes

    @property
    def recall_limitation(self) -> str | None:
        """Why less than the whole memory was searched for this thread's last question; None: it was all searched."""
        return self._recall.limitation

    def similarities(self, text: str, owners: Sequence[Owner]) -> Mapping[Owner, float]:
        """Return the cosine of a text and the nearest passage of each owner; empty without a model."""
        passages_by_owner = self.store.passages.of_owners(owners)
        return self._recall.similarities(
            text, {owner: [passage for _, passage in owned] for owner, owned in passages_by_owner.items()}
        )

    def ask(self, situation: Situation, limit: int = 5, *, refine: bool = False) -> Recommendation:
        """Return an answer with citations, optionally refined by an LLM, without storing it."""
        answer = super().ask(situation, limit)
        return self.refiner.refine(answer, situation) if refine else answer

    def decide(self, situation: Situation, limit: int = 5) -> Recommendation:
        """Answer a situation without an incident and store it; the same evidence gives the same answer."""
        return self._answers.decide(redact_model(situation, personal=self._personal), limit)

    # recommend for an incident; kept

    def recommend(self, incident_id: str) -> Recommendation:
        """Answer an incident and store the answer; the same evidence gives the same recommendation."""
        return self._answers.answer(incident_id)

    def answer_due(self, limit: int = 10) -> int:
        """Answer incidents that are due; returns how many were answered."""
        return self._answers.answer_due(limit)

    def alert_links(self, incident_id: str) -> tuple[AlertLink, ...]:
        """Return the links of an incident's alerts, runbooks first."""
        return alert_links.collect_links(self.store.alerts.of_incident(incident_id, LINKED_ALERTS))

    # the worker's round

    def work(self, limit: int = 10) -> int:
        """Group waiting alerts, resolve ended incidents and answer due ones; returns the number of items handled."""
        return sum(each.run(limit) for each in self._rounds)

    # resolve and learn

    def reopen(self, incident_id: str, by: str | None = None) -> Incident:
        """Reopen an incident: its resolution is removed from track records and recall."""
        resolved = self.store.incidents.get(incident_id)
        ensure_not_merged(resolved)
        reopened = resolved.reopen()
        (passages,) = self._recall.prepare([reopened])
        return self.store.incidents.reopen(incident_id, passages, self._clock(), by)

    def link(self, incident_id: str, kind: LinkKind, target: str, by: str | None = None) -> Incident:
        """Link an incident to an earlier one; the answer to a resolved one is judged anew."""
        if incident_id == target:
            raise Invalid("an incident can't be linked to itself; name the earlier one", "incident")
        if kind == "merged":
            self.manual_grouping.merge(incident_id, target, by)
            return self.store.incidents.get(incident_id)
        now = self._clock()
        linked = self.store.incidents.link(incident_id, IncidentLink(kind, target), now, by)
        self.trust.record_resolution(linked, self.store.recommendations.of_incident(incident_id), now)
        return linked

    def rate(self, outcome: RecommendationOutcome, incident: str | None = None) -> None:
        """Store the outcome of a recommendation and its steps. Raises Invalid if `incident` is not the
        recommendation's incident.
        """
        recommendation = self.store.recommendations.get(outcome.recommendation)
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
        self.store.outcomes.save(
            replace(outcome, note=note), executions_from_outcome(recommendation, outcome), self._clock()
        )
        if recommendation.incident:
            self.trust.record_rating(self.store.incidents.get(recommendation.incident), recommendation, outcome)

    # bring in and out

    def import_history(
        self,
        items: Iterable[Any],
        progress: Callable[[int], None] | None = None,
        *,
        dry_run: bool = False,
        credit: bool = True,
    ) -> ImportReport:
        """Import incidents and documents; stored ones stay as they are.

        Without `credit`, the steps of resolutions add to no track record.
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

    def is_unchanged(self, document: Document) -> bool:
        """Return whether the document is stored already and says the same."""
        return self.store.records.unchanged([redact_model(document, personal=self._personal)])[0]

    def delete_document(self, document_id: str) -> None:
        """Delete a document; recommendations that cited it keep their quotes."""
        self.store.documents.delete(document_id)

    def remove_examples(self) -> RemovedExamples:
        """Remove the example records and recalibrate without them."""
        removed = self.store.examples.remove()
        if removed.incidents and self.store.curves.newest() is not None:
            self.trust.fit(self._clock())
        return removed

    def changes_before(self, incident: Incident) -> tuple[ChangeEvent, ...]:
        """Return the change events in the hours before an incident began, newest first."""
        return self.store.change_events.near(incident.service, incident.started_at)

    def draft_postmortem(self, incident_id: str) -> str:
        """Return a Markdown draft from the records. Raises NotFound, and Conflict while the incident is open."""
        incident = self.store.incidents.get(incident_id)
        return draft_postmortem(
            incident,
            self.store.events.timeline(incident_id),
            self.changes_before(incident),
            self.store.action_items.of_incident(incident_id),
        )

    def get_record(self, record_id: str) -> Incident | Document | Suggestion:
        """Return the incident, document or suggestion with this id. Raises NotFound."""
        for look_up in (self.store.incidents.get, self.store.documents.get):
            try:
                return look_up(record_id)
            except NotFound:
                continue
        try:
            return self.store.suggestions.get(record_id)
        except NotFound:
            return self._named_elsewhere(record_id)

    def _named_elsewhere(self, name: str) -> Incident | Document | Suggestion:
        """Return the only record with this key in its tool or number on its page. Raises NotFound, naming several."""
        spellings = tuple(dict.fromkeys((name, name.upper())))
        owners = self.store.records.named(spellings).values() or self.store.records.with_page_number(spellings)
        records = list(self.store.records.get(owners).values())
        if len(records) == 1:
            return records[0]
        several = f"; several incidents have this number: {', '.join(r.id for r in records)}" if records else ""
        raise NotFound(f"there is no incident or document {name}{several}")
