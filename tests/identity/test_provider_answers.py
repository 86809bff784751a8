"""Answers of an identity provider that are wrong in their form, or come too slowly."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.identity.discovery import parse_metadata
from onrecall.identity.json_client import JsonClient

ISSUER = "https://login.example"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@pytest.mark.parametrize(
    "address",
    ["https://[::1/keys", "https://login.example:port/keys", f"{ISSUER}/keys\x7f", f"{ISSUER}/ke ys", 7, None],
)
def test_an_endpoint_that_is_no_address_makes_the_provider_unavailable(address: object) -> None:
    with pytest.raises(Unavailable, match="names no usable jwks_uri"):
        parse_metadata(ISSUER, DOCUMENT | {"jwks_uri": address})


@pytest.mark.parametrize(
    ("methods", "basic"),
    [
        (["client_secret_post"], False),
        (["client_secret_post", "client_secret_basic"], True),
        (None, True),
        (7, True),
        ("client_secret_post", True),
    ],
)
def test_ways_to_authenticate_are_a_list_or_the_usual_one(methods: object, *, basic: bool) -> None:
    document = DOCUMENT | {"token_endpoint_auth_methods_supported": methods}
    assert parse_metadata(ISSUER, document).uses_basic_authentication is basic


def test_an_answer_that_drips_is_left_although_each_byte_comes_in_time(serving: Callable[..., str]) -> None:
    client = JsonClient(seconds=0.3)
    with pytest.raises(Unavailable, match="no whole answer within"):
        client.get(serving(100, 0.05))
    assert client.get(serving(1, 0.0)) == {}
    client.close()


@pytest.fixture
def serving(request: pytest.FixtureRequest) -> Callable[..., str]:
    def start(blanks: int, pause: float) -> str:
        class Dripping(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(blanks + 2))
                self.end_headers()
                try:
                    for part in (b" ",) * blanks + (b"{}",):
                        self.wfile.write(part)
                        time.sleep(pause)
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        request.addfinalizer(server.server_close)
        request.addfinalizer(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    return start
