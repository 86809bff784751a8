"""What every WebSocket does: several tasks at once until the first of them ends, then a polite end."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import anyio
from fastapi import WebSocket, WebSocketDisconnect

GOODBYE_SECONDS = 2
TRY_LATER = 1013
POLICY_VIOLATION = 1008
MAX_REASON_BYTES = 120
"""A close reason has room for 123 bytes."""
CloseReason = tuple[int, str]
"""The code with which a connection is closed, and why."""


async def run_until_first(*tasks: Callable[[], Awaitable[CloseReason | None]]) -> CloseReason | None:
    """Run all tasks until the first ends; returns why to close the connection, or None if the client left."""
    reasons: list[CloseReason] = []
    async with anyio.create_task_group() as together:

        async def run(task: Callable[[], Awaitable[CloseReason | None]]) -> None:
            with contextlib.suppress(WebSocketDisconnect):
                if reason := await task():
                    reasons.append(reason)
            together.cancel_scope.cancel()

        for task in tasks:
            together.start_soon(run, task)
    return reasons[0] if reasons else None


async def close_politely(socket: WebSocket, reason: CloseReason, last_message: str | None = None) -> None:
    """Close a connection with the reason, after a last message; the client may have gone, or be stuck."""
    code, text = reason
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            if last_message is not None:
                await socket.send_text(last_message)
            await socket.close(code, shorten_reason(text))


def shorten_reason(reason: str) -> str:
    """Shorten a close reason to what fits."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
