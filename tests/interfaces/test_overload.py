"""Nothing starves: who waits takes no thread, who asks too much is told when to come again, and heads are bounded."""

import asyncio
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from guarded import Doors, bearer
from processes import running
from starlette.testclient import TestClient

from onrecall.domain.errors import Unavailable
from onrecall.http import thread_pools
from onrecall.http.header_limits import MOST_BYTES
from onrecall.http.key_reader import KeyReader
from onrecall.http.overload import BOUNDS, RequestBound, RequestsInFlight, request_kind
from onrecall.pipeline.keys import Keys
from onrecall.sources import WebhookRequest
from onrecall.storage import Storage
from onrecall.worker.ingest_queue import IngestQueue, QueueLimits

HELD = 60
"""More than the framework has thread_pools."""


@pytest.fixture
def doors(store: Storage) -> Doors:
    return Doors(store)


@pytest.fixture
def client(doors: Doors) -> Iterator[TestClient]:
    with doors.client() as opened:
        yield opened


def test_a_caller_has_a_bound_and_all_together_have_one() -> None:
    under_way = RequestsInFlight({"asking": RequestBound(3, 2)})
    under_way.enter("asking", "ann")
    under_way.enter("asking", "ann")
    with pytest.raises(Unavailable, match="2 requests of ann"):
        under_way.enter("asking", "ann")
    under_way.enter("asking", "bob")
    with pytest.raises(Unavailable, match="too many requests are in progress"):
        under_way.enter("asking", "eve")
    under_way.leave("asking", "ann")
    under_way.enter("asking", "eve")


def test_what_is_held_and_what_is_heavy_is_counted_apart() -> None:
    held = "GET /api/v1/incidents/{incident_id}/recommendation"
    assert request_kind(held, "wait=20") == "waiting"
    assert request_kind(held, "") == "asking"
    assert request_kind("POST /api/v1/history", "") == "heavy"
    assert {request_kind("GET /api/v1/incidents", ""), "waiting", "heavy"} == BOUNDS.keys()


def test_too_much_of_one_caller_is_503_with_when_to_come_again(doors: Doors, client: TestClient) -> None:
    tokens = doors.tokens()
    entered, leave = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> None:
        entered.set()
        leave.wait(120)

    bring, doors.memory.import_history = doors.memory.import_history, slow
    name = {"name": "a.jsonl"}
    with ThreadPoolExecutor(2) as pool:
        try:
            for _ in range(BOUNDS["heavy"].per_caller):
                entered.clear()
                pool.submit(client.post, "/api/v1/history", params=name, content=b"{}", headers=bearer(tokens["admin"]))
                assert entered.wait(60)
            shed = client.post("/api/v1/history", params=name, content=b"{}", headers=bearer(tokens["admin"]))
            assert (shed.status_code, shed.headers["retry-after"]) == (503, "1")
            assert client.get("/api/v1/incidents", headers=bearer(tokens["admin"])).status_code == 200
        finally:
            leave.set()
            doors.memory.import_history = bring


def test_one_caller_fills_the_queue_of_intake_only_so_far(doors: Doors) -> None:
    async def send() -> None:
        intake = IngestQueue(doors.memory, lambda: None, QueueLimits(deliveries=4, of_caller=2, patience=0.2))
        sent = [asyncio.create_task(intake.take("generic", WebhookRequest(b"{}", {}), caller)) for caller in "aab"]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="2 messages of yours"):
            await intake.take("generic", WebhookRequest(b"{}", {}), "a")
        assert {type(said) for said in await asyncio.gather(*sent, return_exceptions=True)} == {Unavailable}

    asyncio.run(send())


def send_alert(address: str, number: int) -> int:
    """The status of the answer to an alert."""
    alert = {"labels": {"alertname": "Held"}, "startsAt": datetime.now(UTC).isoformat(), "fingerprint": str(number)}
    body = {"version": "4", "status": "firing", "alerts": [{"status": "firing", "annotations": {}, **alert}]}
    return httpx.post(f"{address}/api/v1/alerts/alertmanager", json=body, timeout=60).status_code


@contextmanager
def polling(address: str, path: str) -> Iterator[socket.socket]:
    """A connection that asked for a path and goes when the block ends."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
        yield raw


@pytest.mark.process
def test_polls_that_are_held_keep_nobody_from_being_answered(tmp_path: Path) -> None:
    """An incident that came as history has no answer: whoever waits for one is held to the end."""
    old = {"id": "OLD-1", "title": "over", "started_at": "2026-03-01T08:00:00Z", "resolved_at": "2026-03-01T09:00:00Z"}
    with running(tmp_path) as (address, _), ExitStack() as connections:
        resolution = {"root_cause": "a leak", "steps": [{"text": "restart"}]}
        history = json.dumps([old | {"resolution": resolution}])
        brought = httpx.post(f"{address}/api/v1/history", params={"name": "a.json"}, content=history, timeout=60)
        assert brought.json()["created"] == 1, brought.text
        path = "/api/v1/incidents/OLD-1/recommendation"
        held = [connections.enter_context(polling(address, f"{path}?wait=60")) for _ in range(HELD)]
        deadline = time.monotonic() + 60
        while f"onrecall_requests_held {HELD}.0" not in httpx.get(f"{address}/metrics", timeout=60).text:
            assert time.monotonic() < deadline
        assert {send_alert(address, number) for number in range(5)} == {202}
        assert httpx.get(f"{address}/api/v1/incidents", timeout=60).status_code == 200
        assert select.select(held, [], [], 0)[0] == [], "they are held still"
        assert httpx.get(f"{address}{path}", params={"wait": 1}, timeout=60).status_code == 404


def test_who_waits_hears_it_when_it_happens(doors: Doors, client: TestClient) -> None:
    opened = client.post("/api/v1/incidents", json={"title": "a pump stands still"}).json()["id"]
    answer = client.get(f"/api/v1/incidents/{opened}/recommendation", params={"wait": 60})
    assert answer.json()["verdict"] == "never_seen"
    assert client.get("/api/v1/incidents/none/recommendation", params={"wait": 60}).status_code == 404


@pytest.mark.process
def test_who_hangs_up_is_waited_for_no_longer(tmp_path: Path) -> None:
    old = {"id": "OLD-1", "title": "over", "started_at": "2026-03-01T08:00:00Z", "resolved_at": "2026-03-01T09:00:00Z"}
    with running(tmp_path) as (address, _):
        history = json.dumps([old | {"resolution": {"root_cause": "a leak", "steps": []}}])
        httpx.post(f"{address}/api/v1/history", params={"name": "a.json"}, content=history, timeout=60)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{address}/api/v1/incidents/OLD-1/recommendation", params={"wait": 60}, timeout=1)
        deadline = time.monotonic() + 45  # less than it would be waited for
        while "onrecall_requests_held 0.0" not in httpx.get(f"{address}/metrics", timeout=60).text:
            assert time.monotonic() < deadline
        huge = {"x-filler": "a" * (MOST_BYTES + 1)}
        assert httpx.get(f"{address}/healthz", headers=huge, timeout=60).status_code == 431
        assert httpx.get(f"{address}/healthz", headers={"x-filler": "a" * 1000}, timeout=60).status_code == 200
        assert said_to(address, b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x: " + b"a" * 500_000).startswith(b"HTTP/1.1 431")
        assert said_to(address, b"GET /" + b"a" * 500_000).startswith(b"HTTP/1.1 431")


def said_to(address: str, head: bytes) -> bytes:
    """What is answered to a request whose head never ends."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        try:
            raw.sendall(head)
            return raw.recv(4096)
        except ConnectionError:  # it hung up while more was on its way
            return raw.recv(4096)


def test_keys_are_read_while_requests_come_and_not_by_them(doors: Doors) -> None:
    async def ask() -> None:
        keys = Keys(doors.store, doors.clock, fresh_seconds=0.1)
        reader = KeyReader(keys)
        await reader.ready()
        assert not keys.required
        Keys(doors.store, doors.clock).create("another server's", "viewer")
        deadline = asyncio.get_running_loop().time() + 60
        while not keys.required:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.02)
        async with thread_pools.KEYS:  # somebody else reads, and it takes long
            await asyncio.wait_for(reader.ready(), 60)
        reader.stop()

    asyncio.run(ask())
