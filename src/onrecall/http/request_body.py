"""Bodies of deliveries: exactly as they came, unpacked where they are compressed, and never larger than is allowed."""

import zlib
from collections.abc import Iterator

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from onrecall.domain.errors import Invalid
from onrecall.http import threads
from onrecall.sources import WebhookRequest

MAX_UNPACKED_BYTES = 4 * 1024 * 1024
"""Bytes of a body once it is unpacked."""
MOST_MEMBERS = 16
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
COMPRESSIONS = ("gzip", "x-gzip", "deflate")


async def read_message(request: Request) -> WebhookRequest:
    """The message of a sender, unpacked."""
    return await unpack_message(await read_packed_message(request))


async def read_packed_message(request: Request) -> WebhookRequest:
    """Returns the message of a sender as it came, compressed or not."""
    try:
        body = await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400, "the sender hung up before all of it was here") from error
    return WebhookRequest(body, {name.lower(): value for name, value in request.headers.items()})


async def unpack_message(packed: WebhookRequest) -> WebhookRequest:
    """Returns the message without its compression; unpacking has a thread of its own.

    Raises:
        HTTPException: 415 where it is compressed in a way that is not read, 413 where it is too large.
        Invalid: it is not compressed as its header says.
    """
    encoding = packed.headers.get("content-encoding", "")
    if not encoding:
        return packed
    return WebhookRequest(await threads.run(threads.ACKNOWLEDGING, decompress, packed.body, encoding), packed.headers)


def decompress(body: bytes, encoding: str) -> bytes:
    """The body without its compressions, of which the last is taken off first."""
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
    """One after the other, for gzip may have several; none unpacks further than it takes to see that it is too much."""
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
    """Whether `deflate` is zlib's format, as it should be, or bare, as some senders have it."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
