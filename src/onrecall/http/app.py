"""The HTTP application: routes, problems and limits put together."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Security
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Route

from onrecall import __version__
from onrecall.bootstrap.access import Access
from onrecall.bootstrap.status import StatusReport
from onrecall.domain.team import INSTALLATION
from onrecall.http import (
    action_items,
    alerts,
    audit,
    auth_middleware,
    body_limits,
    causes,
    collaboration,
    console,
    credentials,
    deliveries,
    docs_markdown,
    docs_site,
    documents,
    erasure,
    export,
    grouping,
    health,
    history,
    incident_images,
    incidents,
    keys,
    maintenance,
    metrics,
    overview,
    pages,
    problems,
    push,
    recall,
    recurrences,
    risk,
    search,
    services,
    sessions,
    shares,
    slack,
    sources,
    suggestions,
    trust,
    usage,
    websocket,
)
from onrecall.http.a2a import A2a
from onrecall.http.broadcast import Stream
from onrecall.http.compat import (
    hindsight as hindsight_banks,
)
from onrecall.http.compat import (
    incidentos,
    ragoffire_decisions,
    ragoffire_documents,
    ragoffire_live,
    ragoffire_system,
    recallops,
)
from onrecall.http.compat.ragoffire_live import LiveClients
from onrecall.http.cross_origin import CrossOrigin
from onrecall.http.key_reader import KeyReader
from onrecall.http.mcp import Mcp
from onrecall.http.rate_limit import RateLimit
from onrecall.http.session_auth import SessionAuth
from onrecall.http.session_cookies import SessionCookies
from onrecall.http.sns_confirmation import SubscriptionConfirmer
from onrecall.http.visible_text import VisibleText
from onrecall.identity.provider import IdentityProvider
from onrecall.pipeline import IncidentService
from onrecall.pipeline.document_copies import DocumentSharing
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.keys import Keys
from onrecall.pipeline.push_subscriptions import PushDevices
from onrecall.pipeline.sessions import Sessions
from onrecall.pipeline.sign_in import SignIn
from onrecall.worker.backtest_runner import BacktestRunner
from onrecall.worker.ingest_queue import IngestQueue
from onrecall.worker.metrics import Metrics
from onrecall.worker.worker import WorkerHandle

MOST_SIGN_INS = 60
"""Sign-ins that one address may begin within a minute."""
DESCRIPTION = """The incident memory for people on call: what broke like this before, what fixed it, what did not,
numbered steps with citations, and how far to trust the answer. Errors are problems as in RFC 9457."""


def create(
    memory: IncidentService,
    worker: WorkerHandle,
    status: Callable[[], StatusReport],
    access: Access = Access(),  # noqa: B008 - frozen
    rehearsals: BacktestRunner | None = None,
    hindsight: HindsightPeer | None = None,
) -> FastAPI:
    """Create the application over one memory; the worker answers opened incidents, `access` controls access.

    Without `rehearsals` no backtest can be started over HTTP; `hindsight` is the bank that a client may have pulled in.
    """
    app = _without_routes()
    app.state.memory = memory
    app.state.rehearsals = rehearsals
    app.state.hindsight = hindsight
    _add_background_parts(app, worker, access)
    _add_status(app, status)
    _add_sign_in(app, access)
    _add_team(app, access.team)
    problems.install(app)
    _add_middleware(app, access)
    _add_routes(app, access)
    return app


def _without_routes() -> FastAPI:
    return FastAPI(
        title="OnRecall",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_running,
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        separate_input_output_schemas=False,
        dependencies=KEY_SCHEMES,
    )


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    """Start what works in the background; at the end stop every part, also if stopping another one fails."""
    parts = app.state
    async with AsyncExitStack() as stack:
        if parts.provider is not None:
            stack.callback(parts.provider.close)
        if parts.rehearsals is not None:
            stack.callback(parts.rehearsals.stop)
        stack.callback(parts.worker.stop)
        parts.worker.start()
        stack.callback(parts.intake.stop)
        parts.intake.start()
        for stop in (parts.slack.stop, parts.key_reader.stop):
            stack.callback(stop)
        for stop in (parts.mcp.stop, parts.stream.stop, parts.browsers.stop):
            stack.push_async_callback(stop)
        yield


def _add_background_parts(app: FastAPI, worker: WorkerHandle, access: Access) -> None:
    """Make the parts that start and stop with the application."""
    memory = app.state.memory
    app.state.worker = worker
    app.state.intake = IngestQueue(memory, worker.wake)
    app.state.slack = slack.SlackRequests(memory, access.slack)
    app.state.browsers = LiveClients(memory)
    app.state.stream = Stream(memory)
    app.state.mcp = Mcp(memory)
    app.state.confirm = SubscriptionConfirmer(access.webhook_secrets.get("cloudwatch", ()))
    app.state.signing = frozenset(access.webhook_secrets)


def _add_status(app: FastAPI, status: Callable[[], StatusReport]) -> None:
    parts = app.state
    parts.started = time.monotonic()
    parts.status = status
    counted_parts = {
        "worker": lambda: parts.worker.alive,
        "live": lambda: parts.stream.listening,
        "incidents": lambda: parts.browsers.listening,
        "held": lambda: parts.stream.waiting,
    }
    parts.metrics = Metrics(parts.memory, status, counted_parts)


def _add_sign_in(app: FastAPI, access: Access) -> None:
    """Make what knows keys, sessions and the identity provider."""
    memory = app.state.memory
    keys_of_store = access.keys or Keys(memory.store, memory.now)
    issuer = None if access.oidc is None else access.oidc.issuer
    app.state.keys = keys_of_store
    app.state.key_reader = KeyReader(keys_of_store)
    app.state.sessions = Sessions(memory.store, keys_of_store, memory.now, access.session_limits, issuer)
    app.state.cookies = SessionCookies(access.public_url)
    app.state.public = urlsplit(access.public_url or "")
    app.state.push_devices = PushDevices(memory.store, access.web_push, memory.now)
    app.state.sign_in_starts = RateLimit(limit=MOST_SIGN_INS, counted="sign-ins")
    app.state.provider = provider = None if access.oidc is None else IdentityProvider(access.oidc)
    app.state.sign_in = None
    if provider is not None:
        keys_of_store.require_always()
        app.state.sign_in = SignIn(memory.store, app.state.sessions, provider, memory.now)


def _add_team(app: FastAPI, team: str | None) -> None:
    """Say whose store it is; it knows no other team's before somebody connects them."""
    app.state.team = team
    app.state.team_sessions = {}
    app.state.team_gauges = None
    app.state.sharing = DocumentSharing({team or INSTALLATION: app.state.memory})
    if team is not None:
        app.state.keys.require_always()


SMALLEST_COMPRESSED_BYTES = 1_000
COMPRESSION_LEVEL = 5
"""A list of 100 incidents shrinks to a tenth in a few milliseconds; higher levels take longer and save little."""

KEY_SCHEMES = (Security(HTTPBearer(auto_error=False)), Security(APIKeyHeader(name="X-API-Key", auto_error=False)))
"""How a key is given, for the API description; the middleware checks it."""
COMPAT_ROUTERS = (
    recallops.router,
    incidentos.router,
    ragoffire_decisions.router,
    ragoffire_documents.router,
    ragoffire_live.router,
    ragoffire_system.router,
    hindsight_banks.router,
)
"""APIs for clients of other systems, documented in docs/compatibility.md and docs/hindsight.md."""
ROUTERS = (
    incidents.router,
    overview.router,
    grouping.router,
    collaboration.router,
    incident_images.router,
    search.router,
    services.router,
    alerts.router,
    recall.router,
    risk.router,
    trust.router,
    usage.router,
    recurrences.router,
    causes.router,
    history.router,
    documents.router,
    shares.router,
    suggestions.router,
    deliveries.router,
    slack.router,
    websocket.router,
    pages.router,
    sources.router,
    action_items.router,
    maintenance.router,
    audit.router,
    erasure.router,
    keys.router,
    sessions.router,
    push.router,
    export.router,
    health.router,
    docs_markdown.router,
    docs_site.router,
    metrics.router,
)
TAGS = [
    {"name": "push", "description": "Push notifications to browsers."},
    {"name": "incidents", "description": "Open, answer, resolve, reopen."},
    {"name": "alerts", "description": "Alerts from senders, rejected parts, and changes."},
    {"name": "recall", "description": "Query memory and assess commands; writes nothing."},
    {"name": "history", "description": "Import earlier incidents and documents."},
    {"name": "documents", "description": "Runbooks, postmortems, RCAs."},
    {"name": "suggestions", "description": "Senders' statements about fixes, until a responder confirms them."},
    {"name": "deliveries", "description": "Messages to channels, and their state."},
    {"name": "keys", "description": "API keys and roles (docs/keys.md)."},
    {"name": "sessions", "description": "Sign-in of people, and their sessions (docs/sign-in.md)."},
    {"name": "live", "description": "`WS /api/v1/live`: events as they happen (docs/live.md)."},
    {"name": "trust", "description": "Measured trust, and recurrences."},
    {"name": "RecallOps", "description": "API for clients of RecallOps."},
    {"name": "IncidentOS AI", "description": "API for clients of IncidentOS AI."},
    {"name": "RAG of Fire", "description": "API for clients of RAG of Fire, also at `WS /ws/incidents`."},
    {"name": "Hindsight", "description": "API for clients of Hindsight (docs/hindsight.md)."},
    {"name": "system", "description": "State of the parts."},
]


@cache
def _api_routes() -> tuple[BaseRoute, ...]:
    """Return the routes of the API, built once for all applications of a process, as their models take 0.1 s."""
    template = FastAPI(openapi_url=None, dependencies=KEY_SCHEMES)
    for router in (*COMPAT_ROUTERS, *ROUTERS):  # in this order, for a dialect's path may look like the id of a document
        template.include_router(router, responses=problems.responses(401, 403, 413, 422, 429, 503))
    return tuple(template.routes)


def _add_middleware(app: FastAPI, access: Access) -> None:
    """Put authentication (by key, by signature, by session) before every route, and limits before that."""
    parts = app.state
    app.add_middleware(
        auth_middleware.AuthMiddleware,
        memory=parts.memory,
        access=access,
        keys=parts.keys,
        sessions=parts.sessions,
        session_auth=SessionAuth(parts.sessions, parts.cookies, credentials.host_of(parts.public) or None),
        key_reader=parts.key_reader,
    )
    app.add_middleware(CrossOrigin, access=access, keys=parts.keys)
    app.add_middleware(VisibleText)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED_BYTES, compresslevel=COMPRESSION_LEVEL)
    app.add_middleware(body_limits.BodyLimit)
    app.add_middleware(body_limits.SafeHeaders)
    app.add_middleware(metrics.RequestCounter, metrics=parts.metrics)


def _add_routes(app: FastAPI, access: Access) -> None:
    app.router.routes.extend(_api_routes())
    app.router.routes.append(Route("/mcp", app.state.mcp, methods=["POST"]))
    app.router.routes.extend(A2a(app.state.memory, access.public_url).routes())
    _add_pages(app)


def _add_pages(app: FastAPI) -> None:
    console.install(app)
    app.mount("/docs/static", StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-static")

    @app.get("/docs", include_in_schema=False)
    def docs(_: Request) -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="OnRecall API",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/static/icon.svg",
        )
