"""Reads webhook bodies exactly as they came, decompresses them, and limits their size."""

import zlib
from collections.abc import Iterator

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from onrecall.domain.errors import Invalid
from onrecall.http import thread_pools
from onrecall.sources import WebhookRequest

MAX_UNPACKED_BYTES = 4 * 1024 * 1024
"""Largest decompressed body in bytes."""
MOST_MEMBERS = 16
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
COMPRESSIONS = ("gzip", "x-gzip", "deflate")


async def read_message(request: Request) -> WebhookRequest:
    """Read a message and decompress it."""
    return await unpack_message(await read_packed_message(request))


async def read_packed_message(request: Request) -> WebhookRequest:
    """Read a message as it came, compressed or not."""
    try:
        body = await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400, "the sender closed the connection before the whole body arrived") from error
    return WebhookRequest(body, {name.lower(): value for name, value in request.headers.items()})


async def unpack_message(packed: WebhookRequest) -> WebhookRequest:
    """Decompress a message in a thread of its own.

    Raises:
        HTTPException: 415 where it is compressed in a way that is not read, 413 where it is too large.
        Invalid: it is not compressed as its header says.
    """
    encoding = packed.headers.get("content-encoding", "")
    if not encoding:
        return packed
    return WebhookRequest(
        await thread_pools.run(thread_pools.ACKNOWLEDGING, decompress, packed.body, encoding), packed.headers
    )


def decompress(body: bytes, encoding: str) -> bytes:
    """Undo the encodings of a body, last one first."""
    encodings = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    for name in reversed(encodings):
        if name == "identity":
            continue
        if name not in COMPRESSIONS or len(encodings) > 2:
            raise HTTPException(415, f"content-encoding {encoding[:60]!r} can't be read; send gzip, deflate or none")
        body = _inflate(body, raw=name == "deflate" and not _has_header(body))
    return body


def _inflate(body: bytes, *, raw: bool) -> bytes:
    parts, size = [], 0
    try:
        for part in _members(body, -zlib.MAX_WBITS if raw else GZIP_OR_ZLIB):
            size += len(part)
            if size > MAX_UNPACKED_BYTES:
                raise HTTPException(413, f"at most {MAX_UNPACKED_BYTES:,} bytes are unpacked; send it in parts")
            parts.append(part)
    except zlib.error as error:
        raise Invalid(f"the body does not match its content-encoding: {error}", "body") from error
    return b"".join(parts)


def _members(body: bytes, wbits: int) -> Iterator[bytes]:
    """Yield the members of a gzip body in order; each is decompressed only as far as the limit."""
    for _ in range(MOST_MEMBERS):
        unpacking = zlib.decompressobj(wbits)
        yield unpacking.decompress(body, MAX_UNPACKED_BYTES + 1)
        if not unpacking.eof:
            raise zlib.error("it ends too early")
        body = unpacking.unused_data
        if not body:
            return
    raise zlib.error(f"it has more than {MOST_MEMBERS} members")


def _has_header(body: bytes) -> bool:
    """Return whether a `deflate` body has the zlib header; some senders leave it out."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
