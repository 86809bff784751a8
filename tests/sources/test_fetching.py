"""Fetching a certificate from a real server: small, whole, and from where it was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from onrecall.domain.errors import Unavailable
from onrecall.sources.sns_certificates import MAX_BYTES, fetch_certificate

ASKED: list[str] = []


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ASKED.append(self.path)
        bodies = {"/good.pem": b"-----BEGIN", "/endless.pem": b"x" * (MAX_BYTES + 1), "/elsewhere.pem": b""}
        if self.path == "/elsewhere.pem":
            self.send_response(302)
            self.send_header("Location", "/good.pem")
        else:
            self.send_response(200 if self.path in bodies else 404)
        self.end_headers()
        self.wfile.write(bodies.get(self.path, b""))

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def server() -> Iterator[str]:
    ASKED.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_what_stands_there():
    with server() as address:
        assert fetch_certificate(f"{address}/good.pem") == b"-----BEGIN"


@pytest.mark.parametrize(
    ("path", "reason"), [("none.pem", "status 404"), ("elsewhere.pem", "status 302"), ("endless.pem", "larger than")]
)
def test_what_is_not_a_small_whole_answer_is_tried_again_later(path, reason):
    with server() as address:
        with pytest.raises(Unavailable, match=reason):
            fetch_certificate(f"{address}/{path}")
        assert [f"/{path}"] == ASKED


def test_nobody_there():
    with server() as address:
        pass
    with pytest.raises(Unavailable, match="can't be had"):
        fetch_certificate(f"{address}/good.pem")
