"""Rechecks long-lived connections, so that a revoked key ends them."""

import asyncio

from fastapi import WebSocket

from onrecall.domain.access import Principal
from onrecall.domain.errors import Unauthorised, Unavailable
from onrecall.http import threads
from onrecall.pipeline.keys import Keys

POLICY_VIOLATION = 1008


async def wait_until_refused(socket: WebSocket, every_seconds: float) -> tuple[int, str]:
    """Wait until a connection is no longer allowed; returns the close code and the reason."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await _still_admitted(socket)
        except Unauthorised as error:
            return POLICY_VIOLATION, str(error)


async def _still_admitted(socket: WebSocket) -> None:
    """Raise Unauthorised unless the key is valid; without a key, unless no key is required."""
    caller: Principal = socket.state.caller
    keys: Keys = socket.state.keys
    if not keys.fresh:
        try:
            await threads.run(threads.KEYS, keys.refresh)
        except Unavailable:
            return  # asked again the next time
    if socket.state.proxied:
        return
    if keys.required and (caller.key is None or keys.active(caller.key.id) is None):
        raise Unauthorised("the key is missing, revoked or expired; use a valid one")
