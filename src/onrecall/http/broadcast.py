"""Broadcasts hints to all clients: one reader per process follows the event feed and sends each event to every client.

A hint says that something happened and where; what it is, is asked for. Who does not keep up is let go, never waited
for, and goes on later with the last number it had.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from onrecall.domain.errors import Unavailable
from onrecall.http import thread_pools
from onrecall.pipeline import IncidentService
from onrecall.storage import IncidentEvent

BATCH_SIZE = 500
MAX_QUEUED_HINTS = 1000
"""Hints that may wait for one client."""
MAX_CLIENTS = 5000
MOST_MISSED = 10_000
"""Events further back than this are not replayed."""
POLL_SECONDS = 0.25
"""Poll interval for other processes' events if the database does not notify."""
FALLBACK_POLL_SECONDS = 2.0
"""Poll interval if it does, in case a notification is lost."""
HEARTBEAT_SECONDS = 15.0
INCIDENT_POLL_SECONDS = 10.0
"""Interval at which those who wait for an incident check it themselves, in case the feed failed."""
GATHER_SECONDS = 0.01
"""Delay before reading, so that events written together are read together."""
SLOWEST_WRITE = timedelta(seconds=30)
"""How long an event may take from its time to the end of its transaction; until then nobody reads it."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(eq=False)
class StreamClient:
    """A connected client: its queue, and whether it was disconnected."""

    since: int
    """The newest event when it joined: later ones wait in the queue."""
    queue: "asyncio.Queue[str]" = field(default_factory=lambda: asyncio.Queue(MAX_QUEUED_HINTS))
    let_go: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Why it was disconnected."""

    def send(self, hint: str) -> None:
        """Queue a hint for the client without waiting."""
        try:
            self.queue.put_nowait(hint)
        except asyncio.QueueFull:
            self.end("this client fell behind; reconnect with ?after= and the last seq it received")

    def end(self, reason: str) -> None:
        """Disconnect it."""
        if not self.let_go.done():
            self.let_go.set_result(reason)


class Stream:
    """All clients of this process. The store is read only while there are any."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        self._clients: set[StreamClient] = set()
        self._waiting_by_incident: dict[str, set[asyncio.Event]] = {}
        """Waiters by incident."""
        self._reader: asyncio.Task[None] | None = None
        self._start_lock = asyncio.Lock()
        self._woken = asyncio.Event()
        self.heartbeat_seconds = HEARTBEAT_SECONDS
        """Interval of heartbeats while there are no hints."""
        self.seq = 0
        """The last event that was published."""

    @property
    def listening(self) -> int:
        """Number of connected clients."""
        return len(self._clients)

    @property
    def waiting(self) -> int:
        """Number of requests that wait for an incident."""
        return sum(map(len, self._waiting_by_incident.values()))

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[StreamClient]:
        """Listen from now on."""
        if self.listening >= MAX_CLIENTS:
            raise Unavailable(f"{MAX_CLIENTS} clients are connected already; try again later")
        async with self._start_lock:
            await self._start_reader()
            client = StreamClient(self.seq)
            self._clients.add(client)
        try:
            yield client
        finally:
            self._clients.discard(client)

    @asynccontextmanager
    async def awaited(self, incident: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set whenever something happens to an incident; waiting takes no thread."""
        happened = asyncio.Event()
        async with self._start_lock:
            await self._start_reader()
            self._waiting_by_incident.setdefault(incident, set()).add(happened)
        try:
            yield happened
        finally:
            waiting = self._waiting_by_incident.get(incident, set())
            waiting.discard(happened)
            if not waiting:
                self._waiting_by_incident.pop(incident, None)

    async def wait_for(self, incident: str, look: Callable[[], Result | None], seconds: float) -> Result | None:
        """Call `look` now and whenever something happens to an incident, until it finds something or time is up."""
        result = await thread_pools.run(thread_pools.STREAM, look)
        if result is not None or seconds <= 0:
            return result
        deadline = asyncio.get_running_loop().time() + seconds
        async with self.awaited(incident) as happened:
            while (result := await thread_pools.run(thread_pools.STREAM, look)) is None:
                seconds_left = deadline - asyncio.get_running_loop().time()
                if seconds_left <= 0:
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(seconds_left, INCIDENT_POLL_SECONDS)):
                        await happened.wait()
                happened.clear()
        return result

    async def _start_reader(self) -> None:
        """Start to read the feed from its end, unless it is being read already."""
        if self._reader is None:
            self.seq = await thread_pools.run(thread_pools.STREAM, self._memory.store.overview.newest_event)
            self._reader = asyncio.create_task(self._run())

    async def missed(self, after: int, until: int) -> AsyncIterator[str]:
        """Yield hints for the events after one, up to and including another."""
        while after < until:
            events = await thread_pools.run(thread_pools.STREAM, self._memory.store.events.feed, after, BATCH_SIZE)
            for event in events:
                if event.seq <= until:
                    yield hint(event)
            if not events:
                return
            after = events[-1].seq

    async def newest_before(self, milliseconds: int) -> int:
        """Return the `seq` of the newest event before the last so many milliseconds and before their slow writers."""
        recorded = self._memory.now() - timedelta(milliseconds=milliseconds) - SLOWEST_WRITE
        return await thread_pools.run(thread_pools.STREAM, self._memory.store.events.newest_before, recorded)

    async def stop(self) -> None:
        """End with the application."""
        reader = self._reader
        if reader is not None:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()

        def woken() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._woken.set)

        watch = self._memory.store.overview.watch(woken)
        watch.start()
        try:
            await self._read(FALLBACK_POLL_SECONDS if watch.notices_other_processes else POLL_SECONDS)
        finally:
            if self._reader is asyncio.current_task():  # it was ended, or failed: nobody is to wait for it
                self._reader = None
                for client in self._clients:
                    client.end("the stream ended; reconnect with ?after= and the last seq it received")
            await asyncio.shield(thread_pools.run(thread_pools.BOOKKEEPING, watch.stop))

    async def _read(self, look_seconds: float) -> None:
        while True:
            async with self._start_lock:
                if not self._clients and not self._waiting_by_incident:
                    self._reader = None
                    return
            self._woken.clear()
            if len(await self._publish()) == BATCH_SIZE:
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look_seconds):
                    await self._woken.wait()
            await asyncio.sleep(GATHER_SECONDS)

    async def _publish(self) -> Sequence[IncidentEvent]:
        try:
            events = await thread_pools.run(thread_pools.STREAM, self._memory.store.events.feed, self.seq, BATCH_SIZE)
        except Unavailable as error:
            log.warning("those who listen wait for news: %s", error)
            await asyncio.sleep(error.retry_after)
            return ()
        for event in events:
            for happened in self._waiting_by_incident.get(event.incident, ()):
                happened.set()
            if self._clients:
                message = hint(event)
                for client in self._clients:
                    client.send(message)
            self.seq = event.seq
        return events


def hint(event: IncidentEvent) -> str:
    """Build the hint for an event."""
    return json.dumps({"type": event.type, "id": event.incident, "seq": event.seq})
