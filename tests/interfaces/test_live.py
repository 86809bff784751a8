"""The live stream, over real sockets: each hint once and in order, no gap for who comes back, nobody waited for."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
import uvicorn
import websockets.asyncio.client
from guarded import Doors, bearer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from onrecall.bootstrap.access import Access
from onrecall.domain.incident import Incident
from onrecall.http import broadcast as stream
from onrecall.http import websocket as live
from onrecall.storage import PreparedRecord, Storage


@contextmanager
def up(doors: Doors) -> Iterator[str]:
    """The application on a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, 8192
        )  # so that the socket of who reads nothing is full soon
        config = uvicorn.Config(doors.app, log_level="error", timeout_graceful_shutdown=2, ws_ping_timeout=60)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            deadline = time.monotonic() + 60
            while not server.started:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            yield address
        finally:
            server.should_exit = True
            thread.join(60)


def opened(store: Storage, count: int = 1) -> list[str]:
    now = datetime.now(UTC)
    return [store.incidents.open(Incident("", f"it broke {now}", started_at=now), (), now)[0].id for _ in range(count)]


def imported(store: Storage, count: int) -> None:
    now = datetime.now(UTC)
    store.records.save(
        [PreparedRecord(Incident(f"OLD-{n}", f"it broke {n}", started_at=now)) for n in range(count)], now
    )


def received(one: ClientConnection) -> dict:
    return json.loads(one.recv(timeout=60))


def hints(one: ClientConnection, kind: str, count: int) -> list[dict]:
    """The next so many of a type; the worker's own deeds come between them."""
    found = []
    while len(found) < count:
        if (said := received(one))["type"] == kind:
            found.append(said)
    return found


def test_every_client_is_told_once_in_order_by_whichever_process_wrote(store: Storage, store_url: str):
    elsewhere = Storage.open(store_url)
    try:
        with (
            up(Doors(store)) as address,
            connect(f"ws://{address}/api/v1/live") as one,
            connect(f"ws://{address}/api/v1/live") as two,
        ):
            assert received(one) == received(two) == {"type": "hello", "seq": 0}
            ids = [*opened(store, 2), *opened(elsewhere, 3), *opened(store, 1)]
            for client in (one, two):
                said = hints(client, "opened", 6)
                assert [hint["id"] for hint in said] == ids
                seqs = [hint["seq"] for hint in said]
                assert seqs == sorted(set(seqs))
                assert set(said[0]) == {"type", "id", "seq"}
    finally:
        elsewhere.close()


@pytest.mark.postgres
def test_other_processes_are_heard_of_by_notices_and_not_by_looking(postgres_url: str, store_at, monkeypatch):
    monkeypatch.setattr(stream, "FALLBACK_POLL_SECONDS", 3600.0)
    store, elsewhere = store_at(postgres_url), store_at(postgres_url)
    with up(Doors(store)) as address, connect(f"ws://{address}/api/v1/live") as one:
        received(one)
        for _ in range(5):
            [incident] = opened(elsewhere)
            assert [hint["id"] for hint in hints(one, "opened", 1)] == [incident]


@pytest.mark.postgres
def test_a_listener_whose_connection_was_cut_listens_again(postgres_url: str, store_at):
    store, elsewhere = store_at(postgres_url), store_at(postgres_url)
    told = threading.Event()
    watch = store.overview.watch(told.set)
    watch.start()
    try:
        for _ in range(2):
            assert told.wait(60)  # it listens
            told.clear()
            with psycopg.connect(postgres_url, autocommit=True) as other:
                cut = other.execute(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where query like 'listen %' and datname = current_database()"
                ).fetchone()
            assert cut == (1,)
        assert told.wait(60)
        told.clear()
        opened(elsewhere)
        assert told.wait(1.5)
    finally:
        watch.stop()


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(store: Storage):
    with up(Doors(store)) as address:
        with connect(f"ws://{address}/api/v1/live") as one:
            received(one)
            opened(store, 3)
            last = hints(one, "opened", 2)[-1]["seq"]
        imported(store, 700)  # more than are read at once
        writing = threading.Thread(target=opened, args=(store, 50))
        writing.start()  # while it joins
        with connect(f"ws://{address}/api/v1/live?after={last}") as one:
            hello = received(one)
            assert hello["resumed"] is True
            seqs = []
            while len([seq for seq, kind in seqs if kind == "opened"]) < 751:
                said = received(one)
                seqs.append((said["seq"], said["type"]))
        writing.join()
        assert [seq for seq, _ in seqs] == list(range(last + 1, last + 1 + len(seqs)))


def test_two_hundred_hear_each_decision_once_and_who_slept_goes_on_without_a_gap(store: Storage):
    """Every fourth closes after its third decision, sleeps while more are made, and comes back."""
    decisions, nap = 12, 3

    async def listen(url: str, slept: asyncio.Event, *, sleepy: bool) -> list[int]:
        heard: list[tuple[int, str]] = []

        def decided() -> list[int]:
            return [seq for seq, kind in heard if kind == "recommended"]

        async def until(count: int, where: str) -> None:
            async with websockets.asyncio.client.connect(where, open_timeout=60, ping_timeout=60) as one:
                hello = json.loads(await one.recv())
                assert hello.get("resumed", "?after=" not in where) is True
                joined.release()
                while len(decided()) < count:
                    said = json.loads(await asyncio.wait_for(one.recv(), 60))
                    heard.append((said["seq"], said["type"]))

        if sleepy:
            await until(nap, url)
            await slept.wait()
            await until(decisions, f"{url}?after={heard[-1][0]}")
        else:
            await until(decisions, url)
        seqs = [seq for seq, _ in heard]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a gap, or something twice"
        return decided()

    async def all_of_them(url: str) -> list[list[int]]:
        slept = asyncio.Event()
        listening = [asyncio.create_task(listen(url, slept, sleepy=n % 4 == 0)) for n in range(200)]
        for _ in listening:
            await joined.acquire()
        for n in range(decisions):
            await asyncio.to_thread(opened, store)
            if n == decisions - 2:
                slept.set()
        return await asyncio.gather(*listening)

    joined = asyncio.Semaphore(0)
    with up(Doors(store, clock=lambda: datetime.now(UTC))) as address:
        told = asyncio.run(all_of_them(f"ws://{address}/api/v1/live"))
    assert {tuple(one) for one in told} == {tuple(told[0])}
    assert len(set(told[0])) == decisions


def test_a_page_hears_what_happened_since_its_first_questions(store: Storage):
    now = datetime.now(UTC)
    for ago in (timedelta(minutes=10), stream.SLOWEST_WRITE + timedelta(seconds=2), timedelta(0)):
        then = now - ago
        store.incidents.open(Incident("", f"it broke {then}", started_at=then), (), then)
    early, late, newest = (event.seq for event in store.events.feed() if event.type == "opened")
    with up(Doors(store, clock=lambda: now)) as address:
        for last_ms, replayed in ((500, [newest]), (5_000, [late, newest]), (999_999, [early, late, newest])):
            with connect(f"ws://{address}/api/v1/live?last_ms={last_ms}") as page:
                hello = received(page)
                assert hello["resumed"] is True
                assert hello["after"] < replayed[0] <= newest <= hello["seq"]
                assert [hint["seq"] for hint in hints(page, "opened", len(replayed))] == replayed


def test_a_place_that_cannot_be_gone_on_from_is_said(store: Storage):
    opened(store, 3)
    with up(Doors(store)) as address:
        with connect(f"ws://{address}/api/v1/live?after=999999") as one:
            said = received(one)
            assert said["resumed"] is False
            assert "ahead of the newest event" in said["reason"]
            assert said["seq"] < 999999
        for wrong in ("x", "-1", "1.5", "9" * 40, ""):
            with connect(f"ws://{address}/api/v1/live?after={wrong}") as one, pytest.raises(ConnectionClosed) as ended:
                received(one)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1008
            assert "after:" in ended.value.rcvd.reason
        for wrong in ("last_ms=x", "last_ms=-1", "last_ms=1000000", "last_ms=", "last_ms=5&after=1"):
            with connect(f"ws://{address}/api/v1/live?{wrong}") as one, pytest.raises(ConnectionClosed) as ended:
                received(one)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1008
            assert "last_ms:" in ended.value.rcvd.reason
    said, begin = live._hello(stream.MOST_MISSED + 5, 2)
    assert said["resumed"] is False
    assert str(stream.MOST_MISSED) in said["reason"]
    assert begin == stream.MOST_MISSED + 5


def test_who_does_not_keep_up_is_let_go_and_nobody_waits(store: Storage):
    """A client that reads nothing: its socket fills, then its queue; the others hear everything meanwhile."""
    doors = Doors(store)
    with up(doors) as address:
        host, port = address.split(":")
        url = f"ws://{address}/api/v1/live"
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        raw.connect((host, int(port)))
        with connect(url) as quick, connect(url, sock=raw, max_queue=1, compression=None, close_timeout=0) as slow:
            received(quick)
            deadline = time.monotonic() + 60
            while doors.app.state.stream.listening > 1:
                assert time.monotonic() < deadline, "the slow one was never let go"
                with contextlib.suppress(ConnectionClosed):
                    for _ in range(500):
                        slow.send("x")  # each is answered, and no answer is read
            opened(store)
            assert hints(quick, "opened", 1)


class Talkative:
    """A client that sends without a pause: its next message is always there."""

    async def receive(self) -> dict:
        await asyncio.sleep(0)
        return {"type": "websocket.receive", "text": '{"type": "ping"}'}


def test_who_sends_without_a_pause_and_reads_nothing_is_let_go():
    async def until_it_ends() -> tuple[int, str] | None:
        async with asyncio.timeout(60):
            return await live._receive(Talkative(), stream.StreamClient(0))

    code, reason = asyncio.run(until_it_ends())
    assert code == live.TRY_LATER
    assert "fell behind" in reason


def test_a_client_hears_that_the_stream_is_alive_and_is_answered(store: Storage):
    with up(often(Doors(store))) as address, connect(f"ws://{address}/api/v1/live") as one:
        received(one)
        one.send('{"type": "ping"}')
        assert received(one) == {"type": "pong"}
        for wrong in ("[" * 5000, "null", b"\x00\xff", '{"type": "drop"}'):
            one.send(wrong)
            assert received(one)["type"] == "error"
        assert received(one) == {"type": "heartbeat", "seq": 0}


def test_keys_and_tickets(store: Storage):
    doors = Doors(store)
    key = doors.keys.create("screen", "viewer")
    sender = doors.keys.create("sender", "ingest")
    with up(often(doors)) as address:
        url, ticket_url = f"ws://{address}/api/v1/live", f"http://{address}/api/v1/live/ticket"

        def refused(where: str, **headers: str) -> bool:
            with pytest.raises(InvalidStatus) as error:
                connect(where, additional_headers=headers)
            return error.value.response.status_code == 403

        assert refused(url)
        assert refused(url, Authorization=f"Bearer {sender.token}")
        assert httpx.post(ticket_url).status_code == 401
        with connect(url, additional_headers=bearer(key.token)) as one:
            assert received(one)["type"] == "hello"
        ticket = httpx.post(ticket_url, headers=bearer(key.token)).json()["ticket"]
        assert ticket not in str(list(store.archive.dump()))
        with connect(f"{url}?ticket={ticket}") as one:
            assert received(one)["type"] == "hello"
            assert refused(f"{url}?ticket={ticket}")  # once
            assert refused(f"{url}?ticket=wrong")
            late = httpx.post(ticket_url, headers=bearer(key.token)).json()["ticket"]
            doors.clock.go(seconds=31)
            assert refused(f"{url}?ticket={late}")
            revoked = httpx.post(ticket_url, headers=bearer(key.token)).json()["ticket"]
            doors.keys.revoke("screen")
            assert refused(f"{url}?ticket={revoked}")
            with news_without_end(store), pytest.raises(ConnectionClosed) as ended:
                until_closed(one)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1008
            assert "revoked" in ended.value.rcvd.reason
        assert httpx.post(f"http://{address}/api/v1/recall?ticket={ticket}", json={"text": "x"}).status_code == 401


def test_a_revoked_key_hears_nothing_more_in_the_dialect_either(store: Storage):
    doors = Doors(store)
    key = doors.keys.create("screen", "viewer")
    doors.app.state.browsers.look_again_seconds = 0.3
    with up(doors) as address, connect(f"ws://{address}/ws/incidents", additional_headers=bearer(key.token)) as one:
        doors.keys.revoke("screen")
        with news_without_end(store), pytest.raises(ConnectionClosed) as ended:
            until_closed(one)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1008


@contextmanager
def news_without_end(store: Storage) -> Iterator[None]:
    """Something happens all the time, so that no connection is ever idle."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.1):
            opened(store)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        over.set()
        writing.join()


def until_closed(one: ClientConnection) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        received(one)


def test_a_page_from_elsewhere_is_refused_unless_it_is_named(store: Storage):
    with up(Doors(store, Access(cors_origins=("https://wall.example",)))) as address:
        for origin in ("https://evil.example", "null", f"http://{address}.evil.example"):
            with connect(f"ws://{address}/api/v1/live", origin=origin) as one:
                with pytest.raises(ConnectionClosed) as closed:
                    one.recv(timeout=30)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1008
                assert "ONRECALL_CORS_ORIGINS" in closed.value.rcvd.reason
        for origin in (f"http://{address}", "https://wall.example"):
            with connect(f"ws://{address}/api/v1/live", origin=origin) as one:
                assert received(one)["type"] == "hello"


def often(doors: Doors) -> Doors:
    """Heartbeats that a test can wait for."""
    doors.app.state.stream.heartbeat_seconds = 0.5
    return doors


@pytest.fixture
def store_at() -> Iterator:
    stores: list[Storage] = []

    def open_at(url: str) -> Storage:
        stores.append(Storage.open(url))
        return stores[-1]

    yield open_at
    for one in stores:
        one.close()
