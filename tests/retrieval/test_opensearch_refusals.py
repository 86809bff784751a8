"""What is said when a cluster can't be used, and what answers meanwhile; servers that refuse stand in for one."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from passage_log import MODEL, Log, passage, vector

from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import VisibilityFilter
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.opensearch import ClusterAddress, IndexTarget, OpenSearchIndex
from opensearch.real_node import free_port

TERMS = dict.fromkeys(tokenizer.count_terms("queue"), 1)


class Refusing(BaseHTTPRequestHandler):
    """Answers every call with the server's status, and counts them."""

    def do_GET(self) -> None:
        self.server.calls += 1
        body = b'{"error": {"type": "refused", "reason": "a sentence of the server"}}'
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = do_HEAD = do_GET  # noqa: N815 - the names that the library calls

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def refusing(status: int, certificate: Path | None = None) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.status, server.calls = status, 0
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def filled_log() -> Log:
    log = Log()
    log.add(passage("INC-1", "queue stuck"))
    log.add(passage("INC-2", "disk full"))
    return log


def index_at(url: str, log: Log, clock: Clock | None = None, **address) -> OpenSearchIndex:
    target = IndexTarget("refused", MODEL, 64)
    where = ClusterAddress((url,), timeout=5, **address)
    return OpenSearchIndex(log, where, target, lambda: LocalIndex(log, None), clock or Clock())


def limitation_at(url: str, **address) -> str:
    with closing(index_at(url, filled_log(), **address)) as index:
        index.refresh()
        assert index.words(TERMS, VisibilityFilter(), 5) == [1]
        assert index.meaning(vector("queue"), VisibilityFilter(), 5) == []
        return index.limitation


def url_of(server: ThreadingHTTPServer, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "the login is refused; check ONRECALL_OPENSEARCH_USER and ONRECALL_OPENSEARCH_PASSWORD"),
        (403, "403 a sentence of the server"),
        (500, "500 a sentence of the server"),
    ],
)
def test_words_answer_where_the_cluster_refuses_and_the_reason_is_named(status, reason):
    with refusing(status) as server:
        assert reason in limitation_at(url_of(server))


def test_a_certificate_that_nobody_vouches_for_is_refused_until_it_is_named(tmp_path):
    certificate = self_signed(tmp_path)
    with refusing(401, certificate) as server:
        assert "set ONRECALL_OPENSEARCH_CA" in limitation_at(url_of(server, "https"))
        assert "the login is refused" in limitation_at(url_of(server, "https"), ca=certificate)


def test_nobody_waits_for_a_cluster_that_was_away_a_moment_ago():
    clock, log = Clock(), filled_log()
    with refusing(500) as server, closing(index_at(url_of(server), log, clock)) as index:
        index.refresh()
        calls = server.calls
        log.add(passage("INC-3", "queue grows"))
        index.refresh()
        assert server.calls == calls
        assert set(index.words(TERMS, VisibilityFilter(), 5)) == {1, 3}
        clock.now += 6
        index.refresh()
        assert server.calls > calls


def test_each_thread_hears_of_its_own_question():
    with closing(index_at(f"http://127.0.0.1:{free_port()}", filled_log())) as index:
        index.refresh()
        heard: list[str | None] = []
        other = threading.Thread(target=lambda: heard.append(index.limitation))
        other.start()
        other.join()
        assert heard == [None]
        assert "no connection" in index.limitation


def self_signed(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "node.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path
