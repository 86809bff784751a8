"""Bounds request heads while they arrive: the parser alone would buffer any amount."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 32 * 1024
"""Largest request line with headers; cookies of company proxies may take half of it."""
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b"
)
_PROBLEM = (
    b'{"type":"about:blank","title":"Request Header Fields Too Large","status":431,'
    b'"detail":"at most 32 KB of request line and headers are read; send less of them"}'
)


class BoundedHead(HttpToolsProtocol):
    """Answers 431 and hangs up once the head of a request is larger than is read."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self._reading_head = False
        self._head_bytes = 0

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._reading_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Refuse a head that is too large."""
        self._reading_head = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MOST_BYTES:
            self._refuse()
            return
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count the bytes of an incomplete head."""
        super().data_received(data)
        if self._reading_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_BYTES:
                self._refuse()

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_REFUSAL % (len(_PROBLEM), _PROBLEM))
            self.transport.close()
