"""What retrieval reads from a store; whoever stores incidents and documents provides it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from onrecall.domain.passage import Owner, Passage
from onrecall.retrieval import scoring
from onrecall.retrieval.explanation import Record

Numbered = tuple[int, Passage]


class StoredFeatures(scoring.PassageTerms, Protocol):
    """What a passage is compared by, and its number."""

    @property
    def number(self) -> int:
        """The passage's number."""


class StoredText(Protocol):
    """What a passage says, and where it begins."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def line(self) -> int:
        """Its first line on the page."""

    @property
    def heading(self) -> str | None:
        """The heading it stands under."""


class PassageReads(Protocol):
    """What recall reads of passages."""

    def features(
        self, numbers: Sequence[int], as_of: datetime | None = None
    ) -> Mapping[Owner, Sequence[StoredFeatures]]:
        """What the owners of these passages are compared by: all passages of each that were known at a time."""

    def of_owners(self, owners: Sequence[Owner], as_of: datetime | None = None) -> Mapping[Owner, Sequence[Numbered]]:
        """The passages of owners with their numbers, as known at a time."""

    def texts(self, numbers: Sequence[int]) -> Mapping[int, StoredText]:
        """What passages say; one that is gone is absent."""

    def term_statistics(self, term_hashes: Sequence[int]) -> scoring.TermStatistics:
        """How common terms are."""


class RecordReads(Protocol):
    """What recall reads of incidents and documents."""

    def get(self, ids: Iterable[Owner], as_of: datetime | None = None) -> Mapping[Owner, Record]:
        """Incidents and documents as they were known at a time."""

    def named(self, names: Sequence[str], as_of: datetime | None = None) -> Mapping[str, Owner]:
        """Which of these names are ids of incidents or documents, or an incident's key in the tool it comes from."""


class RetrievalStore(Protocol):
    """What recall reads from."""

    @property
    def passages(self) -> PassageReads:
        """The passages."""

    @property
    def records(self) -> RecordReads:
        """Their owners."""
