"""No message, however mangled, to any sender's address is answered with a 5xx."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from example_counts import example_count
from idle_worker import IdleWorker
from onrecall.bootstrap.status import StatusReport
from onrecall.http import create
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import SOURCES
from onrecall.storage import Storage
from sources.test_hostile import HEADERS, JSON, MUTATIONS, mutate, payload_of

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
    max_examples=example_count(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def open_door() -> Iterator[TestClient]:
    """HTTP to a memory that lasts for all of these tests."""
    store = Storage.open("sqlite://")
    memory = IncidentService(
        Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: datetime.now(UTC))
    )
    app = create(memory, IdleWorker(), lambda: StatusReport(state="ok", parts=[]))
    with TestClient(app, LOOPBACK, raise_server_exceptions=False, client=HERE) as client:
        yield client
    store.close()


def send(client: TestClient, address: str, content: bytes, headers: dict[str, str] | None = None) -> None:
    raw = {name: value.encode("latin-1", "replace") for name, value in (headers or {}).items()}
    answer = client.post(address, content=content, headers=raw)
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 429


def send_everywhere(client: TestClient, content_for: Callable[[str], bytes], headers: dict[str, str]) -> None:
    """Send it to every address: drawing an example takes longer than answering it."""
    for address, source in ADDRESSES.items():
        try:
            send(client, address, content_for(source), headers)
        except Exception as error:
            error.add_note(f"the address is {address}")
            raise


@given(MUTATIONS, HEADERS)
@unhurried
def test_mangled_payloads(open_door, mutations, headers):
    send_everywhere(open_door, lambda source: mutate(SOURCES[source], mutations), headers)


@given(st.binary(max_size=200) | JSON.map(lambda value: repr(value).encode("utf-8", "replace")), HEADERS)
@unhurried
def test_anything_at_all(open_door, content, headers):
    send_everywhere(open_door, lambda _: content, headers)


FLIPS = st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 255)), max_size=4)


@given(st.integers(0, 999), FLIPS, st.integers(0, 99_999))
@unhurried
def test_a_payload_cut_and_flipped(open_door, number, flips, end):
    def spoilt(source: str) -> bytes:
        content = bytearray(payload_of(SOURCES[source], number))
        for where, byte in flips:
            content[where % len(content)] = byte
        return bytes(content[: end % (len(content) + 1)])

    send_everywhere(open_door, spoilt, {})


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
