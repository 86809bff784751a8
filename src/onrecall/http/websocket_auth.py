"""Rechecks long-lived connections, so that a revoked key ends them."""

import asyncio

from fastapi import WebSocket

from onrecall.domain.access import Principal
from onrecall.domain.errors import Unauthorised, Unavailable
from onrecall.http import thread_pools
from onrecall.http.websocket_tasks import POLICY_VIOLATION, CloseReason
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sessions import Sessions


async def wait_until_refused(socket: WebSocket, every_seconds: float) -> CloseReason:
    """Wait until a connection is no longer allowed; returns the close code and the reason."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await _still_admitted(socket)
        except Unauthorised as error:
            return POLICY_VIOLATION, str(error)


async def _still_admitted(socket: WebSocket) -> None:
    """Raise Unauthorised unless the key or the session is valid; without either, unless none is required."""
    caller: Principal = socket.state.caller
    keys: Keys = socket.state.keys
    if not keys.fresh:
        try:
            await thread_pools.run(thread_pools.KEYS, keys.refresh)
        except Unavailable:
            return  # asked again the next time
    if socket.state.proxied:
        return
    if caller.session_id is not None:
        await _check_session(socket, caller.session_id)
    elif keys.required and (caller.key is None or keys.active(caller.key.id) is None):
        raise Unauthorised("the key is missing, revoked or expired; use a valid one")


async def _check_session(socket: WebSocket, session_id: str) -> None:
    sessions: Sessions = socket.app.state.sessions
    try:
        await thread_pools.run(thread_pools.SESSIONS, sessions.check, session_id)
    except Unavailable:
        return
