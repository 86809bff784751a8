"""What the other side's answers mean: there, later, or never; none of them takes long or much."""

import socket
import time
from datetime import UTC, datetime

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.notifications import PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import LONGEST_WAIT, JsonPoster, retry_after

from .twin import HERE, twin

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_there(status: int) -> None:
    with twin(status=[status], says=b"") as server:
        server.posting()(b'{"a":1}', {"content-type": "application/json"})
    (request,) = server.asked
    assert (request.path, request.body, request.headers["content-type"]) == ("/hook", b'{"a":1}', "application/json")
    assert request.headers["user-agent"].startswith("OnRecall/")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_later(status: int) -> None:
    with (
        twin(status=[status], says=b"busy\x1b[31m") as server,
        pytest.raises(Unavailable, match=f"{status}.*busy") as raised,
    ):
        server.posting()(b"{}", {})
    assert raised.value.retry_after == 1
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("status", [300, 301, 307, 308, 400, 401, 403, 404, 405, 410, 413, 415, 422, 451])
def test_never(status: int) -> None:
    with twin(status=[status]) as server, pytest.raises(PermanentDeliveryError, match=str(status)):
        server.posting()(b"{}", {})
    assert len(server.asked) == 1


def test_patience_is_kept() -> None:
    with twin(status=[429], headers={"Retry-After": "17"}) as server, pytest.raises(Unavailable) as raised:
        server.posting()(b"{}", {})
    assert raised.value.retry_after == 17


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 1), ("", 1), ("soon", 1), ("-5", 1), ("0", 1), ("2.5", 1), ("30", 30), (" 30 ", 30), ("9" * 400, LONGEST_WAIT),
        ("Mon, 01 Jun 2026 12:00:30 GMT", 30), ("Mon, 01 Jun 2026 11:00:00 GMT", 1), ("Mon, 01 Jun 2099 11:00:00 GMT", LONGEST_WAIT),
        ("²", 1), ("Mon, 99 Jun 2026 12:00:30 GMT", 1),
    ],
)  # fmt: skip
def test_how_long_to_wait(header: str | None, seconds: float) -> None:
    assert retry_after(header, NOON) == seconds


def test_who_hangs_is_left() -> None:
    with twin(hang=30) as server, pytest.raises(Unavailable, match="no answer from"):  # after 30 seconds it answers
        server.posting(seconds=0.3)(b"{}", {})


def test_a_name_that_is_looked_up_too_slowly_is_tried_later() -> None:
    def resolve(host: str, port: int) -> list[str]:
        time.sleep(0.3)
        return ["127.0.0.1"]

    guard = EgressGuard.from_allowlist(["hooks.example"], resolve)
    with pytest.raises(Unavailable, match=r"no answer from hooks\.example: timed out"):
        JsonPoster(guard, guard.check_url("http://hooks.example/"), seconds=0.2)(b"{}", {})


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with twin(says=b"x" * 20_000_000) as server:
        server.posting()(b"{}", {})


def test_a_body_that_drips_ends_in_time() -> None:
    with twin(drip=0.05, says=b"x" * 1000) as server, pytest.raises(Unavailable):  # the whole of it takes 50 seconds
        server.posting(seconds=0.4)(b"{}", {})


def test_who_is_not_there_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="refused"):
        JsonPoster(HERE, HERE.check_url(f"http://127.0.0.1:{port}/"))(b"{}", {})


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with twin() as server:
        server.posting()(b"{}", {})
    assert len(server.asked) == 1
