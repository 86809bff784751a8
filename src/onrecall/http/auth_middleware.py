"""The guard before every route: closed unless the table of roles opens it to whoever asks."""

import logging

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.bootstrap.access import Access
from onrecall.domain.access import Principal, Role, id_of
from onrecall.domain.errors import Forbidden, Invalid, NotFound, OnRecallError, Unauthorised
from onrecall.http import console, credentials, local_proxy, problems, threads
from onrecall.http import request_body as bodies
from onrecall.http.cross_origin import ElsewhereForbidden, may_read
from onrecall.http.key_reader import KeyReader
from onrecall.http.local_proxy import is_proxied
from onrecall.http.overload import RequestsInFlight, kind_of
from onrecall.http.rate_limit import RateLimit
from onrecall.http.roles import KEY_IN_BODY, TICKETED, RouteMatch, look_up
from onrecall.pipeline import IncidentService
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.tickets import TicketService
from onrecall.sources import SOURCES, WebhookRequest, load_json
from onrecall.storage.audit import acting
from onrecall.storage.rejected import storable

READING = frozenset({"GET", "HEAD", "OPTIONS"})
DOWNLOADS = frozenset({"/api/v1/export"})
"""What a browser saves as a file, whichever page sent it there; a link in a mail is enough."""
POLICY_VIOLATION = 1008
LONGEST_PATH = 200
LONGEST_REASON = 120
LOCAL = Principal("admin")
"""Somebody at this machine, while there is no key."""
LOCAL_PROXY = "local proxy"
"""Who asks through a proxy of this machine without a key, where an operator lets them."""

log = logging.getLogger(__name__)


class AuthMiddleware:
    """Lets a request through when its key or signature is good for its route, and says whose it is."""

    def __init__(self, app: ASGIApp, memory: IncidentService, access: Access, keys: Keys) -> None:
        self._app = app
        self._access = access
        self._keys = keys
        self._tickets = TicketService(memory.store, self._keys, memory.now)
        self._audit = memory.store.audit
        self._now = memory.now
        self._brake = RateLimit()
        self._key_reader = KeyReader(self._keys)
        self._under_way = RequestsInFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            self._key_reader.stop()
            return
        method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
        found = look_up(method, scope["path"])
        scope["onrecall.route"] = found.path  # for whoever counts requests: of addresses there are no end
        if found.least == "open":
            await self._app(scope, receive, send)
            return
        if console.is_lost_visitor(scope, found):
            await console.rendered_page(404)(scope, receive, send)
            return
        request = Request({**scope, "type": "http", "method": method}, receive)
        body = _Body(request, receive)
        try:
            caller = await self._admit(request, found, body)
            slot = self._slot(request, found, caller)
        except ClientDisconnect:
            return
        except (OnRecallError, HTTPException) as error:
            await _refuse(error, found, scope, receive, send)
            return
        proxied = caller.name == LOCAL_PROXY and caller.key is None
        scope.setdefault("state", {}).update(caller=caller, keys=self._keys, proxied=proxied)
        try:
            with acting(caller.name):
                await self._app(scope, body.again, send)
        finally:
            if slot is not None:
                self._under_way.leave(*slot)
        if caller.key is not None and self._keys.unkept(caller.key):
            # After the answer, for it may wait for other writers.
            await threads.run(threads.BOOKKEEPING, self._keep_use, caller)

    def _slot(self, request: Request, found: RouteMatch, caller: Principal) -> tuple[str, str] | None:
        """Under which bound a request is counted, and for whom; None for what is bounded elsewhere."""
        if request.method == "WEBSOCKET" or found.least in ("ingest", "slack"):
            return None
        kind = kind_of(f"{request.method} {found.path}", request.url.query)
        slot = kind, credentials.counted_as(caller, request.client)
        self._under_way.enter(*slot)
        return slot

    async def _admit(self, request: Request, found: RouteMatch, body: "_Body") -> Principal:
        await self._key_reader.ready()
        if found.least == "slack":
            return await self._slack(request.headers, body)
        caller = await self._who(request, found, body)
        if found.least is None:
            if found.others:
                raise HTTPException(405, "this method is not offered here", {"Allow": ", ".join(sorted(found.others))})
            raise NotFound("there is nothing at this address")
        assert found.least != "open"
        if not caller.may(found.least):
            error = Forbidden(f"this requires the role {found.least}, but the key of {caller.name} has {caller.role}")
            if self._brake.failed(credentials.address(request.client)) is None:
                await self._refused(request, error, caller.name)
            raise error
        if request.method == "WEBSOCKET":
            self._own_page(request, found)  # browsers ask nobody before they open one for any page
        return caller

    async def _who(self, request: Request, found: RouteMatch, body: "_Body") -> Principal:
        try:
            if found.source is not None and found.source in self._access.webhook_secrets:
                return await self._signer(found.source, request.headers, body)
            role = self._access.local_proxy_role
            if role is not None and is_proxied(request.headers) and credentials.token_in(request.headers) is None:
                return self._behind_local_proxy(request, found, role)
            if not self._keys.wanted:
                return self._neighbour(request, found)
            return await self._holder(request, found, body)
        except (Unauthorised, Forbidden) as error:
            if not _showed_something(request, found, error):
                raise
            wait = self._brake.failed(credentials.address(request.client))
            if wait is None:  # nobody fills the audit by guessing
                await self._refused(request, error)
            if wait is None or found.least == "ingest":
                raise  # Alertmanager drops what is answered with 429, and the next key may be right
            raise HTTPException(
                429, "too many wrong keys from this address; wait a minute", {"Retry-After": str(round(wait) or 1)}
            ) from error

    async def _signer(self, source: str, headers: Headers, body: "_Body") -> Principal:
        sender = SOURCES.get(source)
        if sender is None or sender.verify is None:
            raise Forbidden(f"{source} has a secret but cannot sign; remove the secret and give it a key")
        delivery = WebhookRequest(await body.read(), {name.lower(): value for name, value in headers.items()})
        secrets = self._access.webhook_secrets[source]
        await threads.run(threads.ACKNOWLEDGING, sender.verify, delivery, secrets, self._now())
        return Principal("ingest", source)

    async def _slack(self, headers: Headers, body: "_Body") -> Principal:
        app = self._access.slack
        if app is None:
            raise Forbidden("requests from Slack are disabled; set ONRECALL_SLACK_SIGNING_SECRET")
        app.verify(
            WebhookRequest(await body.read(), {name.lower(): value for name, value in headers.items()}), self._now()
        )
        return Principal("responder", "slack")

    def _neighbour(self, request: Request, found: RouteMatch) -> Principal:
        credentials.at_this_machine(request.client, request.headers)
        if is_proxied(request.headers):
            raise local_proxy.refuse()
        self._own_page(request, found)
        return LOCAL

    def _behind_local_proxy(self, request: Request, found: RouteMatch, role: Role) -> Principal:
        credentials.at_this_machine(request.client, request.headers)
        local_proxy.check(request.headers)
        self._own_page(request, found, local_proxy.forwarded_host(request.headers))
        return Principal(role, LOCAL_PROXY)

    async def _holder(self, request: Request, found: RouteMatch, body: "_Body") -> Principal:
        token = credentials.token_in(request.headers)
        if token is None and (ticket := _ticket(request)) is not None:
            key = await threads.run(threads.ACKNOWLEDGING, self._tickets.take, ticket)
            return Principal(key.role, key.name, key)
        if token is None and found.source in KEY_IN_BODY:
            packed = request.headers.get("content-encoding", "")
            token = credentials.routing_key(await threads.run(threads.ACKNOWLEDGING, _read, await body.read(), packed))
        if token is None:
            raise Unauthorised("give a key as `Authorization: Bearer …` or `X-API-Key: …`; in a URL none is looked for")
        key = self._keys.holder(token)
        if request.headers.get("authorization", "").lower().startswith("basic "):
            self._own_page(request, found)  # a browser keeps sending these, whoever's page asks it to
        return Principal(key.role, key.name, key)

    def _own_page(self, request: Request, found: RouteMatch, page_host: str | None = None) -> None:
        if request.method in READING and found.path not in DOWNLOADS:
            return
        elsewhere = credentials.from_elsewhere(request.headers, self._access.cors_origins, page_host)
        if elsewhere and not may_read(request.scope, found, self._keys):
            raise ElsewhereForbidden

    async def _refused(self, request: Request, error: OnRecallError, who: str | None = None) -> None:
        given = id_of(credentials.token_in(request.headers) or "")
        where = storable(f"{request.method} {request.scope['path']}")[:LONGEST_PATH]
        detail = {"route": where, "address": credentials.address(request.client), "reason": str(error)}
        with acting(who):
            try:
                await threads.run(threads.BOOKKEEPING, self._audit.tell, "key refused", given, detail)
            except OnRecallError as failure:
                log.warning("the refusal of a key could not be recorded: %s", failure)

    def _keep_use(self, caller: Principal) -> None:
        assert caller.key is not None
        try:
            self._keys.used(caller.key)
        except OnRecallError as error:
            log.warning("the use of the key of %s could not be recorded: %s", caller.name, error)


class _Body:
    """A body that the guard may read and the route reads again."""

    def __init__(self, request: Request, receive: Receive) -> None:
        self._request = request
        self._receive = receive
        self._read: bytes | None = None

    async def read(self) -> bytes:
        self._read = await self._request.body()
        return self._read

    async def again(self) -> Message:
        if self._read is None:
            return await self._receive()
        body, self._read = self._read, None
        return {"type": "http.request", "body": body, "more_body": False}


def _read(body: bytes, packed: str) -> object:
    try:
        return load_json(bodies.unpacked(body, packed))
    except Invalid:
        return None


def _showed_something(request: Request, found: RouteMatch, error: OnRecallError) -> bool:
    """Whether somebody tried a key or a signature; having none is no attempt at guessing."""
    if found.source is not None and (isinstance(error, Forbidden) or found.source in KEY_IN_BODY):
        return True
    showed = credentials.token_in(request.headers) is not None or _ticket(request) is not None
    return isinstance(error, Unauthorised) and showed


def _ticket(request: Request) -> str | None:
    return request.query_params.get("ticket") if f"{request.method} {request.scope['path']}" in TICKETED else None


async def _refuse(error: Exception, found: RouteMatch, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        if isinstance(error, ElsewhereForbidden):  # a page can read why it is closed, but not why it never opened
            await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": str(error)[:LONGEST_REASON]})
        return
    response = problems.of(error)
    if response.status_code == 401:
        # SNS and others send a password once they are asked for it. Elsewhere a browser would then ask its user.
        response.headers["WWW-Authenticate"] = f'{"Basic" if found.least == "ingest" else "Bearer"} realm="OnRecall"'
    await response(scope, receive, send)
