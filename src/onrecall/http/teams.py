"""One server for several teams: an application for each, chosen by the credentials of a request.

Choosing decides nothing about access: the chosen application checks the credentials against its own store, and knows
no other.
"""

import logging
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.routing import Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.domain.errors import Unauthorised, Unavailable
from onrecall.domain.team import INSTALLATION
from onrecall.http import credentials, problems, thread_pools
from onrecall.http.auth_middleware import parse_body, send_refusal
from onrecall.http.body_limits import MAX_BODY
from onrecall.http.roles import KEY_IN_BODY, TICKETED, match_route
from onrecall.http.session_cookies import TEAM, SessionCookies
from onrecall.http.websocket_tasks import TRY_LATER, shorten_reason
from onrecall.pipeline.document_copies import DocumentSharing
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sign_in import SignIn, TeamDoor
from onrecall.worker.polling_thread import PollingThread
from onrecall.worker.team_metrics import TeamGauges

TEAM_PATH = re.compile(r"/teams/([a-z][a-z0-9_]*)(/.*)")
"""Where senders that sign, and Slack, say whose they are; for everything else the credentials do."""
PLACED_BY_PATH = frozenset({"ingest", "slack"})
SIGN_IN_PATHS = ("/sign-in", "/api/v1/sign-in")
"""The identity provider knows one address, that of the installation."""

COPY_SECONDS = 5.0
"""How long a change of a shared document may take to reach its copies."""
NO_SUCH_TEAM = "no team accepts this; check the team's name in the address, and its key or signing secret"
"""The one answer to all who are not authenticated, so that nobody finds out by asking which teams exist."""

SERVER_ERROR = 500

log = logging.getLogger(__name__)


class TeamDispatcher:
    """Hands each request to the application of its team; without a team's credentials to the installation's own."""

    def __init__(
        self, own: FastAPI, teams: Mapping[str, FastAPI], existing_teams: Callable[[], Collection[str]] | None = None
    ) -> None:
        """`existing_teams` lists those of the installation as of now; others may have been added since the start."""
        self._own = own
        self._teams = teams
        self._cookies: SessionCookies = own.state.cookies
        _connect(own, teams, existing_teams)
        self._lifespan = Router(lifespan=self._running).lifespan
        self._copying = PollingThread("onrecall-sharing", own.state.sharing.synchronize, pause_seconds=COPY_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if (placed := self._placed(scope)) is not None:
            await _answer_authenticated(*placed, receive, send, is_team=placed[0] is not self._own)
            return
        try:
            app, scope, receive = await self._choose(scope, receive)
        except ClientDisconnect:
            return
        except Unavailable as error:
            await _refuse(error, scope, receive, send)
            return
        await app(scope, receive, send)

    @asynccontextmanager
    async def _running(self, _: object) -> AsyncIterator[None]:
        """Start and stop all applications, the installation's own first and last."""
        async with AsyncExitStack() as stack:
            stack.callback(self._copying.stop)
            for app in (self._own, *self._teams.values()):
                await stack.enter_async_context(app.router.lifespan_context(app))
            self._copying.start()
            yield

    async def _choose(self, scope: Scope, receive: Receive) -> tuple[ASGIApp, Scope, Receive]:
        request = HTTPConnection(scope)
        token = credentials.token_in(request.headers)
        if token is not None:
            return await self._by_key(token), scope, receive
        method = "WEBSOCKET" if scope["type"] == "websocket" else scope["method"]
        if f"{method} {scope['path']}" in TICKETED and "ticket" in request.query_params:
            return self._named(request.query_params["ticket"].partition(".")[0]), scope, receive
        if method == "POST" and match_route(method, scope["path"]).source in KEY_IN_BODY:
            parts, token = await _read_routing_key(request.headers, receive)
            app = self._own if token is None else await self._by_key(token)
            return app, scope, _replay(parts, receive)
        if scope["path"].startswith(SIGN_IN_PATHS):
            return self._own, scope, receive
        return self._named(self._cookies.read(request, TEAM)), scope, receive

    def _placed(self, scope: Scope) -> tuple[ASGIApp, Scope] | None:
        """Return the application that the path of a message names, and the request without that part.

        Where there is no such team, it is the installation's own, whose answer takes as long and is not passed on.
        """
        match = TEAM_PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None or match_route(scope["method"], match[2]).least not in PLACED_BY_PATH:
            return None
        app = self._teams.get(match[1])
        return (self._own, scope) if app is None else (app, {**scope, "path": match[2], "raw_path": match[2].encode()})

    def _named(self, team: str | None) -> ASGIApp:
        return self._teams.get(team or "", self._own)

    async def _by_key(self, token: str) -> ASGIApp:
        """Return the application whose key a token is. Raises Unavailable if that can't be found out."""
        apps = (self._own, *self._teams.values())
        if (app := _holder(apps, token)) is not None:
            return app
        unread = await thread_pools.run(thread_pools.KEYS, _refresh, [app.state.keys for app in apps])
        app = _holder(apps, token)
        if app is None and unread is not None:
            raise unread
        return app or self._own


async def _answer_authenticated(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, is_team: bool) -> None:
    """Answer a message that its path places; to who is not authenticated there, the same whether the team exists.

    A failure of the server stays one: a sender repeats the message after it, but not after a refusal.
    """
    state = dict(scope.get("state", {}))
    declared = Headers(scope=scope).get("content-length", "")
    is_too_large = declared.isdecimal() and int(declared) > MAX_BODY  # refused alike whether the team exists
    is_refused = False

    async def send_authenticated(message: Message) -> None:
        nonlocal is_refused
        if message["type"] == "http.response.start":
            is_known = is_team and "authenticated" in state
            is_refused = not is_known and not is_too_large and message["status"] < SERVER_ERROR
        if not is_refused:
            await send(message)

    await app({**scope, "state": state}, receive, send_authenticated)
    if is_refused:
        await send_refusal(Unauthorised(NO_SUCH_TEAM), "ingest", scope, receive, send)


def _connect(own: FastAPI, teams: Mapping[str, FastAPI], existing_teams: Callable[[], Collection[str]] | None) -> None:
    """Let one sign-in open every team that a person is in, each application know the sessions of the others, and an
    admin of the installation see how much each team has.
    """
    apps: dict[str | None, FastAPI] = {None: own}
    apps.update(teams.items())
    for name, app in apps.items():
        app.state.team_sessions = {other: each.state.sessions for other, each in apps.items() if other != name}
    memory = own.state.memory
    own.state.team_gauges = TeamGauges({name: app.state.memory.store for name, app in teams.items()}, memory.now)
    sharing = DocumentSharing({name or INSTALLATION: app.state.memory for name, app in apps.items()}, existing_teams)
    for app in apps.values():
        app.state.sharing = sharing
    sign_in: SignIn | None = own.state.sign_in
    if sign_in is not None:
        sign_in.open_teams({name: TeamDoor(app.state.memory.store, app.state.sessions) for name, app in teams.items()})


def _holder(apps: Sequence[FastAPI], token: str) -> FastAPI | None:
    return next((app for app in apps if app.state.keys.knows(token)), None)


def _refresh(rings: Sequence[Keys]) -> Unavailable | None:
    """Reread the keys of all teams; returns the last failure, which keeps nobody else's keys from being read."""
    failure = None
    for keys in rings:
        try:
            keys.refresh()
        except Unavailable as error:
            log.warning("the keys of a team could not be read: %s", error)
            failure = error
    return failure


async def _read_routing_key(headers: Headers, receive: Receive) -> tuple[Sequence[Message], str | None]:
    """Read a message as far as one may be long; returns what was read, and the key in it."""
    parts: list[Message] = []
    size = 0
    while size <= MAX_BODY:
        part = await receive()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(part)
        size += len(part.get("body", b""))
        if not part.get("more_body", False):
            break
    body = b"".join(part.get("body", b"") for part in parts)
    encoding = headers.get("content-encoding", "")
    try:
        parsed = await thread_pools.run(thread_pools.ACKNOWLEDGING, parse_body, body, encoding)
    except HTTPException:
        return parts, None  # the application refuses it for the same reason
    return parts, credentials.routing_key(parsed)


def _replay(parts: Sequence[Message], receive: Receive) -> Receive:
    remaining = iter(parts)

    async def receive_again() -> Message:
        part = next(remaining, None)
        return await receive() if part is None else part

    return receive_again


async def _refuse(error: Unavailable, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": TRY_LATER, "reason": shorten_reason(str(error))})
        return
    await problems.to_response(error)(scope, receive, send)
