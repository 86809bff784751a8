"""A whole memory that goes by words alone, on both databases, with a clock that is moved by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex


@dataclass
class Clock:
    at: datetime = datetime(2026, 6, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(store, clock) -> IncidentService:
    return IncidentService(Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), clock))
