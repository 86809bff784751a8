"""The whole application over the example history, copied for each test that writes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.http import create
from onrecall.settings import Settings
from onrecall.worker.worker import Worker

LOOPBACK = "http://127.0.0.1:8000"
"""Where a store without keys answers without them."""


@pytest.fixture
def data_dir(example_data: Path, tmp_path: Path) -> Path:
    """A copy of it that may be written to."""
    shutil.copytree(example_data, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def home(data_dir: Path) -> Iterator[AppContext]:
    """The application over that copy."""
    with open_app(Settings(data_dir=data_dir)) as opened:
        yield opened


@pytest.fixture
def client(home: AppContext) -> Iterator[TestClient]:
    """HTTP to that application, its worker at work."""
    worker = Worker(home.memory)
    app = create(home.memory, worker, lambda: home.status(worker))
    with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=("127.0.0.1", 50000)) as opened:
        yield opened
