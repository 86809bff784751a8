"""RAG of Fire's WebSockets: every browser that listens gets each decision and each anomaly once.

What is told is read from the store by one reader in each process, so decisions made elsewhere are told too. Each
browser has a queue of its own that ends: who does not keep up is told so and let go, and nobody waits for him.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, WebSocket
from starlette.concurrency import run_in_threadpool

from onrecall.domain.errors import Unavailable
from onrecall.http import thread_pools
from onrecall.http.compat.ragoffire_messages import (
    Feed,
    connected_message,
    encode,
    heartbeat_message,
    reply,
    status_message,
)
from onrecall.http.websocket_auth import wait_until_refused
from onrecall.http.websocket_tasks import TRY_LATER, CloseReason, close_politely, run_until_first
from onrecall.pipeline import IncidentService

router = APIRouter()
POLL_SECONDS = 0.25
WAITING = 1000
"""Messages that may wait for one browser."""
MOST_BROWSERS = 5000
LOOK_AGAIN_SECONDS = 15.0
HEARTBEAT_SECONDS = 30.0
TROUBLE_SECONDS = 5
TOO_SLOW = "this client fell behind; connect again"
FELL_BEHIND = (TRY_LATER, "too slow")
ENOUGH = encode({"type": "system", "message": TOO_SLOW, "data": {"event": "too_slow", "message": TOO_SLOW}})

log = logging.getLogger(__name__)


@dataclass(eq=False)
class LiveClient:
    """One that listens: what waits for it, and whether it was let go."""

    client_id: str = field(default_factory=lambda: f"client-{secrets.token_hex(6)}")
    queue: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(WAITING))
    behind: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, message: str) -> None:
        """Put a message where the browser fetches it; never wait for it."""
        if not self.behind.is_set():
            try:
                self.queue.put_nowait(message)
            except asyncio.QueueFull:
                self.behind.set()


class LiveClients:
    """All that listen in this process. The store is read only while somebody does."""

    def __init__(self, memory: IncidentService) -> None:
        self.memory = memory
        self._feed = Feed(memory)
        self._listening: set[LiveClient] = set()
        self._reader: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self.look_again_seconds = LOOK_AGAIN_SECONDS
        """How often it is looked at whether a browser may still listen."""
        self.heartbeat_seconds = HEARTBEAT_SECONDS
        """How often a dashboard is told that its connection stands."""
        self.last_message_at = memory.now()
        """When something was told last; until then, since when this process could."""

    @property
    def listening(self) -> int:
        """How many do."""
        return len(self._listening)

    @property
    def client_ids(self) -> list[str]:
        """Those that do, by the ids that they were welcomed with."""
        return sorted(browser.client_id for browser in self._listening)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[LiveClient]:
        """Listen from now on; the welcome is the first message."""
        if len(self._listening) >= MOST_BROWSERS:
            raise Unavailable("too many clients are connected; try again later")
        browser = LiveClient()
        async with self._beginning:
            if self._reader is None:
                await thread_pools.run(thread_pools.STREAM, self._feed.begin)
                self._reader = asyncio.create_task(self._read())
            browser.send(encode(connected_message(browser.client_id, self.memory.now())))
            self._listening.add(browser)
        try:
            yield browser
        finally:
            self._listening.discard(browser)

    async def stop(self) -> None:
        """End with the application."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
            self._reader = None

    async def _read(self) -> None:
        while True:
            async with self._beginning:
                if not self._listening:
                    self._reader = None
                    return
            for message in await self._news():
                self.last_message_at = self.memory.now()
                for browser in self._listening:
                    browser.send(message)
            await asyncio.sleep(POLL_SECONDS)

    async def _news(self) -> list[str]:
        try:
            return await thread_pools.run(thread_pools.STREAM, self._feed.news)
        except Unavailable as error:
            log.warning("browsers wait for news: %s", error)
        except Exception:  # the loop must go on: what could not be read is read again, and the log says why
            log.exception("news could not be read; browsers wait")
            await asyncio.sleep(TROUBLE_SECONDS)
        return []


@router.websocket("/ws/incidents")
async def incidents(socket: WebSocket) -> None:
    """Send a welcome, then decisions, anomalies, notifications and turns of incidents as they come."""
    await _listen(socket, _wait_forever)


@router.websocket("/ws/dashboard")
async def dashboard(socket: WebSocket) -> None:
    """Send the same, with how much is stored after the welcome, and a heartbeat."""
    await _listen(socket, _beat)


async def _listen(socket: WebSocket, accompany: Callable[[LiveClients, LiveClient], Awaitable[None]]) -> None:
    browsers: LiveClients = socket.app.state.browsers
    try:
        async with browsers.joined() as browser:
            await socket.accept()
            await _serve(socket, browser, browsers, partial(accompany, browsers, browser))
    except Unavailable as error:
        await socket.close(TRY_LATER, str(error))


async def _wait_forever(_: LiveClients, __: LiveClient) -> None:
    await asyncio.Event().wait()


async def _beat(browsers: LiveClients, browser: LiveClient) -> None:
    memory = browsers.memory
    with contextlib.suppress(Unavailable):  # the database is busy: the connection stands all the same
        status = await run_in_threadpool(status_message, memory, browsers.listening, memory.now())
        browser.send(encode(status))
    while True:
        await asyncio.sleep(browsers.heartbeat_seconds)
        browser.send(encode(heartbeat_message(memory.now())))


async def _serve(
    socket: WebSocket, browser: LiveClient, browsers: LiveClients, accompany: Callable[[], Awaitable[None]]
) -> None:
    reason = await run_until_first(
        partial(_send, socket, browser),
        partial(_hear, socket, browser, browsers.memory),
        partial(_fall_behind, browser),
        accompany,
        partial(wait_until_refused, socket, browsers.look_again_seconds),
    )
    if reason is not None:
        await close_politely(socket, reason, ENOUGH if reason == FELL_BEHIND else None)


async def _fall_behind(browser: LiveClient) -> CloseReason:
    await browser.behind.wait()
    return FELL_BEHIND


async def _send(socket: WebSocket, browser: LiveClient) -> CloseReason | None:
    while True:
        await socket.send_text(await browser.queue.get())


async def _hear(socket: WebSocket, browser: LiveClient, memory: IncidentService) -> CloseReason | None:
    # One that sends without a pause is always ready to be read, and this task would never be canceled.
    while not browser.behind.is_set():
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        browser.send(encode(reply(message.get("text"), memory.now())))
    return FELL_BEHIND
