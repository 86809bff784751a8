"""RAG of Fire's WebSocket: every browser that listens gets each decision and each anomaly once.

What is told is read from the store by one reader in each process, so decisions made elsewhere are told too. Each
browser has a queue of its own that ends: who does not keep up is told so and let go, and nobody waits for him.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from onrecall.domain.errors import NotFound, Unavailable
from onrecall.domain.incident import Recommendation
from onrecall.http.compat import shared as dialects
from onrecall.http.compat.ragoffire import action, symptom
from onrecall.http.websocket_auth import refused
from onrecall.pipeline import Memory
from onrecall.pipeline.postmortem import HAPPENED
from onrecall.storage import Event, StoredAlert
from onrecall.storage.overview import Places

router = APIRouter()
POLL_SECONDS = 0.25
AT_ONCE = 200
WAITING = 1000
"""Messages that may wait for one browser."""
MOST_BROWSERS = 5000
GOODBYE_SECONDS = 2
LOOK_AGAIN_SECONDS = 15.0
TROUBLE_SECONDS = 5
TRY_LATER = 1013
SYSTEM = ("opened", "acknowledged", "resolved", "reopened", "merged", "split")
PONG = json.dumps({"type": "pong"})
ENOUGH = json.dumps({"type": "system", "data": {"event": "too_slow", "message": "you did not keep up; connect again"}})

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Browser:
    """One that listens: what waits for it, and whether it was let go."""

    queue: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(WAITING))
    behind: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, message: str) -> None:
        """Put a message where the browser fetches it; never wait for it."""
        if not self.behind.is_set():
            try:
                self.queue.put_nowait(message)
            except asyncio.QueueFull:
                self.behind.set()


class Browsers:
    """All that listen in this process. The store is read only while somebody does."""

    def __init__(self, memory: Memory) -> None:
        self._feed = Feed(memory)
        self._listening: set[Browser] = set()
        self._reader: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self.look_again_seconds = LOOK_AGAIN_SECONDS
        """How often it is looked at whether a browser may still listen."""

    @property
    def listening(self) -> int:
        """How many do."""
        return len(self._listening)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[Browser]:
        """Listen from now on."""
        if len(self._listening) >= MOST_BROWSERS:
            raise Unavailable("too many listen; try again later")
        browser = Browser()
        async with self._beginning:
            if self._reader is None:
                await run_in_threadpool(self._feed.begin)
                self._reader = asyncio.create_task(self._read())
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
                for browser in self._listening:
                    browser.tell(message)
            await asyncio.sleep(POLL_SECONDS)

    async def _news(self) -> list[str]:
        try:
            return await run_in_threadpool(self._feed.news)
        except Unavailable as error:
            log.warning("browsers wait for news: %s", error)
        except Exception:  # the loop must go on: what could not be read is read again, and the log says why
            log.exception("news could not be read; browsers wait")
            await asyncio.sleep(TROUBLE_SECONDS)
        return []


class Feed:
    """What happened, in this dialect, from the store's own lists; each thing once, in order."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._at = Places(0, 0, 0)

    def begin(self) -> None:
        """Tell what happens from now on."""
        self._at = self._memory.store.overview.places()

    def news(self) -> list[str]:
        """What came since the last time; where reading fails, all of it is told next time."""
        alerts = self._memory.store.overview.alerts_after("anomaly", self._at.alert, AT_ONCE)
        asked = self._memory.store.overview.asked_after(self._at.answer, AT_ONCE)
        events = self._memory.store.events(self._at.event, AT_ONCE)
        told = [
            *(_anomaly(one) for one in alerts),
            *(_decision(self._memory, one) for _, one in asked),
            *(message for one in events for message in self._told(one)),
        ]
        self._at = Places(
            events[-1].seq if events else self._at.event,
            asked[-1][0] if asked else self._at.answer,
            alerts[-1].id if alerts else self._at.alert,
        )
        return [json.dumps(one, ensure_ascii=False) for one in told]

    def _told(self, event: Event) -> Iterator[Mapping[str, Any]]:
        if event.detail.get("imported"):
            return
        if event.type == "recommended":
            with contextlib.suppress(NotFound):
                yield _decision(self._memory, self._memory.store.recommendation(event.detail["recommendation"]))
        elif event.type in SYSTEM:
            message = f"{event.incident}: {HAPPENED[event.type]}"
            said = {"event": event.type, "incident": event.incident, "message": message, "seq": event.seq}
            yield {"type": "system", "data": said | {"at": event.at.isoformat()}}


@router.websocket("/ws/incidents")
async def incidents(socket: WebSocket) -> None:
    """Decisions, anomalies and what happens to incidents, as they come; `{"type": "ping"}` is answered with a pong."""
    browsers: Browsers = socket.app.state.browsers
    try:
        async with browsers.joined() as browser:
            await socket.accept()
            await _serve(socket, browser, browsers.look_again_seconds)
    except Unavailable as error:
        await socket.close(TRY_LATER, str(error))


async def _serve(socket: WebSocket, browser: Browser, look_again_seconds: float) -> None:
    shut: list[tuple[int, str]] = []

    async def until_refused() -> None:
        shut.append(await refused(socket, look_again_seconds))

    async with anyio.create_task_group() as together:

        async def first(doing: Callable[[], Awaitable[object]]) -> None:
            await doing()
            together.cancel_scope.cancel()

        for doing in (partial(_send, socket, browser), partial(_hear, socket, browser), browser.behind.wait):
            together.start_soon(first, doing)
        together.start_soon(first, until_refused)
    for code, reason in shut:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await socket.close(code, reason)
    if browser.behind.is_set():
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):  # it may have left, or be stuck
            async with asyncio.timeout(GOODBYE_SECONDS):
                await socket.send_text(ENOUGH)
                await socket.close(TRY_LATER, "too slow")


async def _send(socket: WebSocket, browser: Browser) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(await browser.queue.get())


async def _hear(socket: WebSocket, browser: Browser) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            browser.tell(_answer(message.get("text")))


def _answer(said: str | None) -> str:
    try:
        message = json.loads(said or "")
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and message.get("type") == "ping":
        return PONG
    wrong = {"event": "error", "field": "type", "message": 'only {"type": "ping"} is understood here'}
    return json.dumps({"type": "system", "data": wrong})


def _decision(memory: Memory, answer: Recommendation) -> Mapping[str, Any]:
    return {
        "type": "decision",
        "data": {
            "id": answer.id,
            "incident_id": answer.incident,
            "matched_incident": dialects.matched(answer),
            "symptom": symptom(memory, answer),
            "recommended_action": action(answer),
            "confidence_score": dialects.confidence(answer),
            "confidence_reason": answer.confidence_reason,
            "verdict": answer.verdict,
            "latency_ms": answer.latency_ms.total,
        },
    }


def _anomaly(one: StoredAlert) -> Mapping[str, Any]:
    labels, values = one.alert.labels, one.alert.values
    return {
        "type": "anomaly",
        "data": {
            "id": one.alert.key,
            "error_type": labels.get("error_type"),
            "spike_percentage": values.get("spike_percent"),
            "tenant_id": labels.get("tenant"),
            "service_name": one.alert.service,
            "metric_name": labels.get("metric"),
            "status": one.alert.status,
            "detected_at": one.alert.starts_at.isoformat(),
        },
    }
