"""A whole memory with nothing in it that goes by words alone, asked over HTTP as from this machine."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from idle_worker import IdleWorker
from onrecall.bootstrap.status import StatusReport
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

LOOPBACK = "http://127.0.0.1"
HERE = ("127.0.0.1", 50000)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[IncidentService]:
    """The memory."""
    with closing(Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}")) as store:
        yield IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
        )


@pytest.fixture
def client(memory: IncidentService) -> Iterator[TestClient]:
    """HTTP to it; what comes in is neither grouped nor answered."""
    app = create(memory, IdleWorker(), lambda: StatusReport(state="ok", parts=[]))
    with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=HERE) as opened:
        yield opened
