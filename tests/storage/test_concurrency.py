"""Many at once: threads, processes, and a database that is busy for too long."""

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import psycopg
import pytest

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.evidence import StepExecution
from onrecall.storage import Storage
from warm_processes import WarmProcess

from .given import NOON, at, entry, incident, passage, recommendation, resolution

SAVING = """
import sys
from datetime import UTC, datetime
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Passage
from onrecall.storage import PreparedRecord, Storage

store = Storage.open(sys.argv[1])
now = datetime(2026, 3, 1, tzinfo=UTC)
for n in range(int(sys.argv[3])):
    name = f"{sys.argv[2]}-{n}"
    store.records.save([PreparedRecord(Incident(name, name, now), (Passage("", "incident", "opening", 0, name, 1, terms=b"\\1\\0\\0\\0\\1"),))], now)
    print(name, flush=True)
store.close()
"""


@pytest.fixture(params=["file", "memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: object) -> str:
    """The URL of an empty store that threads share, also in memory."""
    if request.param == "file":
        return f"sqlite:///{tmp_path}/shared.db"
    return "sqlite://" if request.param == "memory" else str(request.getfixturevalue("postgres_url"))


def test_two_resolve_ten_ask_one_imports_and_nobody_sees_a_lock(shared: str) -> None:
    store = Storage.open(shared)
    store.records.save([entry(incident(f"X-{n}", -n), passage(f"pool {n}", terms=(n, 7))) for n in range(40)], NOON)
    imported = count()

    def resolve(n: int) -> None:
        name = f"X-{n % 40}"
        store.incidents.resolve(
            name, resolution(f"cause {n}"), [passage("r", "resolution", terms=(n,))], [], [], at(60)
        )
        store.incidents.reopen(name, [passage("open again")], at(70))

    def ask(n: int) -> None:
        changes = store.passages.changes(0, 50)
        records = store.records.get(
            [(change.passage.kind, change.passage.owner) for change in changes if change.passage], at(65)
        )
        assert records
        store.passages.get([change.id for change in changes])
        store.passages.term_statistics([7, n])
        store.step_executions.track_records(["restart"])
        store.incidents.page(q="pool", limit=5)

    def bring(_: int) -> None:
        names = [f"NEW-{next(imported)}" for _ in range(16)]
        entries = [
            entry(incident(name), passage(name, terms=(9,)), performed=(StepExecution("a", "worked", NOON),))
            for name in names
        ]
        assert {saved.state for saved in store.records.save(entries, NOON)} == {"created"}

    work: list[tuple[Callable[[int], None], int]] = [(resolve, 10)] * 2 + [(ask, 10)] * 10 + [(bring, 6)]
    with ThreadPoolExecutor(len(work)) as pool:
        for future in [pool.submit(lambda act, times: [act(n) for n in range(times)], *job) for job in work]:
            future.result()
    assert store.health.counts()["incidents"] == 40 + 6 * 16
    assert store.health.check() == ()
    store.close()


def test_minted_ids_are_never_given_twice(shared: str) -> None:
    store = Storage.open(shared)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: store.incidents.open(incident(minutes=n), [], NOON)[0].id, range(40)))
    assert sorted(ids) == sorted(f"INC-{n}" for n in range(1, 41))
    store.close()


def test_one_identity_is_stored_once_however_many_bring_it(shared: str) -> None:
    store = Storage.open(shared)
    same_entry = entry(incident("X-1", source="jira", source_id="1"), passage("a"))
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: store.records.save([same_entry], NOON)[0].state, range(24)))
    assert sorted(states) == ["created", *["unchanged"] * 23]
    store.close()


@pytest.mark.process
def test_changes_become_visible_in_their_order(store_url: str) -> None:
    """A reader who has seen a number never misses a smaller one that another process wrote."""
    store = Storage.open(store_url)
    writers = [WarmProcess(["-c", SAVING, store_url, name, "25"]) for name in "AB"]
    visible: set[str] = set()
    after = 0
    while any(writer.poll() is None for writer in writers) or store.passages.last_seq() > after:
        for change in store.passages.changes(after, 7):
            assert change.passage
            visible.add(change.passage.owner)
            after = change.seq
    assert [writer.returncode for writer in writers] == [0, 0]
    assert visible == {f"{name}-{n}" for name in "AB" for n in range(25)}
    assert store.passages.term_statistics([1]).df == {1: 50}
    store.close()


def test_what_is_read_in_one_moment_is_of_one_snapshot(store_url: str) -> None:
    store, other = Storage.open(store_url), Storage.open(store_url)
    store.records.save([entry(incident("INC-1"))], NOON)
    with store.one_moment():
        assert store.incidents.get("INC-1").id == "INC-1"
        other.records.save([entry(incident("INC-2"))], NOON)
        with pytest.raises(NotFound):
            store.incidents.get("INC-2")
    assert store.incidents.get("INC-2").id == "INC-2"
    store.close()
    other.close()


def test_a_locked_file_is_unavailable_after_a_while(tmp_path: object) -> None:
    path = f"{tmp_path}/locked.db"
    store = Storage.open(f"sqlite:///{path}?timeout=0.2")
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("begin immediate")
    with pytest.raises(Unavailable, match=r"locked for longer than 0\.2 s") as busy:
        store.records.save([entry(incident("X-1"))], NOON)
    assert busy.value.retry
    assert store.health.counts()["incidents"] == 0, "readers go on"
    locker.execute("rollback")
    locker.close()
    assert store.records.save([entry(incident("X-1"))], NOON)[0].state == "created"
    store.close()


def test_writers_of_one_process_give_up_too(tmp_path: object) -> None:
    store = Storage.open(f"sqlite:///{tmp_path}/turns.db?timeout=0.2")
    inside, leave = threading.Event(), threading.Event()

    def rows() -> object:
        yield from before
        inside.set()
        leave.wait(30)

    before = list(store.archive.dump())
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(store.archive.load, rows())
        inside.wait(30)
        with pytest.raises(Unavailable, match="blocked the database"):
            store.records.save([], NOON)
        leave.set()
        loading.result()
    store.close()


@pytest.mark.postgres
def test_a_lost_connection_is_unavailable_and_then_made_anew(postgres_url: str) -> None:
    store = Storage.open(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert store.health.counts()["incidents"] == 0
            break
        except Unavailable:
            continue
    store.recommendations.save(recommendation(), [])
    store.close()


def test_what_is_in_use_when_a_store_closes_is_closed_when_it_is_given_back(shared: str) -> None:
    store = Storage.open(shared)
    with store.overview.database.read() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        store.close()
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        raw.cursor()
