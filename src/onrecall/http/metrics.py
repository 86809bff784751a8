"""`GET /metrics` for Prometheus, and the count of every HTTP request."""

import time

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onrecall.domain.spans import Span
from onrecall.http.dependencies import TheCaller
from onrecall.http.request_span import request_span
from onrecall.worker.metrics import Metrics
from onrecall.worker.team_metrics import TeamGauges

router = APIRouter()
STATUS_WITHOUT_RESPONSE = 500


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, caller: TheCaller) -> Response:
    """Everything that is measured, in the form that was asked for; an admin of the installation sees its teams."""
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    metrics_of_app: Metrics = request.app.state.metrics
    teams: TeamGauges | None = request.app.state.team_gauges if caller.may("admin") else None
    registry = metrics_of_app.registry
    if teams is not None:
        registry = CollectorRegistry()
        for part in (metrics_of_app.registry, teams):
            registry.register(part)
    return Response(encode(registry), headers={"Content-Type": kind, "Cache-Control": "no-store"})


class RequestCounter:
    """Counts and traces requests by the route that the guard found, one of a table, and not by their address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with request_span(scope) as request:
            await self._counted(scope, receive, send, request)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, request: Span) -> None:
        began = time.perf_counter()
        status = STATUS_WITHOUT_RESPONSE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - began
            route = scope.get("onrecall.route")
            self._metrics.request(scope["method"], route, status, seconds)
            request.set_attribute("http.response.status_code", status)
            if route:
                request.set_attribute("http.route", route)
                request.update_name(f"{scope['method']} {route}")
