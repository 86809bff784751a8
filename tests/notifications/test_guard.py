"""What may be called: nothing that only this machine can reach, however it is written and whoever answers for its name."""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.notifications import PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard, resolve_host
from onrecall.notifications.json_poster import JsonPoster

from .twin import certificate, twin


@dataclass
class Names:
    """A resolver that says what it is told to, one answer after the other, and counts how often it was asked."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


PUBLIC = "93.184.215.14"
FORBIDDEN = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
    "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", f"::ffff:{PUBLIC}", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::",
]  # fmt: skip
ODD = [
    "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://127.1/", "http://127.0.1/",
    "http://017700000001/", "http://127.0.0.01/", "http://0/", "http://1.2.3.4.5/", "http://127.0.0.1.0x1/",
    "http://user@example.com/", "http://user:password@example.com/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com@x/",
    "http://example.com\\@127.0.0.1/", "http://exa mple.com/", "http://example.com/\r\nHost: x", "http://[::1", "http:///path", "http://",
    "//example.com/", "example.com", "file:///etc/passwd", "gopher://example.com/", "ftp://example.com/", "unix:/run/docker.sock",
    "http://１２７.０.０.１/", "http://①②⑦.⓪.⓪.①/", "http://exa%6dple.com/", "http://-x-.example..com/", "http://example.com:0/",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/", "http://example.com:5432/", "https://example.com:10250/",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_nobody_elses_are_refused(address: str) -> None:
    with pytest.raises(PermanentDeliveryError, match="which is"):
        EgressGuard(resolve=Names([[address]])).addresses("hooks.example.com", 443)
    with pytest.raises(PermanentDeliveryError):
        EgressGuard(resolve=Names([[PUBLIC, address]])).addresses("hooks.example.com", 443)
    if "%" not in address:
        with pytest.raises(PermanentDeliveryError):
            EgressGuard(resolve=Names([[PUBLIC]])).addresses(address, 443)


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", f"64:ff9b::{0x5DB8:x}:{0xD70E:x}"]
)
def test_public_addresses_are_called(address: str) -> None:
    assert EgressGuard(resolve=Names([[address]])).addresses("hooks.example.com", 443) == [address]


@pytest.mark.parametrize("url", ODD)
def test_what_two_programs_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        EgressGuard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?b=c",
        "http://hooks.example.com:8080/",
        "https://[2606:2800::1]/x",
        "https://bücher.example/",
    ],
)
def test_usual_addresses_are_taken(url: str) -> None:
    assert EgressGuard().check_url(url).host


def test_a_name_lifts_the_ban_on_private_addresses_but_not_on_metadata() -> None:
    for address in ("127.0.0.1", "10.1.2.3", "::1", "fd00::7"):
        guard = EgressGuard.from_allowlist(["Hooks.Internal."], Names([[address]]))
        assert guard.addresses("hooks.internal", 80) == [address]
        with pytest.raises(PermanentDeliveryError):
            guard.addresses("other.internal", 80)
    for address in (
        "169.254.169.254",
        "fe80::1",
        "fd00:ec2::254",
        "224.0.0.1",
        "0.0.0.0",
        "::ffff:10.0.0.1",
        "fd00:ec2::23",
        "fd20:ce::254",
    ):
        with pytest.raises(PermanentDeliveryError):
            EgressGuard.from_allowlist(["hooks.internal"], Names([[address]])).addresses("hooks.internal", 80)


def test_networks_and_addresses_can_be_named() -> None:
    guard = EgressGuard.from_allowlist(
        ["10.2.0.0/16", "169.254.1.1"], Names([["10.2.3.4"], ["169.254.1.1"], ["10.3.0.1"]])
    )
    assert guard.addresses("a.internal", 80) == ["10.2.3.4"]
    assert guard.addresses("a.internal", 80) == ["169.254.1.1"]
    with pytest.raises(PermanentDeliveryError):
        guard.addresses("a.internal", 80)
    for wrong in ("https://hooks.internal", "hooks internal", "10.0.0.0/99", "2130706433", ""):
        with pytest.raises(Invalid, match=r"write hooks\.internal"):
            EgressGuard.from_allowlist([wrong])


def test_a_name_is_looked_up_once_and_what_was_checked_is_called() -> None:
    """DNS that changes its mind between the check and the call finds nobody to fool."""
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    guard = EgressGuard.from_allowlist(["hooks.internal"], names)
    with twin() as server:
        post = JsonPoster(guard, guard.check_url(f"http://hooks.internal:{server.port}/hook"))
        post(b"{}", {})
        assert names.asked == ["hooks.internal"]
        assert server.asked[0].headers["host"] == f"hooks.internal:{server.port}"
        with pytest.raises(
            PermanentDeliveryError, match=r"169\.254\.169\.254, which is the metadata service of a cloud"
        ):
            post(b"{}", {})
    assert len(server.asked) == 1


def test_of_several_addresses_one_must_answer() -> None:
    with twin() as server:
        guard = EgressGuard.from_allowlist(["hooks.internal"], Names([["127.0.0.2", "127.0.0.1"]]))
        JsonPoster(guard, guard.check_url(f"http://hooks.internal:{server.port}/"))(b"{}", {})
    assert len(server.asked) == 1


def test_a_redirect_to_metadata_is_not_followed() -> None:
    with twin(status=[302], headers={"Location": "http://169.254.169.254/latest/meta-data/"}) as server:
        with pytest.raises(PermanentDeliveryError, match=r"302.*redirects are not followed"):
            server.posting()(b"{}", {})
        assert len(server.asked) == 1


def test_certificates_are_those_of_the_name(tmp_path: Path) -> None:
    server_context, believed = certificate(tmp_path, "hooks.internal")
    guard = EgressGuard.from_allowlist(["hooks.internal", "other.internal"], Names([["127.0.0.1"]]))
    with twin(server_context) as server:
        good, wrong = (guard.check_url(f"https://{name}.internal:{server.port}/") for name in ("hooks", "other"))
        JsonPoster(guard, good, context=believed)(b"{}", {})
        with pytest.raises(Unavailable, match="Hostname mismatch"):
            JsonPoster(guard, wrong, context=believed)(b"{}", {})
        with pytest.raises(Unavailable, match="self-signed certificate"):
            JsonPoster(guard, good)(b"{}", {})
    assert len(server.asked) == 1


def test_a_name_without_an_address_is_tried_again_later() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unavailable, match="can't be looked up"):
        EgressGuard(resolve=unknown).addresses("nobody.example", 443)
    with pytest.raises(Unavailable, match="has no address"):
        EgressGuard(resolve=Names([[]])).addresses("nobody.example", 443)


def test_the_systems_resolver() -> None:
    assert "127.0.0.1" in resolve_host("localhost", 80)
    with pytest.raises(PermanentDeliveryError, match="this machine itself"):
        EgressGuard().addresses("localhost", 80)


@contextmanager
def dripping(says: bytes, pause: float) -> Iterator[int]:
    """A server that says the head of its answer one byte at a time."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(65536)
                for at in range(len(says)):
                    try:
                        connection.sendall(says[at : at + 1])
                    except OSError:
                        return
                    if over.wait(pause):
                        return

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        over.set()


def test_an_answer_that_drips_ends_in_time() -> None:
    guard = EgressGuard.from_allowlist(["127.0.0.1"])
    in_time = pytest.raises(Unavailable, match=re.escape("no complete answer within 0.5 s") + "|timed out")
    with dripping(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, 0.05) as port, in_time:
        JsonPoster(guard, guard.check_url(f"http://127.0.0.1:{port}/"), 0.5)(b"{}", {})
