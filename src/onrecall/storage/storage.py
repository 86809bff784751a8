"""The store: everything that is remembered, on SQLite or PostgreSQL, each method one transaction."""

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
    resolutions,
    suggestions,
    terms,
    trust,
)
from onrecall.storage import reindex_staging
from onrecall.storage import retrieval_reads
from onrecall.storage import step_executions
from onrecall.storage import upsert
from onrecall.storage import validation
from onrecall.storage.answer_leases import AnswerLeases
from onrecall.storage.audit import Audit
from onrecall.storage.backtests import Backtests
from onrecall.storage.backup import Backups
from onrecall.storage.cause_families import CauseFamilies
from onrecall.storage.collaboration import CollaborationRepository
from onrecall.storage.consumer_offsets import ConsumerOffsets
from onrecall.storage.database import Database
from onrecall.storage.decisions import Decisions
from onrecall.storage.examples import ExampleRecords, RemovedExamples
from onrecall.storage.grouping import GroupingRepository
from onrecall.storage.health import Queue
from onrecall.storage.heartbeats import Heartbeats
from onrecall.storage.inbox import AlertRepository
from onrecall.storage.keys import KeyRing
from onrecall.storage.maintenance import MaintenanceWindows
from onrecall.storage.memory_banks import MemoryBanks
from onrecall.storage.mirrored import Mirrored
from onrecall.storage.notices import Notices
from onrecall.storage.outbox import Outbox
from onrecall.storage.overview import Overview
from onrecall.storage.postgres_search import PostgresSearch
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
    StoredVerdict,
    StoreEntry,
    TermStatistics,
)
from onrecall.storage.sources import SourceActivityRepository
from onrecall.storage.suggestions import Suggestions
from onrecall.storage.tickets import TicketRepository
from onrecall.storage.usage import Usage


class Storage(AlertRepository):
    """All that is kept. Writes are whole or not at all, and kept once they return; reads never write."""

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
        self.audit = Audit(database)
        self.backups = Backups(database)
        self.tickets = TicketRepository(database)
        self.source_activity = SourceActivityRepository(database)
        self.backtests = Backtests(database)
        self.suggestions = Suggestions(database)

    @classmethod
    def open(cls, url: str) -> Self:
        """The store at `sqlite:///path`, `sqlite://` (in memory) or `postgresql://…`, its schema brought up to date."""
        return cls(Database(url))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which database it is."""
        return self._kind.name

    # writes

    def save(self, entries: Sequence[StoreEntry], now: datetime) -> tuple[SaveResult, ...]:
        """Create or update under natural keys; an entry that contradicts what is known is left out and says so."""
        with self._database.write() as connection:
            return upsert.save(connection, entries, validation.require_utc(now, "now"))

    def open_incident(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
        """Keep a new incident, under a minted id if it has none; whether it was new. Other content is a Conflict."""
        with self._database.write() as connection:
            return upsert.open_incident(connection, incident, passages, validation.require_utc(now, "now"))

    def open_incident_once(
        self, incident: Incident, passages: Sequence[Passage], now: datetime
    ) -> tuple[Incident, bool]:
        """Keep a new incident under a minted id, unless one was reported in the same words; whether it was new."""
        with self._database.write() as connection:
            return upsert.open_incident_once(connection, incident, passages, validation.require_utc(now, "now"))

    def acknowledge(self, incident_id: str, at: datetime, by: str | None = None) -> Incident:
        """Record that somebody is working on it."""
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
        """Close it with what fixed it: a new version where another resolution stood, nothing where the same one did."""
        dated = replace(resolution, at=validation.require_utc(resolution.at, "at"))
        with self._database.write() as connection:
            return lifecycle.resolve(
                connection, incident_id, dated, passages, performed, links, validation.require_utc(now, "now")
            )

    def attach_report(
        self, described: Incident, passages: Sequence[Passage], performed: Sequence[StepExecution], now: datetime
    ) -> bool:
        """Add to a stored incident what a postmortem says of it; whether anything of it was new."""
        with self._database.write() as connection:
            return lifecycle.attach_report(connection, described, passages, performed, validation.require_utc(now, "now"))

    def reopen(self, incident_id: str, passages: Sequence[Passage], at: datetime, by: str | None = None) -> Incident:
        """It was not over: the credit of its resolution and of the outcomes of its recommendations is taken back."""
        validation.require_text(by or "", "by")
        with self._database.write() as connection:
            return lifecycle.reopen(connection, incident_id, passages, validation.require_utc(at, "at"), by)

    def link(self, incident_id: str, link: IncidentLink, at: datetime, by: str | None = None) -> Incident:
        """Tie it to another incident."""
        validation.require_text(by or "", "by")
        with self._database.write() as connection:
            return lifecycle.link(connection, incident_id, link, validation.require_utc(at, "at"), by)

    def put_document(
        self, document: Document, passages: Sequence[Passage], now: datetime
    ) -> Literal["created", "updated", "unchanged"]:
        """Keep a document under its id."""
        with self._database.write() as connection:
            return upsert.put_document(connection, document, passages, validation.require_utc(now, "now"))

    def delete_document(self, document_id: str) -> None:
        """Forget a document; recommendations that cited it keep their quotes."""
        with self._database.write() as connection:
            upsert.delete_document(connection, document_id)

    def save_recommendation(self, recommendation: Recommendation, step_keys: Sequence[str]) -> Recommendation:
        """Keep an answer; if it was given before, the stored one is returned and is the newest again."""
        with self._database.write() as connection:
            return recommendations.save(connection, recommendation, step_keys)

    def rate(self, outcome: RecommendationOutcome, performed: Sequence[StepExecution], now: datetime) -> None:
        """Keep what somebody said came of a recommendation, in place of what he said before."""
        with self._database.write() as connection:
            outcomes.rate(connection, outcome, performed, validation.require_utc(now, "now"))

    def save_verdict(self, judgement: StoredVerdict) -> None:
        """Keep what became of the answer to an incident."""
        with self._database.write() as connection:
            trust.save_verdict(connection, judgement)

    def replace_verdicts(self, basis: Literal["backtest", "outcomes"], judgements: Sequence[StoredVerdict]) -> None:
        """Put these judgements in place of all of one basis."""
        with self._database.write() as connection:
            trust.replace_verdicts(connection, basis, judgements)

    def save_curve(self, body: Mapping[str, Any], at: datetime) -> FittedCurve:
        """Keep a measured curve as the next version."""
        with self._database.write() as connection:
            return trust.save_curve(connection, body, validation.require_utc(at, "at"))

    def remove_examples(self) -> RemovedExamples:
        """Remove every example incident and document; whoever cited one keeps the quotes."""
        with self._database.write() as connection:
            return examples.remove(connection)

    def load(self, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Take in what `dump` gave out, all or nothing; what contradicts what is here is a Conflict."""
        with self._database.write() as connection:
            return archive.load(connection, rows)

    # reads

    def unchanged(self, records: Sequence[Incident | Document]) -> list[bool]:
        """Whether each is here already and says the same, so that only what changed need be embedded."""
        with self._database.read() as connection:
            return upsert.unchanged(connection, records)

    def incident(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """One incident, now or as it was known at a time."""
        with self._database.read() as connection:
            return incidents.get(connection, incident_id, _as_of_utc(as_of))

    def resolutions(self, incident_id: str) -> tuple[Resolution, ...]:
        """List every version of its resolution, newest first."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return resolutions.versions(connection, incident_id)

    def incidents(  # noqa: PLR0917
        self,
        status: Status | None = None,
        service: str | None = None,
        severity: Severity | None = None,
        q: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[Incident]:
        """Incidents that fit all that is given, newest first; `q` are words in the title or the description."""
        filters = incidents.IncidentFilter(status, service, severity, q, since, until)
        with self._database.read() as connection:
            return incidents.page(connection, filters, cursor, limit)

    def due(self, limit: int) -> tuple[str, ...]:
        """Ids of incidents that wait for a recommendation, the longest waiting first."""
        with self._database.read() as connection:
            return incidents.due(connection, limit)

    def get_records(
        self, ids: Iterable[tuple[EvidenceKind, str]], as_of: datetime | None = None
    ) -> dict[Owner, Incident | Document | Suggestion]:
        """Incidents, documents and suggestions as they were known at a time; what was unknown then is absent."""
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

    def suggestions_pending(self) -> bool:
        """Whether senders suggest anything that nobody decided on; a replay of history has none."""
        return self.suggestions.any_pending()

    def incidents_told_in(self, documents: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """For each document the ids of the incidents that it tells of."""
        with self._database.read() as connection:
            return incident_reports.described_incidents(connection, documents)

    def document(self, document_id: str) -> Document:
        """One document."""
        with self._database.read() as connection:
            return documents.get(connection, document_id)

    def documents(
        self, kind: DocumentKind | None = None, service: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ResultPage[Document]:
        """Documents that fit all that is given, by id."""
        with self._database.read() as connection:
            return documents.page(connection, kind, service, cursor, limit)

    def recommendation(self, recommendation_id: str) -> Recommendation:
        """Return one recommendation as it was given."""
        with self._database.read() as connection:
            return recommendations.get(connection, recommendation_id)

    def newest_recommendation(self, incident_id: str) -> Recommendation | None:
        """The last answer to an incident, if there is one yet."""
        with self._database.read() as connection:
            return next(iter(recommendations.newest_first(connection, incident_id, 1)), None)

    def recommendations(self, incident_id: str) -> tuple[Recommendation, ...]:
        """All answers to an incident, newest first."""
        with self._database.read() as connection:
            return recommendations.newest_first(connection, incident_id)

    def outcomes(self, recommendation_id: str) -> tuple[RecommendationOutcome, ...]:
        """What counts of what was said of a recommendation."""
        with self._database.read() as connection:
            return outcomes.of_recommendation(connection, recommendation_id)

    def step_records(self, keys: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """How often steps were tried and what came of it, by their keys; one that was never tried is absent."""
        with self._database.read() as connection:
            return step_executions.records(connection, keys, _as_of_utc(as_of))

    def evidence_records(self, ids: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """How often recommendations helped that rested on an incident or a document."""
        with self._database.read() as connection:
            return outcomes.records(connection, ids, _as_of_utc(as_of))

    def judged(self) -> tuple[StoredVerdict, ...]:
        """Every answer whose truth is known, in the order in which the answers were given."""
        with self._database.read() as connection:
            return trust.all_verdicts(connection)

    def judged_count(self) -> int:
        """How many answers have a known truth."""
        with self._database.read() as connection:
            return trust.count(connection)

    def cause_known(self, cause: str, before: datetime, other_than: str) -> bool:
        """Whether another incident of this cause was resolved before a time."""
        with self._database.read() as connection:
            return trust.cause_known(connection, cause, validation.require_utc(before, "before"), other_than)

    def curve_version(self) -> int:
        """The number of the newest curve; 0 when there is none."""
        with self._database.read() as connection:
            return trust.newest_version(connection)

    def newest_curve(self) -> FittedCurve | None:
        """The newest curve."""
        with self._database.read() as connection:
            return trust.newest_curve(connection)

    def timeline(self, incident_id: str) -> tuple[IncidentEvent, ...]:
        """What happened to an incident, in the order in which it happened."""
        with self._database.read() as connection:
            incidents.get(connection, incident_id)
            return events.timeline(connection, incident_id)

    def events(self, after: int = 0, limit: int = 100) -> tuple[IncidentEvent, ...]:
        """What happened to all incidents, in the order in which the store was told; go on with the last `seq`."""
        with self._database.read() as connection:
            return events.feed(connection, after, paging.check_limit(limit))

    def example_records(self) -> ExampleRecords:
        """The example incidents and documents that are stored."""
        with self._database.read() as connection:
            return examples.stored_examples(connection)

    def counts(self) -> Mapping[str, int]:
        """Return the numbers of stored records by kind."""
        with self._database.read() as connection:
            return health.counts(connection)

    def passage_count(self, owner: Owner) -> int:
        """Return into how many passages an incident or a document is cut."""
        with self._database.read() as connection:
            return len(passages.select_by_owner(connection, [owner]).get(owner, ()))

    def check(self) -> tuple[str, ...]:
        """What is wrong with what is stored, in sentences; empty when all is well."""
        with self._database.read() as connection:
            return health.check(connection)

    @property
    def problems(self) -> tuple[str, ...]:
        """What the database failed at and was not seen to do since, in sentences."""
        return self._database.condition.problems

    def probe(self) -> None:
        """See whether it can be written; `problems` has the reason where not, and Unavailable is raised."""
        if lack := self._kind.lack_of_room():
            self._database.condition.failure = lack
            raise Unavailable(lack)
        self._database.probe()

    def check_file(self) -> None:
        """Look for damage on the disk; `problems` has what is found. Takes time in proportion to the size."""
        errors = self._kind.check_file()
        self._database.condition.damage = f"the database is damaged: {'; '.join(errors)}" if errors else None

    def queue(self, now: datetime) -> Queue:
        """What waits for the worker, and how far it has come."""
        with self._database.read() as connection:
            return health.queue(connection, now)

    def dump(self) -> Iterator[dict[str, Any]]:
        """Everything as it stands at one moment, in rows that `load` takes in."""
        return self._database.stream(archive.dump)

    def keys(self) -> KeyRing:
        """The keys that open the doors."""
        return KeyRing(self._database)

    # for recall

    def changes(self, after: int, limit: int) -> list[PassageLogEntry]:
        """Passages that came or went after a change's number, in order."""
        with self._database.read() as connection:
            return passages.log_since(connection, after, limit)

    def last_seq(self) -> int:
        """The number of the last change to passages."""
        with self._database.read() as connection:
            return passages.last_change(connection)

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        """Passages by their numbers; one that is gone is absent."""
        with self._database.read() as connection:
            return passages.select_by_id(connection, ids)

    def passage_features(self, ids: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[PassageFeatures]]:
        """What the owners of these passages are compared by, as far as it was known at a time."""
        with self._database.read() as connection:
            return retrieval_reads.passage_features(connection, ids, _as_of_utc(as_of))

    def passage_texts(self, ids: Sequence[int]) -> dict[int, PassageText]:
        """What passages say; one that is gone is absent."""
        with self._database.read() as connection:
            return retrieval_reads.passage_texts(connection, ids)

    def passages_of(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """The passages of incidents and documents that were known at a time, with their numbers."""
        with self._database.read() as connection:
            return passages.select_by_owner(connection, owners, _as_of_utc(as_of))

    def search(self, model: str | None, dimensions: int) -> PostgresSearch:
        """PostgreSQL's own search, by the vectors of this model."""
        return PostgresSearch(self._database, model, dimensions)

    def count_by_version(self) -> Mapping[EmbeddingVersion, int]:
        """How many passages there are of each make."""
        with self._database.read() as connection:
            return reindex_staging.count_by_version(connection)

    def reindexing(self, make: EmbeddingVersion) -> ReindexStaging:
        """The way to have all passages made anew."""
        return ReindexStaging(self._database, make)

    def term_statistics(self, hashes: Sequence[int]) -> TermStatistics:
        """How common terms are, exactly."""
        with self._database.read() as connection:
            return terms.statistics(connection, hashes)


def _as_of_utc(as_of: datetime | None) -> datetime | None:
    return None if as_of is None else validation.require_utc(as_of, "as_of")
