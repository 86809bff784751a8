"""No message, however mangled, to any sender's address is answered with a 5xx."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from example_counts import example_count
from onrecall.bootstrap.status import StatusReport
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import SOURCES
from onrecall.storage import Storage
from onrecall.worker.worker import Worker
from sources.golden import bodies
from sources.test_hostile import HEADERS, JSON, mutated

from .conftest import HERE, LOOPBACK

ADDRESSES = {
    **{f"/api/v1/alerts/{name}": name for name in SOURCES},
    "/api/v2/alerts": "prometheus",
    "/v2/enqueue": "pagerduty-events",
    "/v2/change/enqueue": "pagerduty-changes",
}
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
unhurried = settings(
    deadline=None,
    max_examples=example_count(6),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
everywhere = pytest.mark.parametrize("address", ADDRESSES)


@pytest.fixture(scope="module")
def open_door() -> Iterator[TestClient]:
    """HTTP to a memory that lasts for all of these tests."""
    store = Storage.open("sqlite://")
    memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
    )
    app = create(memory, Worker(memory), lambda: StatusReport(state="ok", parts=[]))
    with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=HERE) as client:
        yield client
    store.close()


def send(client: TestClient, address: str, content: bytes, headers: dict[str, str] | None = None) -> None:
    raw = {name: value.encode("latin-1", "replace") for name, value in (headers or {}).items()}
    answer = client.post(address, content=content, headers=raw)
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 429


@everywhere
@given(st.data())
@unhurried
def test_mangled_payloads(open_door, address, data):
    content = data.draw(mutated(SOURCES[ADDRESSES[address]]))
    send(open_door, address, content, data.draw(HEADERS))


@everywhere
@given(st.binary(max_size=200) | JSON.map(lambda value: repr(value).encode("utf-8", "replace")), HEADERS)
@unhurried
def test_anything_at_all(open_door, address, content, headers):
    send(open_door, address, content, headers)


@everywhere
@given(st.data())
@unhurried
def test_a_payload_cut_and_flipped(open_door, address, data):
    content = bytearray(data.draw(st.sampled_from(bodies(ADDRESSES[address]) or [b"{}"])))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    send(open_door, address, bytes(content[: data.draw(st.integers(0, len(content)))]))


@given(
    st.sampled_from(sorted(ADDRESSES)),
    st.binary(max_size=300),
    st.sampled_from([bytes, gzip.compress, zlib.compress]),
    st.sampled_from(["gzip", "deflate", "gzip, deflate", "identity", "x-gzip", "br", "", ","]) | VALUE,
    VALUE,
)
@settings(unhurried, max_examples=example_count(60))
def test_any_packing(open_door, address, content, pack, encoding, kind):
    send(open_door, address, pack(content), {"content-encoding": encoding, "content-type": kind})


@given(st.text(max_size=40), st.sampled_from(["POST", "OPTIONS"]), VALUE)
@settings(unhurried, max_examples=example_count(30))
def test_any_sender_name(open_door, name, method, origin):
    headers = {"webhook-request-origin": origin.encode("latin-1")}
    path = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "replace"))
    assert open_door.request(method, f"/api/v1/alerts/{path}", headers=headers, content=b"{}").status_code < 500


@given(st.text(max_size=30) | st.integers().map(str), JSON.map(lambda value: repr(value).encode("utf-8", "replace")))
@settings(unhurried, max_examples=example_count(30))
def test_any_retry_and_any_cursor(open_door, number, content):
    path = "".join(f"%{byte:02x}" for byte in number.encode("utf-8", "replace"))
    assert open_door.post(f"/api/v1/rejected/{path}/retry", content=content).status_code < 500
    for listed in ("rejected", "changes"):
        assert open_door.get(f"/api/v1/{listed}", params={"cursor": number}).status_code < 500
