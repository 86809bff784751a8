"""The live stream: hints as things happen, without a gap for clients that resume from their last number."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from onrecall.domain.errors import Conflict, Invalid, Unavailable
from onrecall.http.broadcast import MOST_MISSED, Stream, StreamClient
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.http.websocket_auth import wait_until_refused
from onrecall.http.websocket_tasks import (
    POLICY_VIOLATION,
    TRY_LATER,
    CloseReason,
    close_politely,
    run_until_first,
    shorten_reason,
)
from onrecall.pipeline.tickets import TicketService

router = APIRouter(prefix="/api/v1", tags=["live"])


class TicketOut(BaseModel):
    """A ticket that replaces a key once, as `?ticket=`."""

    ticket: str
    expires_at: datetime


@router.post("/live/ticket", responses=responses(401, 403, 409))
def ticket(request: Request, memory: TheMemory, caller: TheCaller) -> TicketOut:
    """Create a ticket that opens `WS /api/v1/live` once within 30 s, for browsers, which cannot send a key there."""
    if caller.session_id is not None and caller.key is None:
        raise Conflict("a session needs no ticket; the browser sends its cookie")
    issued = TicketService(memory.store, request.state.keys, memory.now, request.app.state.team).issue(caller.key)
    return TicketOut(ticket=issued.ticket, expires_at=issued.expires_at)


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """`{type, id, seq}` for each thing that happens to an incident.

    `?after=` goes on after a number, `?last_ms=` begins with what happened in the last so many milliseconds.
    """
    await socket.accept()
    stream: Stream = socket.app.state.stream
    try:
        after, last_ms = _begin(socket.query_params)
    except Invalid as problem:
        await socket.close(POLICY_VIOLATION, f"{problem.field}: {problem}")
        return
    try:
        async with stream.joined() as client:
            if last_ms is not None:
                after = min(await stream.newest_before(last_ms), client.since)
            await _serve(socket, stream, client, after)
    except Unavailable as error:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(TRY_LATER, shorten_reason(str(error)))


def _begin(parameters: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return `after` and `last_ms`, of which at most one is given. Raises Invalid."""
    after, last_ms = parameters.get("after"), parameters.get("last_ms")
    if after is not None and last_ms is not None:
        raise Invalid("leave it out where you give `after`", "last_ms")
    if after is not None and not _is_number(after, 20):
        raise Invalid("give the `seq` of the last hint you had, a whole number", "after")
    if last_ms is not None and not _is_number(last_ms, 7):
        raise Invalid("give milliseconds as a whole number below 1,000,000", "last_ms")
    return None if after is None else int(after), None if last_ms is None else int(last_ms)


def _is_number(text: str, below_digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < below_digits


async def _serve(socket: WebSocket, stream: Stream, client: StreamClient, after: int | None) -> None:
    reason = await run_until_first(
        partial(_send, socket, stream, client, after),
        partial(_receive, socket, client),
        partial(_let_go, client),
        partial(wait_until_refused, socket, stream.heartbeat_seconds),
    )
    if reason is not None:
        await close_politely(socket, reason)


async def _send(socket: WebSocket, stream: Stream, client: StreamClient, after: int | None) -> CloseReason | None:
    hello, begin = _hello(client.since, after)
    await socket.send_text(json.dumps(hello))
    async for missed_hint in stream.missed(begin, client.since):
        await socket.send_text(missed_hint)
    while True:
        try:
            async with asyncio.timeout(stream.heartbeat_seconds):
                message = await client.queue.get()
        except TimeoutError:
            message = json.dumps({"type": "heartbeat", "seq": stream.seq})
        await socket.send_text(message)


def _hello(newest: int, after: int | None) -> tuple[dict[str, Any], int]:
    """Return the first message, and the event after which missed events are replayed."""
    hello = {"type": "hello", "seq": newest}
    if after is None:
        return hello, newest
    if after > newest:
        reason = f"after={after} is ahead of the newest event; this is another store, or an older state of this one"
    elif newest - after > MOST_MISSED:
        reason = f"{newest - after} events happened since then, and at most {MOST_MISSED} are replayed"
    else:
        return hello | {"resumed": True, "after": after}, after
    return hello | {"resumed": False, "reason": f"{reason}; reload what you show"}, newest


async def _receive(socket: WebSocket, client: StreamClient) -> CloseReason | None:
    # One that sends without a pause is always ready to be read, and this task would never be canceled.
    while not client.let_go.done():
        if (message := await socket.receive())["type"] == "websocket.disconnect":
            return None
        client.send(_reply_to(message.get("text")))
    return await _let_go(client)


def _reply_to(text: str | None) -> str:
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and message.get("type") == "ping":
        return '{"type": "pong"}'
    return json.dumps({"type": "error", "field": "type", "message": 'only {"type": "ping"} is understood here'})


async def _let_go(client: StreamClient) -> CloseReason:
    return TRY_LATER, await client.let_go
