"""MCP over HTTP: one address, guarded as every route is; nothing of it is loaded before somebody asks."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from onrecall.domain.access import Principal
from onrecall.pipeline import IncidentService

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class Mcp:
    """The application at `/mcp`. It keeps no session, so any process answers any request."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        self._running: _Running | None = None
        self._beginning = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Principal = scope["state"]["caller"]
        async with self._beginning:
            if self._running is None:
                self._running = await _Running.begin(self._memory)
        manager = self._running.writing if caller.may("responder") else self._running.reading
        await manager.handle_request(scope, receive, send)

    async def stop(self) -> None:
        """End with the application."""
        if self._running is not None:
            await self._running.end()
            self._running = None
        self._beginning = asyncio.Lock()  # the next to begin may do so in another loop


class _Running:
    """Two sets of tools, at work until told to end: those that only read, and all."""

    def __init__(self, reading: "StreamableHTTPSessionManager", writing: "StreamableHTTPSessionManager") -> None:
        self.reading = reading
        self.writing = writing
        self._ready = asyncio.Event()
        self._ending = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @classmethod
    async def begin(cls, memory: IncidentService) -> "_Running":
        running = cls(*await run_in_threadpool(_managers, memory))
        await running._ready.wait()
        return running

    async def end(self) -> None:
        self._ending.set()
        await self._task

    async def _run(self) -> None:
        """In a task of its own, for what it opens must be closed by whoever opened it."""
        async with AsyncExitStack() as stack:
            for manager in (self.reading, self.writing):
                await stack.enter_async_context(manager.run())
            self._ready.set()
            await self._ending.wait()


def _managers(memory: IncidentService) -> tuple["StreamableHTTPSessionManager", "StreamableHTTPSessionManager"]:
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415 - takes a second

    from onrecall.mcp.server import create_server  # noqa: PLC0415 - likewise

    guarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # by our own guard, as every route is
    reading, writing = create_server(memory, Principal("viewer")), create_server(memory, Principal("responder"))
    for server in (reading, writing):
        server.streamable_http_app(json_response=True, stateless_http=True, transport_security=guarded)
    return reading.session_manager, writing.session_manager
