"""Authentication and authorisation before every route: access is denied unless the table of roles allows it."""

import logging
from contextlib import nullcontext

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.bootstrap.access import Access
from onrecall.domain.access import Principal, Role, parse_key_id
from onrecall.domain.errors import Forbidden, Invalid, NotFound, OnRecallError, Unauthorised
from onrecall.http import console, credentials, local_proxy, problems, request_body, thread_pools
from onrecall.http.cross_origin import ElsewhereForbidden, may_read
from onrecall.http.key_reader import KeyReader
from onrecall.http.local_proxy import is_proxied
from onrecall.http.overload import RequestsInFlight, request_kind
from onrecall.http.rate_limit import RateLimit
from onrecall.http.roles import DOWNLOADS, KEY_IN_BODY, SAFE_METHODS, TICKETED, RouteMatch, match_route, may_be_stale
from onrecall.http.session_auth import SessionAuth
from onrecall.http.websocket_tasks import POLICY_VIOLATION, shorten_reason
from onrecall.pipeline import IncidentService
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.sessions import ENDED, Sessions
from onrecall.pipeline.tickets import TicketService
from onrecall.sources import SOURCES, WebhookRequest, load_json
from onrecall.storage.audit import acting_as
from onrecall.storage.read_replica import stale_reads
from onrecall.storage.rejected import replace_unstorable

LONGEST_PATH = 200
LOCAL_CALLER = Principal("admin")
"""A local caller while no key exists."""
LOCAL_PROXY = "local proxy"
"""Name of callers through a local proxy without a key, if the operator allows them."""

log = logging.getLogger(__name__)


class AuthMiddleware:
    """Admits a request if its key or signature allows its route, and records whose it is."""

    def __init__(
        self,
        app: ASGIApp,
        memory: IncidentService,
        access: Access,
        keys: Keys,
        sessions: Sessions,
        session_auth: SessionAuth,
        key_reader: KeyReader,
    ) -> None:
        self._app = app
        self._access = access
        self._keys = keys
        self._sessions = sessions
        self._session_auth = session_auth
        self._tickets = TicketService(memory.store, self._keys, memory.now, access.team)
        self._audit = memory.store.audit
        self._now = memory.now
        self._rate_limit = RateLimit()
        self._key_reader = key_reader
        self._in_flight = RequestsInFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
        route = match_route(method, scope["path"])
        scope["onrecall.route"] = route.path  # for whoever counts requests: of addresses there are no end
        if route.least == "open":
            await self._app(scope, receive, send)
        elif console.is_lost_visitor(scope, route):
            await console.rendered_page(404)(scope, receive, send)
        else:
            await self._guard(Request({**scope, "type": "http", "method": method}, receive), route, scope, send)

    async def _guard(self, request: Request, route: RouteMatch, scope: Scope, send: Send) -> None:
        """Pass an admitted request on, and answer any other with the reason."""
        body = _Body(request, request.receive)
        try:
            caller = await self._admit(request, route, body)
            slot = self._slot(request, route, caller)
        except ClientDisconnect:
            return
        except (OnRecallError, HTTPException) as error:
            await send_refusal(error, route.least, scope, request.receive, send)
            return
        proxied = caller.name == LOCAL_PROXY and caller.key is None and caller.session_id is None
        scope.setdefault("state", {}).update(caller=caller, keys=self._keys, proxied=proxied)
        try:
            with acting_as(caller.name), stale_reads() if may_be_stale(route, request.method) else nullcontext():
                await self._app(scope, body.receive_again, send)
        finally:
            if slot is not None:
                self._in_flight.leave(*slot)
        await self._record_credentials_use(caller)

    async def _record_credentials_use(self, caller: Principal) -> None:
        """Record that a key or a session was used; after the answer, for it may wait for other writers."""
        if caller.key is not None and self._keys.is_use_due(caller.key):
            await thread_pools.run(thread_pools.BOOKKEEPING, self._record_use, caller)
        if caller.session_id is not None and self._sessions.is_use_due(caller.session_id):
            await thread_pools.run(thread_pools.BOOKKEEPING, self._record_session_use, caller.session_id)

    def _slot(self, request: Request, route: RouteMatch, caller: Principal) -> tuple[str, str] | None:
        """Reserve a slot for the request; None if its route is limited elsewhere."""
        if request.method == "WEBSOCKET" or route.least in ("ingest", "slack"):
            return None
        kind = request_kind(f"{request.method} {route.path}", request.url.query)
        slot = kind, credentials.caller_identity(caller, request.client)
        self._in_flight.enter(*slot)
        return slot

    async def _admit(self, request: Request, route: RouteMatch, body: "_Body") -> Principal:
        await self._key_reader.ready()
        if route.least == "slack":
            caller = await self._slack_caller(request.headers, body)
            request.state.authenticated = True
            return caller
        caller = await self._authenticate(request, route, body)
        request.state.authenticated = True
        await self._authorise(request, route, caller)
        if request.method == "WEBSOCKET":
            self._require_own_page(request, route)  # browsers ask nobody before they open one for any page
        return caller

    async def _authorise(self, request: Request, route: RouteMatch, caller: Principal) -> None:
        """Raise for an address that is none, and Forbidden where a caller's role does not suffice."""
        if route.least is None:
            if route.others:
                raise HTTPException(
                    405, "this method is not supported here", {"Allow": ", ".join(sorted(route.others))}
                )
            raise NotFound("this address does not exist")
        assert route.least != "open"
        assert route.least != "slack"
        if not caller.may(route.least):
            holder = f"the key of {caller.name}" if caller.session_id is None else caller.name
            error = Forbidden(f"this requires the role {route.least}, but {holder} has {caller.role}")
            if self._rate_limit.failed(credentials.client_address(request.client)) is None:
                await self._record_refusal(request, error, caller.name)
            raise error

    async def _authenticate(self, request: Request, route: RouteMatch, body: "_Body") -> Principal:
        """Return who asks, and count attempts with wrong credentials."""
        try:
            return await self._identify(request, route, body)
        except (Unauthorised, Forbidden) as error:
            if not _tried_credentials(request, route, error):
                raise
            wait = self._rate_limit.failed(credentials.client_address(request.client))
            if wait is None:  # nobody fills the audit by guessing
                await self._record_refusal(request, error)
            if wait is None or route.least == "ingest":
                raise  # Alertmanager drops what is answered with 429, and the next key may be right
            raise HTTPException(
                429, "too many wrong keys from this address; wait a minute", {"Retry-After": str(round(wait) or 1)}
            ) from error

    async def _identify(self, request: Request, route: RouteMatch, body: "_Body") -> Principal:
        """Return who asks, by signature, session, proxy, machine or key, in this order."""
        if route.source is not None and route.source in self._access.webhook_secrets:
            return await self._signer(route.source, request.headers, body)
        if not _has_own_credentials(request):
            signed_in = await self._session_auth.caller(request, route.path)
            if signed_in is not None:
                return signed_in
        role = self._access.local_proxy_role
        if role is not None and is_proxied(request.headers) and credentials.token_in(request.headers) is None:
            return self._proxied_caller(request, route, role)
        if not self._keys.required:
            return self._local_caller(request, route)
        return await self._key_holder(request, route, body)

    async def _signer(self, source: str, headers: Headers, body: "_Body") -> Principal:
        sender = SOURCES.get(source)
        if sender is None or sender.verify is None:
            raise Forbidden(f"{source} has a secret but cannot sign; remove the secret and give it a key")
        delivery = WebhookRequest(await body.read(), {name.lower(): value for name, value in headers.items()})
        secrets = self._access.webhook_secrets[source]
        await thread_pools.run(thread_pools.ACKNOWLEDGING, sender.verify, delivery, secrets, self._now())
        return Principal("ingest", source)

    async def _slack_caller(self, headers: Headers, body: "_Body") -> Principal:
        app = self._access.slack
        if app is None:
            raise Forbidden("requests from Slack are disabled; set ONRECALL_SLACK_SIGNING_SECRET")
        app.verify(
            WebhookRequest(await body.read(), {name.lower(): value for name, value in headers.items()}), self._now()
        )
        return Principal("responder", "slack")

    def _local_caller(self, request: Request, route: RouteMatch) -> Principal:
        credentials.require_local_client(request.client, request.headers)
        if is_proxied(request.headers):
            raise local_proxy.refusal()
        self._require_own_page(request, route)
        return LOCAL_CALLER

    def _proxied_caller(self, request: Request, route: RouteMatch, role: Role) -> Principal:
        credentials.require_local_client(request.client, request.headers)
        local_proxy.require_local_origin(request.headers)
        self._require_own_page(request, route, local_proxy.forwarded_host(request.headers))
        return Principal(role, LOCAL_PROXY)

    async def _key_holder(self, request: Request, route: RouteMatch, body: "_Body") -> Principal:
        token = credentials.token_in(request.headers)
        if token is None and (ticket := _ticket(request)) is not None:
            key = await thread_pools.run(thread_pools.ACKNOWLEDGING, self._tickets.redeem, ticket)
            return Principal(key.role, key.name, key)
        if token is None and route.source in KEY_IN_BODY:
            encoding = request.headers.get("content-encoding", "")
            token = credentials.routing_key(
                await thread_pools.run(thread_pools.ACKNOWLEDGING, parse_body, await body.read(), encoding)
            )
        if token is None and self._session_auth.is_present(request):
            raise Unauthorised(ENDED)
        if token is None:
            raise Unauthorised("give a key as `Authorization: Bearer …` or `X-API-Key: …`; keys in URLs are ignored")
        key = self._keys.holder(token)
        if request.headers.get("authorization", "").lower().startswith("basic "):
            self._require_own_page(request, route)  # a browser keeps sending these, whoever's page asks it to
        return Principal(key.role, key.name, key)

    def _require_own_page(self, request: Request, route: RouteMatch, page_host: str | None = None) -> None:
        if request.method in SAFE_METHODS and route.path not in DOWNLOADS:
            return
        is_other_origin = credentials.is_cross_origin(request.headers, self._access.cors_origins, page_host)
        if is_other_origin and not may_read(request.scope, route, self._keys):
            raise ElsewhereForbidden

    async def _record_refusal(self, request: Request, error: OnRecallError, who: str | None = None) -> None:
        key_id = parse_key_id(credentials.token_in(request.headers) or "")
        request_line = replace_unstorable(f"{request.method} {request.scope['path']}")[:LONGEST_PATH]
        detail = {"route": request_line, "address": credentials.client_address(request.client), "reason": str(error)}
        with acting_as(who):
            try:
                await thread_pools.run(thread_pools.BOOKKEEPING, self._audit.record, "key refused", key_id, detail)
            except OnRecallError as failure:
                log.warning("the refusal of a key could not be recorded: %s", failure)

    def _record_use(self, caller: Principal) -> None:
        assert caller.key is not None
        try:
            self._keys.record_use(caller.key)
        except OnRecallError as error:
            log.warning("the use of the key of %s could not be recorded: %s", caller.name, error)

    def _record_session_use(self, session_id: str) -> None:
        try:
            self._sessions.record_use(session_id)
        except OnRecallError as error:
            log.warning("the use of a session could not be recorded: %s", error)


class _Body:
    """A request body that the middleware may read before the route does."""

    def __init__(self, request: Request, receive: Receive) -> None:
        self._request = request
        self._receive = receive
        self._read: bytes | None = None

    async def read(self) -> bytes:
        self._read = await self._request.body()
        return self._read

    async def receive_again(self) -> Message:
        if self._read is None:
            return await self._receive()
        body, self._read = self._read, None
        return {"type": "http.request", "body": body, "more_body": False}


def parse_body(body: bytes, encoding: str) -> object:
    """Return the JSON of a body, or None if it is none. The body may be compressed."""
    try:
        return load_json(request_body.decompress(body, encoding))
    except Invalid:
        return None


def _tried_credentials(request: Request, route: RouteMatch, error: OnRecallError) -> bool:
    """Return whether a key or a signature was given; without one it is no attempt at guessing."""
    if route.source is not None and (isinstance(error, Forbidden) or route.source in KEY_IN_BODY):
        return True
    has_credentials = credentials.token_in(request.headers) is not None or _ticket(request) is not None
    return isinstance(error, Unauthorised) and has_credentials


def _has_own_credentials(request: Request) -> bool:
    """Return whether a request carries a key or a ticket; it then stands by these alone."""
    return credentials.token_in(request.headers) is not None or _ticket(request) is not None


def _ticket(request: Request) -> str | None:
    return request.query_params.get("ticket") if f"{request.method} {request.scope['path']}" in TICKETED else None


async def send_refusal(error: Exception, least: str | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the reason for not admitting a request; `least` is the role that its route requires."""
    if scope["type"] == "websocket":
        await receive()
        if isinstance(error, ElsewhereForbidden):  # a page can read why it is closed, but not why it never opened
            await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": shorten_reason(str(error))})
        return
    response = problems.to_response(error)
    if response.status_code == 401:
        # SNS and others send a password once they are asked for it. Elsewhere a browser would then ask its user.
        response.headers["WWW-Authenticate"] = f'{"Basic" if least == "ingest" else "Bearer"} realm="OnRecall"'
    await response(scope, receive, send)
