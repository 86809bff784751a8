"""What a memory needs of its store: the database has it all, a replay holds the same in memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from onrecall.domain.document import Document
from onrecall.domain.evidence import StepExecution, TrackRecord
from onrecall.domain.incident import Incident, IncidentLink, Resolution
from onrecall.domain.passage import Owner, Passage
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import PassageFeatures, PassageLogEntry, PassageText, StoredTermStatistics
from onrecall.storage.examples import ExampleRecords
from onrecall.storage.records import DocumentState


class IncidentStore(Protocol):
    """Opens, resolves and finds incidents."""

    def open(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
        """Store a new incident; returns whether it was new."""

    def resolve(
        self,
        incident_id: str,
        resolution: Resolution,
        passages: Sequence[Passage],
        performed: Sequence[StepExecution],
        links: Sequence[IncidentLink],
        now: datetime,
    ) -> Incident:
        """Store the resolution of an incident."""

    def get(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """Return an incident as it was known at a time. Raises NotFound."""

    def of_causes(
        self, causes: Iterable[str], limit: int, as_of: datetime | None = None
    ) -> Mapping[str, tuple[Incident, ...]]:
        """Return by cause label the newest resolved incidents of that cause."""

    def newest_of_services(
        self, services: Sequence[str], limit: int, as_of: datetime | None = None
    ) -> tuple[Incident, ...]:
        """Return the newest incidents of these services that had begun at a time."""

    def described_in(self, documents: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return for each document the ids of the incidents it describes."""


class DocumentStore(Protocol):
    """Stores documents."""

    def put(self, document: Document, passages: Sequence[Passage], now: datetime) -> DocumentState:
        """Store a document under its id."""


class RecordStore(Protocol):
    """Finds incidents, documents and suggestions."""

    def get(
        self, ids: Iterable[Owner], as_of: datetime | None = None
    ) -> Mapping[Owner, Incident | Document | Suggestion]:
        """Return them as they were known at a time; unknown ones are absent."""

    def named(self, names: Sequence[str], as_of: datetime | None = None) -> Mapping[str, Owner]:
        """Return which of these names are ids of incidents or documents, or an incident's key in its source."""


class PassageStore(Protocol):
    """Finds passages, and lists how they changed."""

    def get(self, numbers: Sequence[int]) -> Mapping[int, Passage]:
        """Return passages by number."""

    def of_owners(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> Mapping[Owner, Sequence[tuple[int, Passage]]]:
        """Return the passages of owners, with their numbers."""

    def features(
        self, numbers: Sequence[int], as_of: datetime | None = None
    ) -> Mapping[Owner, Sequence[PassageFeatures]]:
        """Return the features of all passages of the owners of these passages."""

    def texts(self, numbers: Sequence[int]) -> Mapping[int, PassageText]:
        """Return passage texts by number."""

    def term_statistics(self, term_hashes: Sequence[int]) -> StoredTermStatistics:
        """Return document frequencies of terms."""

    def changes(self, after: int, limit: int) -> Sequence[PassageLogEntry]:
        """Return changes after a number, in order."""

    def last_seq(self) -> int:
        """Return the number of the last change."""


class TrackRecords(Protocol):
    """Returns how often steps, or evidence, helped."""

    def track_records(self, names: Iterable[str], as_of: datetime | None = None, /) -> Mapping[str, TrackRecord]:
        """Return track records by name; those without one are absent."""


class AnswerStore(Protocol):
    """Finds earlier answers."""

    def of_incident(self, incident: str) -> tuple[Recommendation, ...]:
        """Return the answers to an incident, newest first."""


class SuggestionStore(Protocol):
    """Finds undecided suggestions."""

    def any_pending(self) -> bool:
        """Return whether any suggestion is undecided."""

    def pending(self, *incident_ids: str) -> tuple[Suggestion, ...]:
        """Return undecided suggestions for these incidents."""


class ExampleStore(Protocol):
    """Tells example records from others."""

    def stored(self) -> ExampleRecords:
        """Return the stored example records."""


class MemoryStore(Protocol):
    """The store of a memory: `storage.Storage` on a database, `backtest.replay_store.ReplayStore` without one."""

    @property
    def incidents(self) -> IncidentStore:
        """Its incidents."""

    @property
    def documents(self) -> DocumentStore:
        """Its documents."""

    @property
    def records(self) -> RecordStore:
        """Both together."""

    @property
    def passages(self) -> PassageStore:
        """The passages by which these are retrieved."""

    @property
    def step_executions(self) -> TrackRecords:
        """What came of steps."""

    @property
    def outcomes(self) -> TrackRecords:
        """What came of answers."""

    @property
    def recommendations(self) -> AnswerStore:
        """The answers."""

    @property
    def suggestions(self) -> SuggestionStore:
        """What sources suggest."""

    @property
    def examples(self) -> ExampleStore:
        """The example records."""
