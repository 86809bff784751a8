"""An httpx transport over connections opened by the guard; Host, SNI and certificate name are those of the URL."""

import ssl
import time
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from onrecall.notifications.egress_guard import EgressGuard

NETWORK_ERRORS = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)


class Transport(httpx.BaseTransport):
    """One request with a total time limit, however slowly the response arrives. Not for concurrent use."""

    def __init__(self, guard: EgressGuard, seconds: float, context: ssl.SSLContext | None = None) -> None:
        self._backend = _Backend(guard, seconds)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context or httpx.create_ssl_context(),
            max_keepalive_connections=0,
            network_backend=self._backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request once, without redirects and retries."""
        self._backend.start_clock()
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        pool_request = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.read(), extensions=request.extensions
        )
        try:
            answer = self._pool.handle_request(pool_request)
        except NETWORK_ERRORS as error:
            raise httpx.TransportError(_error_text(error)) from error
        return httpx.Response(answer.status, headers=answer.headers, stream=_ResponseBody(answer))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _ResponseBody(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except NETWORK_ERRORS as error:
            raise httpx.TransportError(_error_text(error)) from error

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Opens connections through the guard, limited to the remaining time of the request."""

    def __init__(self, guard: EgressGuard, seconds: float) -> None:
        self._guard = guard
        self._seconds = seconds
        self._deadline = 0.0

    def start_clock(self) -> None:
        """Start the time limit."""
        self._deadline = time.monotonic() + self._seconds

    def remaining(self) -> float:
        """Return the remaining seconds; raise ReadTimeout if there are none."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout(f"no complete answer within {self._seconds:g} s")
        return remaining

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the exchange as a whole has its time
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        inner = httpcore.SyncBackend()
        return self._guard.reach(
            host,
            port,
            self.remaining(),
            lambda address, remaining: _Stream(inner.connect_tcp(address, port, remaining), self),
        )


class _Stream(httpcore.NetworkStream):
    """A connection limited to the remaining time of its request."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._backend.remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._backend.remaining())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._backend.remaining()), self._backend)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _error_text(error: Exception) -> str:
    return str(error) or type(error).__name__
