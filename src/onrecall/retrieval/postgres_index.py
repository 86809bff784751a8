"""The index inside PostgreSQL: nothing to catch up with, for the passages and what finds them are one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from onrecall.domain.situation import Filter
from onrecall.retrieval.index import Vector, VisibilityFilter


class PassageProposer(Protocol):
    """The store's own search."""

    def words(
        self, weights: Mapping[int, float], only: Filter, as_of: datetime | None, exclude: Collection[str], limit: int
    ) -> list[int]:
        """The passages that have most of these terms."""

    def meaning(
        self, vector: Vector, only: Filter, as_of: datetime | None, exclude: Collection[str], limit: int
    ) -> list[int]:
        """The passages whose vectors are nearest."""


class PostgresIndex:
    """Hands the question to the database."""

    def __init__(self, search: PassageProposer) -> None:
        self._search = search

    @property
    def limitation(self) -> None:
        """None: it always holds everything."""
        return

    def refresh(self) -> None:
        """Nothing to do: what is committed is found."""

    def forget_removed(self) -> None:
        """Nothing to do: what finds passages went with them."""

    def words(self, terms: Mapping[int, float], visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by their rarest terms."""
        return self._search.words(terms, _to_filter(visible), visible.as_of, visible.exclude, limit)

    def meaning(self, vector: Vector, visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by HNSW."""
        return self._search.meaning(vector, _to_filter(visible), visible.as_of, visible.exclude, limit)


def _to_filter(visible: VisibilityFilter) -> Filter:
    return Filter(visible.kind, visible.service, visible.labels)
