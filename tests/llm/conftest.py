"""A memory with two kinds of outages in it, a clock that is moved by hand, and models that are a local server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from model_twin import Twin, serving
from seen_before import remember, remote

from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.refine import Models
from onrecall.recommendation.llm.providers import RemoteModel
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import UsageLimits


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


@pytest.fixture(scope="session")
def twin_server() -> Iterator[Twin]:
    with serving() as opened:
        yield opened


@pytest.fixture
def twin(twin_server: Twin) -> Twin:
    twin_server.requests.clear()
    twin_server.headers.clear()
    twin_server.behaviours.clear()
    twin_server.paths.clear()
    twin_server.spoil = twin_server.refuse = twin_server.reply = None
    twin_server.wrap = str
    return twin_server


@pytest.fixture
def seconds_granted(monkeypatch) -> list[float]:
    """The time limit of each call to a model, in order; a call that fails in time took no longer."""
    granted: list[float] = []
    send = RemoteModel.send

    def record(remote_model, prompt, seconds):
        granted.append(seconds)
        return send(remote_model, prompt, seconds)

    monkeypatch.setattr(RemoteModel, "send", record)
    return granted


Opened = Callable[..., IncidentService]


@pytest.fixture
def house_with(store, clock, twin) -> Opened:
    """A memory whose draft and strong models are the twin's, each behaving as it is called."""

    def opened(draft: str | None = None, strong: str | None = None, **more) -> IncidentService:
        role_models = tuple(
            (role, remote(twin, name)) for role, name in (("draft", draft), ("strong", strong)) if name is not None
        )
        limits = UsageLimits(more.pop("calls_per_minute", 1000), more.pop("budget", None))
        models = Models(role_models, limits, more.pop("deadline", 8.0))
        memory = IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), clock, models=models)
        )
        if not store.incidents.page().items:
            remember(memory, clock)
        return memory

    return opened
