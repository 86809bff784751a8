"""The store on SQLite or PostgreSQL: a repository for each kind of record, on one database."""

from typing import Literal, Self

from onrecall.storage.action_items import ActionItems
from onrecall.storage.alerts import AlertRepository
from onrecall.storage.answer_leases import AnswerLeases
from onrecall.storage.archive import Archive
from onrecall.storage.audit import Audit
from onrecall.storage.auto_resolve import AutoResolveRepository
from onrecall.storage.backtests import Backtests
from onrecall.storage.backup import Backups
from onrecall.storage.cause_families import CauseFamilies
from onrecall.storage.change_events import ChangeEventRepository
from onrecall.storage.check_results import CheckResults
from onrecall.storage.collaboration import CollaborationRepository
from onrecall.storage.consumer_offsets import ConsumerOffsets
from onrecall.storage.database import Database
from onrecall.storage.decisions import Decisions
from onrecall.storage.document_shares import DocumentShares
from onrecall.storage.documents import DocumentRepository
from onrecall.storage.erasure import Erasures
from onrecall.storage.events import EventRepository
from onrecall.storage.examples import ExampleRepository
from onrecall.storage.grouping import GroupingRepository
from onrecall.storage.health import HealthRepository
from onrecall.storage.heartbeats import Heartbeats
from onrecall.storage.incident_images import IncidentImages
from onrecall.storage.incidents import IncidentRepository
from onrecall.storage.ingest import IngestRepository
from onrecall.storage.keys import KeyRepository
from onrecall.storage.maintenance import MaintenanceWindows
from onrecall.storage.memory_banks import MemoryBanks
from onrecall.storage.mirrored_documents import Mirrored
from onrecall.storage.notes import NoteRepository
from onrecall.storage.notices import Notices
from onrecall.storage.outbox import Outbox
from onrecall.storage.outcomes import OutcomeRepository
from onrecall.storage.overview import Overview
from onrecall.storage.passages import PassageRepository
from onrecall.storage.postgres_search import PostgresSearch
from onrecall.storage.push_subscriptions import PushSubscriptionRepository
from onrecall.storage.recommendations import RecommendationRepository
from onrecall.storage.records import RecordRepository
from onrecall.storage.recurrence_days import RecurrenceDays
from onrecall.storage.reindex_staging import ReindexRepository
from onrecall.storage.rejected import RejectedPartRepository
from onrecall.storage.services import ServiceRepository
from onrecall.storage.sessions import SessionRepository
from onrecall.storage.sign_ins import SignInRepository
from onrecall.storage.sources import SourceActivityRepository
from onrecall.storage.step_executions import StepExecutionRepository
from onrecall.storage.suggestions import Suggestions
from onrecall.storage.tickets import TicketRepository
from onrecall.storage.trust import CurveRepository, VerdictRepository
from onrecall.storage.usage import Usage


class Storage:
    """All stored data, a repository each. Writes are atomic and durable once they return; reads never write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._add_what_comes_in(database)
        self._add_history(database)
        self._add_answers(database)
        self._add_channels(database)
        self._add_access(database)
        self.health = HealthRepository(database)
        self.archive = Archive(database)
        self.backups = Backups(database)

    def _add_what_comes_in(self, database: Database) -> None:
        self.source_activity = SourceActivityRepository(database)
        self.ingest = IngestRepository(database, self.source_activity)
        self.alerts = AlertRepository(database)
        self.notes = NoteRepository(database)
        self.change_events = ChangeEventRepository(database)
        self.rejected = RejectedPartRepository(database)
        self.grouping = GroupingRepository(database)
        self.auto_resolve = AutoResolveRepository(database)
        self.maintenance = MaintenanceWindows(database)
        self.heartbeats = Heartbeats(database)

    def _add_history(self, database: Database) -> None:
        self.records = RecordRepository(database)
        self.incidents = IncidentRepository(database)
        self.documents = DocumentRepository(database)
        self.document_shares = DocumentShares(database)
        self.passages = PassageRepository(database)
        self.reindexing = ReindexRepository(database)
        self.examples = ExampleRepository(database)
        self.suggestions = Suggestions(database)
        self.events = EventRepository(database)
        self.overview = Overview(database)
        self.services = ServiceRepository(database)
        self.collaboration = CollaborationRepository(database)
        self.action_items = ActionItems(database)
        self.images = IncidentImages(database)
        self.check_results = CheckResults(database)

    def _add_answers(self, database: Database) -> None:
        self.answer_leases = AnswerLeases(database)
        self.recommendations = RecommendationRepository(database)
        self.outcomes = OutcomeRepository(database)
        self.step_executions = StepExecutionRepository(database)
        self.decisions = Decisions(database)
        self.verdicts = VerdictRepository(database)
        self.curves = CurveRepository(database)
        self.cause_families = CauseFamilies(database)
        self.recurrence_days = RecurrenceDays(database)
        self.backtests = Backtests(database)
        self.usage = Usage(database)

    def _add_channels(self, database: Database) -> None:
        self.outbox = Outbox(database)
        self.notices = Notices(database)
        self.mirrored = Mirrored(database)
        self.memory_banks = MemoryBanks(database)
        self.consumer_offsets = ConsumerOffsets(database)

    def _add_access(self, database: Database) -> None:
        self.keys = KeyRepository(database)
        self.sessions = SessionRepository(database)
        self.sign_ins = SignInRepository(database)
        self.push_subscriptions = PushSubscriptionRepository(database)
        self.tickets = TicketRepository(database)
        self.audit = Audit(database)
        self.erasures = Erasures(database)

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
        return self._database.kind.name

    def search(self, model: str | None, dimensions: int) -> PostgresSearch:
        """Return PostgreSQL's own search for the vectors of this model."""
        return PostgresSearch(self._database, model, dimensions)
