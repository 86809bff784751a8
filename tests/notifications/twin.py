"""Another side that does what it is told: answers, fails, hangs, drips; a real server on loopback."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import JsonPoster

HERE = EgressGuard.from_allowlist(["127.0.0.1"])
"""A guard that lets this machine be called."""


@dataclass
class ReceivedRequest:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Twin:
    """What it was asked, and what it does next: statuses in turn, the last one for ever."""

    status: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    says: bytes = b"ok"
    hang: float = 0
    drip: float = 0
    asked: list[ReceivedRequest] = field(default_factory=list)
    address: str = ""
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def posting(self, guard: EgressGuard = HERE, seconds: float = 5, path: str = "/hook") -> JsonPoster:
        return JsonPoster(guard, guard.check_url(self.address + path), seconds)

    def next(self) -> int:
        return self.status.pop(0) if len(self.status) > 1 else self.status[0]


def _handler(twin: Twin) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            twin.asked.append(
                ReceivedRequest(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            )
            status = twin.next()
            twin.over.wait(twin.hang)
            try:
                self.send_response(status)
                for name, value in twin.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for at in range(len(twin.says)):
                    if not twin.drip:
                        self.wfile.write(twin.says)
                        break
                    self.wfile.write(twin.says[at : at + 1])
                    twin.over.wait(twin.drip)
            except OSError:
                pass  # it was not waited for

        def log_message(self, *args: object) -> None:
            pass

    return Answers


@contextmanager
def twin(context: ssl.SSLContext | None = None, **more: object) -> Iterator[Twin]:
    """A server for as long as the block lasts."""
    instance = Twin(**more)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(instance)) as server:
        server.daemon_threads = True
        server.block_on_close = False
        server.handle_error = lambda *_: None
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        instance.port = server.server_port
        instance.address = f"http{'s' if context else ''}://127.0.0.1:{instance.port}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield instance
        finally:
            instance.over.set()
            server.shutdown()


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not _ask_and_rest(true):
        assert time.monotonic() < deadline, "it never came"


def _ask_and_rest(true: Callable[[], object]) -> object:
    """Ask, and after a no leave the processor to the others for some times as long as asking took."""
    began = time.monotonic()
    if not (answer := true()):
        time.sleep(min(0.5, max(0.01, 4 * (time.monotonic() - began))))
    return answer


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for names of this machine: what a server shows, and what believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "twin")])
    now = datetime.now(UTC)
    names_in_certificate = [
        x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(x509.SubjectAlternativeName(names_in_certificate), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{names[0]}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + builder.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=builder.public_bytes(serialization.Encoding.PEM).decode())
    return server, client
