"""The HTTP application: routes, problems and limits put together."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
from onrecall.http import (
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
from onrecall.http.mcp import Mcp
from onrecall.http.rate_limit import RateLimit
from onrecall.http.session_auth import SessionAuth
from onrecall.http.session_cookies import SessionCookies
from onrecall.http.sns_confirmation import SubscriptionConfirmer
from onrecall.identity.provider import IdentityProvider
from onrecall.pipeline import IncidentService
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
    provider = None if access.oidc is None else IdentityProvider(access.oidc)
    intake = IngestQueue(memory, worker.wake)
    browsers, mcp, stream = LiveClients(memory), Mcp(memory), Stream(memory)
    slack_requests = slack.SlackRequests(memory, access.slack)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.start()
        intake.start()
        try:
            yield
        finally:
            await browsers.stop()
            await stream.stop()
            await mcp.stop()
            slack_requests.stop()
            intake.stop()
            worker.stop()
            if rehearsals is not None:
                rehearsals.stop()
            if provider is not None:
                provider.close()

    app = FastAPI(
        title="OnRecall",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        separate_input_output_schemas=False,
        dependencies=KEY_SCHEMES,
    )
    app.state.memory = memory
    app.state.started = time.monotonic()
    app.state.worker = worker
    app.state.intake = intake
    app.state.browsers = browsers
    app.state.slack = slack_requests
    app.state.stream = stream
    app.state.confirm = SubscriptionConfirmer(access.webhook_secrets.get("cloudwatch", ()))
    app.state.status = status
    app.state.rehearsals = rehearsals
    app.state.hindsight = hindsight
    app.state.metrics = Metrics(
        memory,
        status,
        {
            "worker": lambda: worker.alive,
            "live": lambda: stream.listening,
            "incidents": lambda: browsers.listening,
            "held": lambda: stream.waiting,
        },
    )
    app.state.signing = frozenset(access.webhook_secrets)
    problems.install(app)
    keys_of_store = access.keys or Keys(memory.store, memory.now)
    app.state.push_devices = PushDevices(memory.store, access.web_push, memory.now)
    _add_guard(app, memory, access, keys_of_store, provider)
    app.add_middleware(CrossOrigin, access=access, keys=keys_of_store)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED_BYTES, compresslevel=COMPRESSION_LEVEL)
    app.add_middleware(body_limits.BodyLimit)
    app.add_middleware(body_limits.SafeHeaders)
    app.add_middleware(metrics.RequestCounter, metrics=app.state.metrics)
    app.router.routes.extend(_api_routes())
    app.router.routes.append(Route("/mcp", mcp, methods=["POST"]))
    app.router.routes.extend(A2a(memory, access.public_url).routes())
    _add_pages(app)
    return app


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
    suggestions.router,
    deliveries.router,
    slack.router,
    websocket.router,
    pages.router,
    sources.router,
    maintenance.router,
    audit.router,
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


def _add_guard(
    app: FastAPI, memory: IncidentService, access: Access, keys_of_store: Keys, provider: IdentityProvider | None
) -> None:
    """Put authentication before every route: by key, by signature, by session."""
    public = urlsplit(access.public_url or "")
    issuer = None if access.oidc is None else access.oidc.issuer
    cookies = SessionCookies(access.public_url)
    sessions_of_store = Sessions(memory.store, keys_of_store, memory.now, access.session_limits, issuer)
    app.state.sessions = sessions_of_store
    app.state.cookies = cookies
    app.state.public = public
    app.state.sign_in = None
    app.state.sign_in_starts = RateLimit(limit=MOST_SIGN_INS, counted="sign-ins")
    if provider is not None:
        keys_of_store.require_always()
        app.state.sign_in = SignIn(memory.store, sessions_of_store, provider, memory.now)
    app.add_middleware(
        auth_middleware.AuthMiddleware,
        memory=memory,
        access=access,
        keys=keys_of_store,
        sessions=sessions_of_store,
        session_auth=SessionAuth(sessions_of_store, cookies, credentials.host_of(public) or None),
    )


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
