"""CORS: which pages of other origins may read a response, and what a refusal tells them.

Origins that an operator names may ask whatever their key may. While there is no key, pages of this machine
(http://localhost:3000 and the like) may also ask what only reads: that is what `roles.is_read_only` says.
"""

from functools import partial

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.bootstrap.access import Access, is_loopback
from onrecall.domain.errors import Forbidden, Unavailable
from onrecall.http import thread_pools
from onrecall.http.credentials import client_address, is_local_origin, means_loopback
from onrecall.http.roles import RouteMatch, is_read_only, match_route
from onrecall.pipeline.keys import Keys

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("authorization", "content-type", "x-api-key")
REFUSAL = "a page of another origin sent this request; to allow it, add its origin to ONRECALL_CORS_ORIGINS"
"""Short enough for the reason of a closing WebSocket."""


class ElsewhereForbidden(Forbidden):
    """A page of an origin that is not allowed sends a request."""

    def __init__(self) -> None:
        super().__init__(REFUSAL)


def is_local_page(scope: Scope, keys: Keys) -> bool:
    """Return whether the request is from a local page to this machine while no key exists."""
    headers, client = Headers(scope=scope), scope.get("client")
    is_local_client = (
        client is not None and is_loopback(client_address(client)) and means_loopback(headers.get("host", ""))
    )
    return is_local_client and not keys.required and is_local_origin(headers.get("origin"))


def may_read(scope: Scope, route: RouteMatch, keys: Keys) -> bool:
    """Return whether a local page may use this route without being allowed: it must be read-only."""
    return is_read_only(route, scope.get("method", "WEBSOCKET")) and is_local_page(scope, keys)


class CrossOrigin:
    """Answers preflights, and sets on each response whether a page of another origin may read it."""

    def __init__(self, app: ASGIApp, access: Access, keys: Keys) -> None:
        self._app = app
        self._allowed = CORSMiddleware(app, access.cors_origins, METHODS, HEADERS)
        self._origins = frozenset(access.cors_origins)
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif origin in self._origins:
            await self._allowed(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await self._answer_preflight(scope, receive, send, origin)
        elif await self._is_local_page(scope):
            await self._app(scope, receive, partial(_send_readable, scope, origin, send))
        else:
            await self._app(scope, receive, send)

    async def _answer_preflight(self, scope: Scope, receive: Receive, send: Send, origin: str) -> None:
        """Allow local pages, so that they can read a refusal; tell others which setting allows them."""
        allowed = self._allowed.preflight_headers | {"Access-Control-Allow-Origin": origin}
        local = await self._is_local_page(scope)
        response = PlainTextResponse("OK", 200, allowed) if local else PlainTextResponse(REFUSAL, 403)
        await response(scope, receive, send)

    async def _is_local_page(self, scope: Scope) -> bool:
        if not self._keys.fresh:
            try:
                await thread_pools.run(thread_pools.KEYS, self._keys.refresh)
            except Unavailable:
                return False
        return is_local_page(scope, self._keys)


async def _send_readable(scope: Scope, origin: str, send: Send, message: Message) -> None:
    """Send a response; a local page may read it if the route is read-only or the request was refused."""
    if message["type"] == "http.response.start":
        route = match_route(scope["method"], scope["path"])
        if message["status"] >= 400 or is_read_only(route, scope["method"]):
            CORSMiddleware.allow_explicit_origin(MutableHeaders(scope=message), origin)
    await send(message)
