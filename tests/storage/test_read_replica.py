"""A real streaming replica answers what may be a little old; what it lacks, the primary answers."""

import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from notifications.twin import until
from onrecall.bootstrap.replica_status import replica_status
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.situation import Filter
from onrecall.http import roles
from onrecall.storage import Storage, read_replica
from onrecall.storage.read_replica import ReadFrom, stale_reads
from storage.given import NOON, entry, incident, passage

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("replica")]


class Replica:
    """A hot standby of the tests' server, in a folder of its own."""

    def __init__(self, primary: str, folder: Path) -> None:
        self._folder = folder
        source = Path(make_url(primary).query["host"])
        self._user = source.owner() if os.getuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        with psycopg.connect(primary) as connection:
            found = connection.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
        assert found is not None
        self._programs, self._data = Path(found[0]), folder / "data"
        self._run(
            "pg_basebackup",
            "-h",
            str(source),
            "-U",
            "postgres",
            "-D",
            str(self._data),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )

    def start(self) -> None:
        """Start it; it answers when this returns."""
        options = f"-k {self._folder} -c listen_addresses= -c unix_socket_permissions=0777"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "120", "-o", options, "-l", log, "start")

    def stop(self) -> None:
        """Stop it at once, as a failure does."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def url(self, of: str) -> str:
        """The URL of the same database here."""
        parsed = make_url(of).update_query_dict({"host": str(self._folder)})
        return parsed.render_as_string(hide_password=False)

    def _run(self, program: str, *arguments: str) -> None:
        output = self._folder / "output"  # a pipe would stay open as long as the server runs
        with output.open("wb") as written:
            command = [self._programs / program, *arguments]
            ended = subprocess.run(
                command, user=self._user, stdout=written, stderr=written, cwd=self._folder, timeout=180, check=False
            )
        log = self._folder / "log"
        assert ended.returncode == 0, output.read_text() + (log.read_text() if log.exists() else "")


@pytest.fixture(scope="module")
def replica(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """A replica that runs."""
    folder = Path(make_url(postgres_server).query["host"]).parent / "replica"  # short, as a socket's path must be
    folder.mkdir()
    folder.parent.chmod(folder.parent.stat().st_mode | 0o011)
    try:
        standby = Replica(postgres_server, folder)
        standby.start()
        yield standby
        standby.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def store(replica: Replica, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A store with a replica; the primary's position is asked for each time."""
    monkeypatch.setattr(read_replica, "CHECK_SECONDS", 0.0)
    caught_up(replica, postgres_url)
    with closing(Storage.open(postgres_url, ReadFrom(replica.url(postgres_url), max_lag_seconds=600))) as opened:
        yield opened


def standby_url(replica: Replica, url: str) -> str:
    return replica.url(make_url(url).set(database="postgres").render_as_string(hide_password=False))


@contextmanager
def paused(replica: Replica, url: str) -> Iterator[None]:
    """Keep the replica from following."""
    with psycopg.connect(standby_url(replica, url), autocommit=True) as standby:
        standby.execute("select pg_wal_replay_pause()")
        until(lambda: standby.execute("select pg_get_wal_replay_pause_state()").fetchone() == ("paused",))
        try:
            yield
        finally:
            standby.execute("select pg_wal_replay_resume()")


def caught_up(replica: Replica, url: str) -> None:
    """Wait until the replica has all that the primary has written."""
    with psycopg.connect(url, autocommit=True) as primary:
        written = primary.execute("select pg_current_wal_insert_lsn() - 39::numeric").fetchone()
    assert written is not None
    with psycopg.connect(standby_url(replica, url), autocommit=True) as standby:
        until(lambda: standby.execute("select pg_last_wal_replay_lsn() >= %s", written).fetchone() == (True,))


def answers_from(store: Storage) -> str:
    """Who answers a question now."""
    with stale_reads(), store.overview.database.read() as connection:
        return "replica" if connection.scalar(text("select pg_is_in_recovery()")) else "primary"


def answer_within(moment: AbstractContextManager[None], store: Storage) -> None:
    with moment, store.overview.database.read() as connection:
        connection.execute(text("select * from of_a_later_schema"))


def save(store: Storage, name: str) -> None:
    store.records.save([entry(incident(name), passage(f"words of {name}", terms=(5, 6)))], NOON)


def save_on_both(replica: Replica, store: Storage, url: str) -> None:
    """Save INC-1, and wait until the replica answers with it."""
    save(store, "INC-1")
    caught_up(replica, url)
    until(lambda: answers_from(store) == "replica")


def test_questions_go_to_the_replica_and_all_else_to_the_primary(
    replica: Replica, store: Storage, postgres_url: str
) -> None:
    save_on_both(replica, store, postgres_url)
    with store.overview.database.read() as connection:
        assert not connection.scalar(text("select pg_is_in_recovery()"))
    with stale_reads():
        assert store.incidents.get("INC-1").id == "INC-1"
        save(store, "INC-2")  # a write beside a question
    assert store.replica is not None
    assert replica_status(store.replica).state == "ok"


def test_a_search_in_one_moment_is_answered_by_the_replica(replica: Replica, store: Storage, postgres_url: str) -> None:
    search = store.search(None, 0)
    save(store, "INC-1")
    caught_up(replica, postgres_url)
    with stale_reads(), store.one_moment(), store.overview.database.read() as connection:
        assert connection.scalar(text("select pg_is_in_recovery()"))
        assert len(search.words({5: 1.0}, Filter(), None, (), 10)) == 1


def test_what_this_process_wrote_is_read_at_once(replica: Replica, store: Storage, postgres_url: str) -> None:
    with paused(replica, postgres_url):
        save(store, "INC-1")
        with stale_reads():
            assert store.incidents.get("INC-1").id == "INC-1"
        assert store.replica is not None
        assert store.replica.problem is None or "behind" in store.replica.problem
    caught_up(replica, postgres_url)
    until(lambda: answers_from(store) == "replica")


def test_a_replica_that_lags_is_left_alone_and_taken_back(
    replica: Replica,
    store: Storage,
    postgres_url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.replica, "_max_lag", 0.5)
    caplog.set_level(logging.INFO)
    with paused(replica, postgres_url):
        with psycopg.connect(postgres_url, autocommit=True) as other_process:
            other_process.execute("create table written_elsewhere (n integer)")
        until(lambda: answers_from(store) == "primary")
        assert store.replica is not None
        status = replica_status(store.replica)
        assert status.state == "degraded"
        assert "behind, more than 0.5 s" in status.detail
    monkeypatch.setattr(store.replica, "_max_lag", 600)
    caught_up(replica, postgres_url)
    until(lambda: answers_from(store) == "replica")
    said = [record.getMessage() for record in caplog.records if "questions are answered by" in record.getMessage()]
    assert "questions are answered by the primary: the replica is" in said[0]
    assert said[-1] == "questions are answered by the replica again"


def test_a_replica_that_is_away_costs_no_answer(replica: Replica, store: Storage, postgres_url: str) -> None:
    until(lambda: answers_from(store) == "replica")
    replica.stop()
    try:
        assert answers_from(store) == "primary"
        assert store.replica is not None
        status = replica_status(store.replica)
        assert status.state == "degraded"
        assert "the replica does not answer" in status.detail
        assert status.ready
    finally:
        replica.start()
    caught_up(replica, postgres_url)
    until(lambda: answers_from(store) == "replica")


def test_what_is_compared_with_the_log_is_read_from_the_primary_now(
    replica: Replica, store: Storage, postgres_url: str
) -> None:
    save_on_both(replica, store, postgres_url)
    with stale_reads(), store.one_moment():
        before = store.passages.last_seq()
        with ThreadPoolExecutor(1) as other:
            other.submit(save, store, "INC-2").result()
        assert store.passages.last_seq() > before
        (change,) = store.passages.changes(before, 10)
        assert store.passages.get([change.id])
        with store.overview.database.read() as connection:
            assert connection.scalar(text("select count(*) from incidents")) == 1


@pytest.mark.parametrize("in_one_moment", [False, True])
def test_an_error_of_the_replica_says_nothing_about_the_database(
    replica: Replica, store: Storage, postgres_url: str, in_one_moment: bool
) -> None:
    save_on_both(replica, store, postgres_url)
    database, moment = store.overview.database, store.one_moment() if in_one_moment else nullcontext()
    with stale_reads(), pytest.raises(Unavailable, match=r"the replica could not answer.*of_a_later_schema"):
        answer_within(moment, store)
    assert (database.condition.failure, database.condition.damage) == (None, None)
    assert store.replica is not None
    assert "of_a_later_schema" in str(store.replica.problem)
    until(lambda: answers_from(store) == "replica")


def test_one_caller_tries_a_lost_replica_again_and_the_others_do_not_wait(
    replica: Replica, store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.replica is not None
    tries, tried, answer = [], threading.Event(), threading.Event()

    def try_connect() -> None:
        tries.append(threading.get_ident())
        tried.set()
        answer.wait(60)

    monkeypatch.setattr(store.replica, "problem", "it was away")
    monkeypatch.setattr(store.replica, "_try_connect", try_connect)
    with ThreadPoolExecutor(1) as first:
        waiting = first.submit(store.replica.connect)
        assert tried.wait(60)
        assert store.replica.connect() is None
        answer.set()
        assert waiting.result(60) is None
    assert len(tries) == 1


def test_a_write_is_remembered_until_the_primary_says_how_far_it_is(
    store: Storage, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    class Lost:
        def connect(self) -> None:
            attempts.append(1)
            raise PoolTimeout

    assert store.replica is not None
    replica, primary = store.replica, store.replica._primary
    monkeypatch.setattr(replica, "_primary", Lost())
    replica.note_write()
    before = replica._own_position
    for _ in range(3):
        replica._primary_position()
    assert len(attempts) == 1  # and then it is left alone for a while
    assert replica._own_position == before
    monkeypatch.setattr(replica, "_primary", primary)
    monkeypatch.setattr(read_replica, "BACK_OFF_SECONDS", 0.0)
    assert replica._primary_position() == replica._own_position != before


def test_a_server_that_takes_writes_is_no_replica(postgres_url: str) -> None:
    with closing(Storage.open(postgres_url, ReadFrom(postgres_url))) as store:
        assert answers_from(store) == "primary"
        assert store.replica is not None
        assert store.replica.problem == "the server of ONRECALL_READ_URL is no replica: it takes writes of its own"


def test_every_view_that_may_be_stale_is_a_route_that_only_reads() -> None:
    assert roles.ROUTES.keys() >= roles.STALE
    assert roles.may_be_stale(roles.match_route("HEAD", "/api/v1/services/checkout"), "HEAD")
    assert not roles.may_be_stale(roles.match_route("GET", "/api/v1/incidents/INC-1"), "GET")


def test_sqlite_has_no_replica(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="only PostgreSQL has replicas"):
        Storage.open(f"sqlite:///{tmp_path / 'onrecall.db'}", ReadFrom("postgresql://replica/name"))
    with pytest.raises(Invalid, match="'mysql' has no replicas"):
        Storage.open("postgresql://primary/name", ReadFrom("mysql://replica/name"))


def test_a_wrong_pooler_of_the_replica_names_its_setting() -> None:
    with pytest.raises(Invalid) as caught:
        Storage.open("postgresql://primary/name", ReadFrom("postgresql://replica/name?pooler=statement"))
    assert caught.value.field == "read_url"
