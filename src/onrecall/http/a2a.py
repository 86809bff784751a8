"""A2A: other agents find the card and ask the memory at `/a2a`. Needs the extra `a2a`, loaded at the first request."""

import asyncio
import importlib.util
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from onrecall.pipeline import IncidentService

if TYPE_CHECKING:
    from onrecall.http.a2a_agent import Agent

CARD_PATH, RPC_PATH = "/.well-known/agent-card.json", "/a2a"


class A2a:
    """Serves the agent's card and its JSON-RPC requests. It keeps no task, so any process answers any request."""

    def __init__(self, memory: IncidentService, public_url: str | None) -> None:
        self._memory = memory
        self._public_url = public_url
        self._agent: Agent | None = None
        self._loading = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the routes, none where the extra is not installed."""
        if importlib.util.find_spec("a2a") is None:
            return []
        return [Route(CARD_PATH, self._card, methods=["GET"]), Route(RPC_PATH, self._call, methods=["POST"])]

    async def _card(self, request: Request) -> Response:
        url = (self._public_url or str(request.base_url)).rstrip("/")
        return JSONResponse((await self._loaded()).card(url + RPC_PATH))

    async def _call(self, request: Request) -> Response:
        return await (await self._loaded()).handle(request)

    async def _loaded(self) -> "Agent":
        async with self._loading:
            if self._agent is None:
                self._agent = await run_in_threadpool(_load, self._memory)
        return self._agent


def _load(memory: IncidentService) -> "Agent":
    from onrecall.http.a2a_agent import Agent  # noqa: PLC0415 - takes a second

    return Agent(memory)
