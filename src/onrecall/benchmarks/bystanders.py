"""Background load while alerts come in: long-polling requests and clients of the live stream.

They run in a separate process, so that they do not slow down the measurement.
"""

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from multiprocessing.synchronize import Event

import httpx
from websockets.asyncio.client import ClientConnection, connect

from onrecall.domain.errors import Unavailable

POLL_SECONDS = 60
"""Maximum duration of a long poll before it is repeated."""
JOINING_AT_ONCE = 20
START_SECONDS = 120
INCIDENT = "BENCH-HELD"
_HISTORY = {
    "id": INCIDENT,
    "title": "An incident of the past, to which no answer comes",
    "started_at": "2026-01-01T00:00:00Z",
    "resolved_at": "2026-01-01T01:00:00Z",
    "resolution": {"root_cause": "none", "steps": []},
}


@contextmanager
def bystanders(address: str, held_polls: int, live_clients: int) -> Iterator[None]:
    """Keep the given numbers of long polls and live clients connected within this context."""
    if not held_polls and not live_clients:
        yield
        return
    context = multiprocessing.get_context("spawn")
    ready, ending = context.Event(), context.Event()
    process = context.Process(target=_stand_by, args=(address, held_polls, live_clients, ready, ending), daemon=True)
    process.start()
    try:
        if not ready.wait(START_SECONDS) or not process.is_alive():
            raise Unavailable(
                f"{held_polls} requests and {live_clients} clients did not get in within {START_SECONDS} s"
            )
        yield
        if not process.is_alive():
            raise Unavailable("the requests that are held and the clients that listen ended before the load did")
    finally:
        ending.set()
        process.join(30)
        process.kill()


def _stand_by(address: str, held_polls: int, live_clients: int, ready: Event, ending: Event) -> None:
    asyncio.run(_run_bystanders(address, held_polls, live_clients, ready, ending))


async def _run_bystanders(address: str, held_polls: int, live_clients: int, ready: Event, ending: Event) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=address, limits=limits, timeout=90) as client:
        response = await client.post("/api/v1/history", params={"name": "held.json"}, content=json.dumps([_HISTORY]))
        response.raise_for_status()
        turn = asyncio.Semaphore(JOINING_AT_ONCE)
        sockets = await asyncio.gather(*(_join(stack, address, turn) for _ in range(live_clients)))
        tasks = [asyncio.create_task(_hear(socket)) for socket in sockets]
        tasks += [asyncio.create_task(_poll(client)) for _ in range(held_polls)]
        for _ in range(START_SECONDS * 10):
            if f"onrecall_requests_held {held_polls}.0" in (await client.get("/metrics")).text:
                ready.set()
                break
            await asyncio.sleep(0.1)
        await asyncio.to_thread(ending.wait)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _join(stack: AsyncExitStack, address: str, turn: asyncio.Semaphore) -> ClientConnection:
    async with turn:
        url = f"{address.replace('http', 'ws', 1)}/api/v1/live"
        socket = await stack.enter_async_context(connect(url, open_timeout=START_SECONDS))
        await socket.recv()
        return socket


async def _hear(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


async def _poll(client: httpx.AsyncClient) -> None:
    while True:
        with contextlib.suppress(httpx.TransportError):
            await client.get(f"/api/v1/incidents/{INCIDENT}/recommendation", params={"wait": POLL_SECONDS})
