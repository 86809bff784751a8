import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hindsight import embeddings_endpoint, real_server
from hindsight.real_server import RealHindsight
from hindsight.twin import KEY, Twin
from onrecall.hindsight import HindsightBank
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.hindsight import HindsightPeer
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


@pytest.fixture(autouse=True)
def client_loop() -> Iterator[None]:
    """The event loop that their client takes from its thread, and leaves open when it is closed itself."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="session")
def running_server() -> Iterator[RealHindsight]:
    if not real_server.installed():
        pytest.skip(real_server.NOT_THERE)
    folder = Path(tempfile.mkdtemp(prefix="onrecall-hindsight-"))
    with embeddings_endpoint.serving() as embeddings, real_server.database() as database:
        server = RealHindsight(database, embeddings, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder)


@pytest.fixture
def server(running_server: RealHindsight) -> RealHindsight:
    """A real Hindsight server that answers; whoever killed it has it back."""
    if not running_server._answers():
        running_server.start()
    return running_server


@pytest.fixture
def twin() -> Iterator[Twin]:
    server = Twin()
    yield server
    server.close()


@pytest.fixture
def bank(twin) -> Iterator[HindsightBank]:
    with closing(HindsightBank(twin.url, "team", KEY, timeout=60)) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory_for(store, clock):
    """Makes a memory that goes by words alone, beside a bank."""

    def make(bank: HindsightBank, **parts) -> IncidentService:
        recall = Retriever(store, None, LocalIndex(store.passages, None))
        return IncidentService(Dependencies(store, recall, clock, mirrors=(HindsightPeer(bank).channel,), **parts))

    return make
