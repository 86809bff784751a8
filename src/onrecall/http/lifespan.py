"""Runs the lifespan of an application that another one contains."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Start an application, and stop it at the end. Raises RuntimeError if it can't start or stop."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    task = asyncio.create_task(_run(app, to_app, from_app))
    await _step("startup", to_app, from_app)
    try:
        yield
    finally:
        await _step("shutdown", to_app, from_app)
        await task


async def _run(app: ASGIApp, to_app: "asyncio.Queue[Message]", from_app: "asyncio.Queue[Message]") -> None:
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to_app.get, from_app.put)


async def _step(step: str, to_app: "asyncio.Queue[Message]", from_app: "asyncio.Queue[Message]") -> None:
    await to_app.put({"type": f"lifespan.{step}"})
    reply = await from_app.get()
    if reply["type"] != f"lifespan.{step}.complete":
        raise RuntimeError(reply.get("message") or f"the application fails at {step}")
