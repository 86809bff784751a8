"""The store on SQLite or PostgreSQL; each method is one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Self

from onrecall.domain.errors import Unavailable
from onrecall.domain.incident import (
    Document,
    DocumentKind,
    EvidenceKind,
    Incident,
    IncidentLink,
    Passage,
    Recommendation,
    RecommendationOutcome,
    Resolution,
    Severity,
    Status,
    StepExecution,
    TrackRecord,
)
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import (
    archive,
    documents,
    events,
    examples,
    health,
    incident_reports,
    incidents,
    lifecycle,
    outcomes,
    paging,
    passages,
    recommendations,
    reindex_staging,
    resolutions,
    retrieval_reads,
    step_executions,
    suggestions,
    terms,
    trust,
    upsert,
    validation,
)
from onrecall.storage.answer_leases import AnswerLeases
from onrecall.storage.audit import Audit
from onrecall.storage.backtests import Backtests
from onrecall.storage.backup import Backups
from onrecall.storage.cause_families import CauseFamilies
from onrecall.storage.check_results import CheckResults
from onrecall.storage.collaboration import CollaborationRepository
from onrecall.storage.consumer_offsets import ConsumerOffsets
from onrecall.storage.database import Database
from onrecall.storage.decisions import Decisions
from onrecall.storage.examples import ExampleRecords, RemovedExamples
from onrecall.storage.grouping import GroupingRepository
from onrecall.storage.health import Queue
from onrecall.storage.heartbeats import Heartbeats
from onrecall.storage.inbox import AlertRepository
from onrecall.storage.incident_images import IncidentImages
from onrecall.storage.keys import KeyRing
from onrecall.storage.maintenance import MaintenanceWindows
from onrecall.storage.memory_banks import MemoryBanks
from onrecall.storage.mirrored import Mirrored
from onrecall.storage.notices import Notices
from onrecall.storage.outbox import Outbox
from onrecall.storage.overview import Overview
from onrecall.storage.postgres_search import PostgresSearch
from onrecall.storage.push_subscriptions import PushSubscriptionRepository
from onrecall.storage.reindex_staging import ReindexStaging
from onrecall.storage.results import (
    EmbeddingVersion,
    FittedCurve,
    IncidentEvent,
    Owner,
    PassageFeatures,
    PassageLogEntry,
    PassageText,
    ResultPage,
    SaveResult,
    StoredTermStatistics,
    StoredVerdict,
    StoreEntry,
)
from onrecall.storage.services import ServiceRepository
from onrecall.storage.sessions import SessionRepository
from onrecall.storage.sign_ins import SignInRepository
from onrecall.storage.sources import SourceActivityRepository
from onrecall.storage.suggestions import Suggestions
from onrecall.storage.tickets import TicketRepository
from onrecall.storage.usage import Usage


class Storage(AlertRepository):
    """All stored data. Writes are atomic and durable once they return; reads never write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kind = database.kind
        self.grouping = GroupingRepository(database)
        self.usage = Usage(database)
        self.answer_leases = AnswerLeases(database)
        self.consumer_offsets = ConsumerOffsets(database)
        self.overview = Overview(database)
        self.outbox = Outbox(database)
        self.mirrored = Mirrored(database)
        self.memory_banks = MemoryBanks(database)
        self.cause_families = CauseFamilies(database)
        self.notices = Notices(database)
        self.maintenance = MaintenanceWindows(database)
        self.heartbeats = Heartbeats(database)
        self.decisions = Decisions(database)
        self.collaboration = CollaborationRepository(database)
        self.check_results = CheckResults(database)
        self.services = ServiceRepository(database)
        self.images = IncidentImages(database)
        self.audit = Audit(database)
        self.backups = Backups(database)
        self.tickets = TicketRepository(database)
        self.sessions = SessionRepository(database)
        self.sign_ins = SignInRepository(database)
        self.push_subscriptions = PushSubscriptionRepository(database)
        self.source_activity = SourceActivityRepository(database)
        self.backtests = Backtests(database)
        self.suggestions = Suggestions(database)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store at `sqlite:///path`, `sqlite://` (in memory) or `postgresql://…` and migrate its schema."""
        return cls(Database(url))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The kind of database."""
        return self._kind.name

    # writes

    def save(self, entries: Sequence[StoreEntry], now: datetime) -> tuple[SaveResult, ...]:
        """Create or update entries by natural key; one that conflicts with stored data is rejected with a reason."""
        with self._database.write() as connection:
            return upsert.save(connection, entries, validation.require_utc(now, "now"))

    def open_incident(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
        """Store a new incident, with a new id if it has none; returns whether it was new. Raises Conflict."""
        with self._database.write() as connection:
            return upsert.open_incident(connection, incident, passages, validation.require_utc(now, "now"))

    def open_incident_once(
        self, incident: Incident, passages: Sequence[Passage], now: datetime
    ) -> tuple[Incident, bool]:
        """Store a new incident under a new id, unless one with the same words exists; returns whether it was new."""
        with self._database.write() as connection:
            return upsert.open_incident_once(connection, incident, passages, validation.require_utc(now, "now"))

    def acknowledge(self, incident_id: str, at: datetime, by: str | None = None) -> Incident:
        """Acknowledge an incident."""
        validation.require_text(by or "", "by")
        with self._database.write() as connection:
            return lifecycle.acknowledge(connection, incident_id, validation.require_utc(at, "at"), by)

    def resolve(
        self,
        incident_id: str,
        resolution: Resolution,
        passages: Sequence[Passage],
        performed: Sequence[StepExecution],
        links: Sequence[IncidentLink],
        now: datetime,
    ) -> Incident:
        """Resolve an incident. A different resolution becomes a new version; the same one changes nothing."""
        dated = replace(resolution, at=validation.require_utc(resolution.at, "at"))
        with self._database.write() as connection:
            return lifecycle.resolve(
                connection, incident_id, dated, passages, performed, links, validation.require_utc(now, "now")
            )

    def attach_report(
        self, described: Incident, passages: Sequence[Passage], performed: Sequence[StepExecution], now: datetime
    ) -> bool:
        """Add what a postmortem says to a stored incident; returns whether anything was new."""
        with self._database.write() as connection:
            return lifecycle.attach_report(
                connection, described, passages, performed, validation.require_utc(now, "now")
            )

    def reopen(self, incident_id: str, passages: Sequence[Passage], at: datetime, by: str | None = None) -> Incident:
        """Reopen an incident: revoke its resolution and the outcomes of its recommendations."""
        validation.require_text(by or "", "by")
        with self._database.write() as connection:
            return lifecycle.reopen(connection, incident_id, passages, validation.require_utc(at, "at"), by)

    def link(self, incident_id: str, link: IncidentLink, at: datetime, by: str | None = None) -> Incident:
        """Link an incident to another one."""
        validation.require_text(by or "", "by")
        with self._database.write() as connection:
            return lifecycle.link(connection, incident_id, link, validation.require_utc(at, "at"), by)

    def put_document(
        self, document: Document, passages: Sequence[Passage], now: datetime
    ) -> Literal["created", "updated", "unchanged"]:
        """Store a document under its id."""
        with self._database.write() as connection:
            return upsert.put_document(connection, document, passages, validation.require_utc(now, "now"))

    def delete_document(self, document_id: str) -> None:
        """Delete a document; recommendations that cite it keep their quotes."""
        with self._database.write() as connection:
            upsert.delete_document(connection, document_id)

    def save_recommendation(self, recommendation: Recommendation, step_keys: Sequence[str]) -> Recommendation:
        """Save an answer; if it was given before, the stored one is returned and becomes the newest."""
        with self._database.write() as connection:
            return recommendations.save(connection, recommendation, step_keys)

    def rate(self, outcome: RecommendationOutcome, performed: Sequence[StepExecution], now: datetime) -> None:
        """Save a person's outcome of a recommendation, replacing the earlier one."""
        with self._database.write() as connection:
            outcomes.rate(connection, outcome, performed, validation.require_utc(now, "now"))

    def save_verdict(self, judgement: StoredVerdict) -> None:
        """Save whether the answer to an incident was right."""
        with self._database.write() as connection:
            trust.save_verdict(connection, judgement)

    def replace_verdicts(self, basis: Literal["backtest", "outcomes"], judgements: Sequence[StoredVerdict]) -> None:
        """Replace all verdicts of one basis."""
        with self._database.write() as connection:
            trust.replace_verdicts(connection, basis, judgements)

    def save_curve(self, body: Mapping[str, Any], at: datetime) -> FittedCurve:
        """Save a fitted curve as the next version."""
        with self._database.write() as connection:
            return trust.save_curve(connection, body, validation.require_utc(at, "at"))

    def remove_examples(self) -> RemovedExamples:
        """Remove all example records; records that cite them keep the quotes."""
        with self._database.write() as connection:
            return examples.remove(connection)

    def load(self, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Load what `dump` wrote, as a whole. Raises Conflict if a row differs from a stored one."""
        with self._database.write() as connection:
            return archive.load(connection, rows)

    # reads

    def unchanged(self, records: Sequence[Incident | Document]) -> list[bool]:
        """Return for each record whether it is stored with the same content, so only changed ones need embedding."""
        with self._database.read() as connection:
            return upsert.unchanged(connection, records)

    def incident(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """Return an incident, now or as it was known at `as_of`. Raises NotFound."""
        with self._database.read() as connection:
            return incidents.get(connection, incident_id, _as_of_utc(as_of))

    def resolutions(self, incident_id: str) -> tuple[Resolution, ...]:
        """Return every version of an incident's resolution, newest first."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return resolutions.versions(connection, incident_id)

    def incidents(  # noqa: PLR0917
        self,
        status: Status | Literal["unresolved"] | None = None,
        service: str | None = None,
        severity: Severity | None = None,
        q: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[Incident]:
        """Return incidents matching all filters, newest first; `q` are words in title or description."""
        filters = incidents.IncidentFilter(status, service, severity, q, since, until)
        with self._database.read() as connection:
            return incidents.page(connection, filters, cursor, limit)

    def due(self, limit: int) -> tuple[str, ...]:
        """Return ids of incidents that wait for a recommendation, longest waiting first."""
        with self._database.read() as connection:
            return incidents.due(connection, limit)

    def get_records(
        self, ids: Iterable[tuple[EvidenceKind, str]], as_of: datetime | None = None
    ) -> dict[Owner, Incident | Document | Suggestion]:
        """Return incidents, documents and suggestions as known at `as_of`; unknown ones are absent."""
        ids_by_kind: dict[EvidenceKind, list[str]] = {"incident": [], "document": [], "suggestion": []}
        for kind, name in ids:
            ids_by_kind[kind].append(name)
        with self._database.read() as connection:
            records: dict[Owner, Incident | Document | Suggestion] = {}
            for name, suggestion in suggestions.by_id(connection, ids_by_kind["suggestion"], _as_of_utc(as_of)).items():
                records["suggestion", name] = suggestion
            for name, incident in incidents.by_id(connection, ids_by_kind["incident"], _as_of_utc(as_of)).items():
                records["incident", name] = incident
            for name, document in documents.by_id(connection, ids_by_kind["document"], _as_of_utc(as_of)).items():
                records["document", name] = document
            return records

    def incidents_of_causes(
        self, causes: Iterable[str], limit: int, as_of: datetime | None = None
    ) -> Mapping[str, tuple[Incident, ...]]:
        """Return by cause label the newest resolved incidents of that cause, at most `limit` of each."""
        as_of = _as_of_utc(as_of)
        with self._database.read() as connection:
            names = {cause: resolutions.incidents_of_cause(connection, cause, limit, as_of) for cause in causes}
            by_id = incidents.by_id(connection, [name for of_cause in names.values() for name in of_cause], as_of)
        return {cause: tuple(by_id[name] for name in of_cause if name in by_id) for cause, of_cause in names.items()}

    def suggestions_pending(self) -> bool:
        """Whether any suggestion is undecided; a replay of history has none."""
        return self.suggestions.any_pending()

    def incidents_told_in(self, documents: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return for each document the ids of the incidents it describes."""
        with self._database.read() as connection:
            return incident_reports.described_incidents(connection, documents)

    def document(self, document_id: str) -> Document:
        """Return a document. Raises NotFound."""
        with self._database.read() as connection:
            return documents.get(connection, document_id)

    def documents(
        self, kind: DocumentKind | None = None, service: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ResultPage[Document]:
        """Return documents matching all filters, by id."""
        with self._database.read() as connection:
            return documents.page(connection, kind, service, cursor, limit)

    def recommendation(self, recommendation_id: str) -> Recommendation:
        """Return a recommendation as it was given. Raises NotFound."""
        with self._database.read() as connection:
            return recommendations.get(connection, recommendation_id)

    def newest_recommendation(self, incident_id: str) -> Recommendation | None:
        """Return the newest answer to an incident, if there is one."""
        with self._database.read() as connection:
            return next(iter(recommendations.newest_first(connection, incident_id, 1)), None)

    def recommendations(self, incident_id: str) -> tuple[Recommendation, ...]:
        """Return all answers to an incident, newest first."""
        with self._database.read() as connection:
            return recommendations.newest_first(connection, incident_id)

    def outcomes(self, recommendation_id: str) -> tuple[RecommendationOutcome, ...]:
        """Return the current outcomes of a recommendation."""
        with self._database.read() as connection:
            return outcomes.of_recommendation(connection, recommendation_id)

    def step_records(self, keys: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return track records by step key; steps never executed are absent."""
        with self._database.read() as connection:
            return step_executions.records(connection, keys, _as_of_utc(as_of))

    def evidence_records(self, ids: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return how often recommendations based on an incident or document helped."""
        with self._database.read() as connection:
            return outcomes.records(connection, ids, _as_of_utc(as_of))

    def judged(self) -> tuple[StoredVerdict, ...]:
        """Return all verdicts, in the order the answers were given."""
        with self._database.read() as connection:
            return trust.all_verdicts(connection)

    def judged_count(self) -> int:
        """Return the number of verdicts."""
        with self._database.read() as connection:
            return trust.count(connection)

    def cause_known(self, cause: str, before: datetime, other_than: str) -> bool:
        """Whether another incident with this cause was resolved before a time."""
        with self._database.read() as connection:
            return trust.cause_known(connection, cause, validation.require_utc(before, "before"), other_than)

    def curve_version(self) -> int:
        """Return the version of the newest curve; 0 if there is none."""
        with self._database.read() as connection:
            return trust.newest_version(connection)

    def newest_curve(self) -> FittedCurve | None:
        """Return the newest curve."""
        with self._database.read() as connection:
            return trust.newest_curve(connection)

    def timeline(self, incident_id: str) -> tuple[IncidentEvent, ...]:
        """Return the events of an incident, in the order they happened."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return events.timeline(connection, incident_id)

    def events(self, after: int = 0, limit: int = 100) -> tuple[IncidentEvent, ...]:
        """Return events of all incidents, in the order they were recorded; continue after the last `seq`."""
        with self._database.read() as connection:
            return events.feed(connection, after, paging.check_limit(limit))

    def example_records(self) -> ExampleRecords:
        """Return the stored example records."""
        with self._database.read() as connection:
            return examples.stored_examples(connection)

    def counts(self) -> Mapping[str, int]:
        """Return the numbers of stored records by kind."""
        with self._database.read() as connection:
            return health.counts(connection)

    def passage_count(self, owner: Owner) -> int:
        """Return the number of passages of an incident or document."""
        with self._database.read() as connection:
            return len(passages.select_by_owner(connection, [owner]).get(owner, ()))

    def check(self) -> tuple[str, ...]:
        """Return inconsistencies of the stored data, in sentences; empty if there are none."""
        with self._database.read() as connection:
            return health.check(connection)

    @property
    def problems(self) -> tuple[str, ...]:
        """Failures of the database that have not been cleared since, in sentences."""
        return self._database.condition.problems

    def probe(self) -> None:
        """Check that the store can be written. Raises Unavailable; `problems` has the reason."""
        if lack := self._kind.lack_of_room():
            self._database.condition.failure = lack
            raise Unavailable(lack)
        self._database.probe()

    def check_file(self) -> None:
        """Check the file on disk; `problems` has the result. Takes time in proportion to its size."""
        errors = self._kind.check_file()
        self._database.condition.damage = f"the database is damaged: {'; '.join(errors)}" if errors else None

    def queue(self, now: datetime) -> Queue:
        """Return what waits for the worker, and its progress."""
        with self._database.read() as connection:
            return health.queue(connection, now)

    def dump(self) -> Iterator[dict[str, Any]]:
        """Yield all rows as of one moment, for `load`."""
        return self._database.stream(archive.dump)

    def keys(self) -> KeyRing:
        """Return the API keys."""
        return KeyRing(self._database)

    # for retrieval

    def changes(self, after: int, limit: int) -> list[PassageLogEntry]:
        """Return passage log entries after a number, in order."""
        with self._database.read() as connection:
            return passages.log_since(connection, after, limit)

    def last_seq(self) -> int:
        """Return the number of the last passage change."""
        with self._database.read() as connection:
            return passages.last_change(connection)

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Return passages by number; removed ones are absent."""
        with self._database.read() as connection:
            return passages.select_by_id(connection, ids)

    def passage_features(self, ids: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[PassageFeatures]]:
        """Return the features of all passages of these passages' owners, as known at `as_of`."""
        with self._database.read() as connection:
            return retrieval_reads.passage_features(connection, ids, _as_of_utc(as_of))

    def passage_texts(self, ids: Sequence[int]) -> dict[int, PassageText]:
        """Return passage texts by number; removed ones are absent."""
        with self._database.read() as connection:
            return retrieval_reads.passage_texts(connection, ids)

    def passages_of(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """Return the passages of owners as known at `as_of`, with their numbers."""
        with self._database.read() as connection:
            return passages.select_by_owner(connection, owners, _as_of_utc(as_of))

    def search(self, model: str | None, dimensions: int) -> PostgresSearch:
        """Return PostgreSQL's own search for the vectors of this model."""
        return PostgresSearch(self._database, model, dimensions)

    def count_by_version(self) -> Mapping[EmbeddingVersion, int]:
        """Return the number of passages by embedding version."""
        with self._database.read() as connection:
            return reindex_staging.count_by_version(connection)

    def reindexing(self, make: EmbeddingVersion) -> ReindexStaging:
        """Return the staging of a re-index to this version."""
        return ReindexStaging(self._database, make)

    def term_statistics(self, hashes: Sequence[int]) -> StoredTermStatistics:
        """Return exact document frequencies of terms."""
        with self._database.read() as connection:
            return terms.statistics(connection, hashes)


def _as_of_utc(as_of: datetime | None) -> datetime | None:
    return None if as_of is None else validation.require_utc(as_of, "as_of")
