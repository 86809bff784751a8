"""A real PgBouncer in transaction mode: each transaction runs in another session, and nothing of a session is relied on."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg
import pytest
from sqlalchemy import make_url, text

from onrecall.bootstrap import teams
from onrecall.domain.errors import Invalid
from onrecall.domain.situation import Filter
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.storage.change_notifier import ChangeNotifier
from storage.given import NOON, entry, incident, passage

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("pgbouncer")]
MODEL = "of-the-pooler"
CONFIGURATION = """[databases]
* = host={host}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
server_round_robin = 1
pidfile = {folder}/pgbouncer.pid
logfile = {folder}/pgbouncer.log
"""


@pytest.fixture(scope="module")
def pooler(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a PgBouncer that gives each transaction the other one of two sessions."""
    program = shutil.which("pgbouncer") or pytest.skip("no PgBouncer is installed: apt-get install pgbouncer")
    folder = tmp_path_factory.mktemp("pgbouncer")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    users = folder / "users.txt"
    users.write_text('"postgres" ""\n"pooled_app" ""\n')
    host = make_url(postgres_server).query["host"]
    chosen = folder / "pgbouncer.ini"
    chosen.write_text(CONFIGURATION.format(host=host, port=port, users=users, folder=folder))
    options = ["-u", _give_away(folder, Path(host).owner())] if os.getuid() == 0 else []
    process = subprocess.Popen([program, "-q", *options, str(chosen)])
    try:
        _wait_until_it_listens(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _give_away(folder: Path, user: str) -> str:
    """PgBouncer refuses to run as root, so it runs as the user of the server, whose socket it needs."""
    for name in (folder, *folder.iterdir()):
        shutil.chown(name, user)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    return user


def _wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail(f"PgBouncer ended with {process.returncode}")


def through(port: int, url: str, user: str = "postgres") -> str:
    """The same database through the pooler."""
    parsed = make_url(url).difference_update_query(["host"])
    pooled = parsed.set(host="127.0.0.1", port=port, username=user).update_query_dict({"pooler": "transaction"})
    return pooled.render_as_string(hide_password=False)


@pytest.fixture
def pooled_url(pooler: int, postgres_url: str) -> str:
    """The URL of an empty store behind the pooler."""
    return through(pooler, postgres_url)


def alternate(store: Storage) -> None:
    """Have the pooler open its second session, by needing both at once."""
    database = store.overview.database
    with database.read() as one, database.read() as other:
        assert one.scalar(text("select 1")) == other.scalar(text("select 1"))


def test_sessions_do_alternate(pooled_url: str) -> None:
    with closing(Storage.open(pooled_url)) as store:
        alternate(store)
        database = store.overview.database
        sessions = []
        for _ in range(4):
            with database.read() as connection:
                sessions.append(connection.scalar(text("select pg_backend_pid()")))
    assert len(set(sessions)) == 2


def test_a_store_is_migrated_filled_and_asked(pooler: int, blank_postgres_url: str) -> None:
    vector = np.eye(4, dtype="<f2")[0].tobytes()
    with closing(Storage.open(through(pooler, blank_postgres_url))) as store:
        alternate(store)
        search = store.search(MODEL, 4)
        for n in range(12):  # more often than the driver waits until it prepares a statement
            found = passage(f"pool {n}", terms=(7, 100 + n), vector=vector, model=MODEL)
            saved = store.records.save([entry(incident(f"INC-{n}"), found)], NOON)
            assert [row.state for row in saved] == ["created"]
            assert len(search.words({7: 1.0, 100 + n: 1.0}, Filter(), None, (), 20)) == n + 1
            assert len(search.meaning(np.eye(4, dtype=np.float32)[0], Filter(), None, (), 20)) == n + 1
        assert store.health.check() == ()


def test_each_transaction_has_its_settings_and_leaves_none(pooler: int, pooled_url: str) -> None:
    names = ("timezone", "lock_timeout", "jit", "plan_cache_mode", "hnsw.ef_search")
    with closing(Storage.open(pooled_url)) as store:
        alternate(store)
        with store.overview.database.read() as connection:
            inside = [connection.scalar(text(f"show {name}")) for name in names]
    assert inside == ["UTC", "1min", "off", "force_custom_plan", "200"]
    with psycopg.connect(host="127.0.0.1", port=pooler, user="postgres", dbname=make_url(pooled_url).database) as plain:
        for _ in range(2):
            row = plain.execute("show lock_timeout").fetchone()
            plain.commit()
            assert row == ("0",)


def test_teams_stay_apart(pooler: int, postgres_server: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create role pooled_app login createrole")
        connection.execute("create database pooled_teams owner pooled_app")
    direct = postgres_server.replace("/postgres?", "/pooled_teams?")
    try:
        with psycopg.connect(direct, autocommit=True) as connection:
            connection.execute("create extension vector")
        chosen = Settings(data_dir=tmp_path, database_url=through(pooler, direct, "pooled_app"))
        for name in ("payments", "search"):
            assert teams.add_team(chosen, name)
        for name in ("payments", "search"):
            with closing(Storage.open(teams.team_settings(chosen, name).database)) as store:
                alternate(store)
                store.audit.record("archive exported", name)
                with store.overview.database.read() as connection:
                    assert connection.scalar(text("select current_schema()")) == f"onrecall_team_{name}"
        for name in ("payments", "search"):
            with closing(Storage.open(teams.team_settings(chosen, name).database)) as store:
                assert [row.about for row in store.audit.page().items] == [name]
        with closing(Storage.open(chosen.database)) as store:
            assert store.audit.page().items == ()
        for name in teams.team_names(chosen):
            teams.remove_team(chosen, name)
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute("drop database pooled_teams with (force)")
            connection.execute("drop role pooled_app")


def test_changes_of_other_processes_are_polled_for(pooled_url: str) -> None:
    with closing(Storage.open(pooled_url)) as store:
        assert not ChangeNotifier(store.overview.database, lambda: None).notices_other_processes


def test_another_mode_is_refused(postgres_url: str) -> None:
    with pytest.raises(Invalid, match="pooler=transaction behind a pooler in transaction mode"):
        Storage.open(make_url(postgres_url).update_query_dict({"pooler": "statement"}).render_as_string())
