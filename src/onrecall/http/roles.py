"""The role that each route requires. Routes that are not in this table are closed to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.routing import compile_path

from onrecall.domain.access import Role

Least = Role | Literal["open", "slack"]
"""`slack` requires Slack's signature instead of a key."""

_V1: Mapping[str, Least] = {
    "GET /changes": "viewer",
    "GET /now": "viewer",
    "GET /pages/{thing_id:path}": "viewer",
    "GET /documents": "viewer",
    "GET /documents/{document_id:path}": "viewer",
    "PUT /documents/{document_id:path}": "admin",
    "DELETE /documents/{document_id:path}": "admin",
    "POST /history": "admin",
    "GET /incidents": "viewer",
    "POST /incidents": "responder",
    "GET /incidents/{incident_id}": "viewer",
    "PATCH /incidents/{incident_id}": "responder",
    "GET /incidents/{incident_id}/alerts": "viewer",
    "GET /incidents/{incident_id}/notes": "viewer",
    "GET /incidents/{incident_id}/postmortem": "viewer",
    "GET /incidents/{incident_id}/recommendation": "viewer",
    "GET /incidents/{incident_id}/resolutions": "viewer",
    "GET /incidents/{incident_id}/timeline": "viewer",
    "POST /incidents/{incident_id}/acknowledge": "responder",
    "PUT /incidents/{incident_id}/assignee": "responder",
    "POST /incidents/{incident_id}/notes": "responder",
    "GET /actions": "viewer",
    "GET /incidents/{incident_id}/actions": "viewer",
    "POST /incidents/{incident_id}/actions": "responder",
    "PATCH /incidents/{incident_id}/actions/{number}": "responder",
    "POST /incidents/{incident_id}/images": "responder",
    "GET /incidents/{incident_id}/images/{image_id}": "viewer",
    "GET /people": "viewer",
    "GET /search": "viewer",
    "GET /services": "viewer",
    "GET /services/{name:path}": "viewer",
    "POST /incidents/{incident_id}/links": "responder",
    "POST /incidents/{incident_id}/merge": "responder",
    "POST /incidents/{incident_id}/reopen": "responder",
    "POST /incidents/{incident_id}/resolution": "responder",
    "POST /incidents/{incident_id}/split": "responder",
    "GET /recommendations/{recommendation_id}": "viewer",
    "POST /recommendations/{recommendation_id}/checks/{n}": "responder",
    "POST /recommendations/{recommendation_id}/outcome": "responder",
    "GET /suggestions": "viewer",
    "GET /suggestions/{suggestion_id}": "viewer",
    "POST /suggestions/{suggestion_id}/confirm": "responder",
    "POST /suggestions/{suggestion_id}/dismiss": "responder",
    "POST /recall": "viewer",
    "POST /ask": "viewer",
    "POST /risk": "viewer",
    "GET /recurrences": "viewer",
    "GET /causes": "viewer",
    "POST /causes/confirm": "responder",
    "POST /causes/dismiss": "responder",
    "DELETE /causes/{family_id}": "responder",
    "GET /deliveries": "viewer",
    "POST /deliveries/{delivery_id}/resend": "responder",
    "GET /rejected": "responder",
    "POST /rejected/{rejected_id}/retry": "responder",
    "GET /audit": "admin",
    "GET /audit/verify": "admin",
    "GET /export": "admin",
    "GET /shares": "viewer",
    "POST /shares": "admin",
    "POST /shares/end": "admin",
    "POST /erasures/person": "admin",
    "POST /erasures/incidents/{incident_id}": "admin",
    "GET /keys": "admin",
    "POST /keys": "admin",
    "POST /keys/{which}/revoke": "admin",
    "POST /keys/{which}/rotate": "admin",
    "GET /me": "viewer",
    "GET /sign-in": "open",
    "POST /sign-in/provider": "open",  # its own page alone; it begins what the identity provider decides
    "POST /session": "viewer",  # with a key
    "DELETE /session": "viewer",
    "GET /session/teams": "viewer",
    "PUT /session/team": "viewer",  # a team that the session is good for
    "GET /sessions": "viewer",  # one's own; an admin may see all
    "DELETE /sessions": "viewer",
    "DELETE /sessions/{session_id}": "viewer",
    "GET /push": "viewer",
    "PUT /push/subscriptions": "viewer",  # one's own devices
    "DELETE /push/subscriptions/{subscription_id}": "viewer",
    "GET /senders": "viewer",
    "GET /alerts": "viewer",
    "GET /heartbeats": "viewer",
    "GET /together": "viewer",
    "POST /together": "responder",
    "POST /heartbeats/forget": "responder",
    "GET /maintenance": "viewer",
    "POST /maintenance": "responder",
    "POST /maintenance/{window_id}/end": "responder",
    "GET /sources": "viewer",
    "GET /sources/{name:path}": "viewer",
    "POST /sources/{name:path}/try": "viewer",  # it stores nothing
    "POST /live/ticket": "viewer",
    "WEBSOCKET /live": "viewer",
    "GET /status": "viewer",
    "GET /trust": "viewer",
    "GET /trust/backtest": "viewer",
    "POST /trust/backtest": "responder",
    "GET /usage": "viewer",
    "POST /alerts": "ingest",
    "POST /alerts/generic/{name}": "ingest",
    "POST /alerts/{source}": "ingest",
    "OPTIONS /alerts/{source}": "open",  # CloudEvents' handshake carries no credentials, and its answer opens nothing
}
_NOTIFICATIONS: Mapping[str, Least] = {
    "POST /notifications": "responder",
    "GET /notifications": "viewer",
    "GET /notifications/decision/{decision_id}": "viewer",
    "GET /notifications/{notification_id}": "viewer",
}
_COMPAT_ROUTES: Mapping[str, Least] = {
    "POST /api/seed": "admin",
    "POST /api/query": "viewer",
    "POST /api/incidents": "responder",
    "GET /api/audit": "viewer",
    "GET /api/costs": "viewer",
    "POST /incident/new": "responder",
    "POST /incident/resolve": "responder",
    "GET /incident/{incident_id}": "viewer",
    "POST /incident/{incident_id}/postmortem": "viewer",  # a draft; nothing is written
    "POST /sync": "responder",  # it may bring in what a Hindsight has
    "POST /deduplicate": "viewer",
    "GET /incidents/all": "viewer",
    "GET /incidents/insights": "viewer",
    "GET /status": "viewer",
    "POST /api/v1/decisions/analyze": "responder",
    "POST /api/v1/decisions/stream-anomaly": "ingest",
    "GET /api/v1/decisions": "viewer",
    "DELETE /api/v1/decisions": "admin",
    "GET /api/v1/decisions/history": "viewer",
    "GET /api/v1/decisions/stats": "viewer",
    "GET /api/v1/decisions/{decision_id}": "viewer",
    "POST /api/v1/documents": "admin",
    "POST /api/v1/documents/documents": "admin",
    "POST /api/v1/documents/rcas": "admin",
    "POST /api/v1/documents/rcas/import-bulk": "admin",
    "GET /api/v1/documents/rcas/search": "viewer",
    "GET /api/v1/documents/rcas/{incident_id:path}": "viewer",
    "POST /api/v1/documents/search": "viewer",
    "GET /api/v1/documents/stats": "viewer",
    "WEBSOCKET /ws/incidents": "viewer",
    "WEBSOCKET /ws/dashboard": "viewer",
    "GET /ws/stats": "viewer",
    "GET /health": "open",
    "GET /health/vector-db": "viewer",
    "GET /health/llm": "viewer",
    **{route.replace(" ", f" {base}", 1): least for base in ("", "/api/v1") for route, least in _NOTIFICATIONS.items()},
    # Hindsight's, with which its clients bring texts in; as everywhere, an import takes an admin.
    "GET /version": "open",
    "GET /health/live": "open",
    "GET /v1/default/banks": "viewer",
    "GET /v1/default/banks/{bank_id}": "viewer",
    "PUT /v1/default/banks/{bank_id}": "admin",
    "PATCH /v1/default/banks/{bank_id}": "admin",
    "DELETE /v1/default/banks/{bank_id}": "admin",
    "GET /v1/default/banks/{bank_id}/profile": "viewer",
    "GET /v1/default/banks/{bank_id}/config": "viewer",
    "GET /v1/default/banks/{bank_id}/stats": "viewer",
    "POST /v1/default/banks/{bank_id}/memories": "admin",
    "DELETE /v1/default/banks/{bank_id}/memories": "admin",
    "POST /v1/default/banks/{bank_id}/memories/recall": "viewer",
    "GET /v1/default/banks/{bank_id}/memories/list": "viewer",
    "GET /v1/default/banks/{bank_id}/documents": "viewer",
    "GET /v1/default/banks/{bank_id}/documents/{document_id:path}": "viewer",
    "DELETE /v1/default/banks/{bank_id}/documents/{document_id:path}": "admin",
}
ROUTES: Mapping[str, Least] = {
    **_COMPAT_ROUTES,  # first, as in the application
    **{route.replace(" ", " /api/v1", 1): least for route, least in _V1.items()},
    "POST /mcp": "viewer",  # what writes is offered to responders alone
    "POST /a2a": "viewer",
    "GET /.well-known/agent-card.json": "open",
    "POST /api/v2/alerts": "ingest",
    "POST /v2/enqueue": "ingest",
    "POST /v2/change/enqueue": "ingest",
    "POST /generic/2010-04-15/create_event.json": "ingest",
    "POST /slack/interactions": "slack",
    "POST /slack/commands": "slack",
    "POST /slack/events": "slack",
    "GET /healthz": "open",
    "GET /readyz": "open",
    "GET /metrics": "viewer",
    # The same in every installation, and nothing of this one; the page asks for a key when it is told to have one.
    "GET /": "open",
    "GET /ask": "open",
    "GET /sign-in": "open",
    "GET /sign-in/callback": "open",  # the identity provider's answer, checked by its state
    "POST /sign-in/back-channel-logout": "open",  # signed by the identity provider
    "GET /incidents/{rest:path}": "open",
    "GET /memory": "open",
    "GET /trust": "open",
    "GET /actions": "open",
    "GET /recurrences": "open",
    "GET /services": "open",
    "GET /services/{rest:path}": "open",
    "GET /system": "open",
    "GET /system/{rest:path}": "open",
    "GET /static/{file:path}": "open",
    "GET /docs": "open",
    "GET /docs/static/{file:path}": "open",
    "GET /openapi.json": "open",
    "GET /llms.txt": "open",
    "GET /docs/{name}.md": "open",
    "GET /docs/guide": "open",
    "GET /docs/guide/{path:path}": "open",
}
SOURCES: Mapping[str, str] = {
    "/api/v2/alerts": "prometheus",
    "/v2/enqueue": "pagerduty-events",
    "/v2/change/enqueue": "pagerduty-changes",
    "/generic/2010-04-15/create_event.json": "pagerduty-events-v1",
    "/api/v1/alerts": "prometheus",
}
"""Source of the messages at paths that do not name it."""
KEY_IN_BODY = frozenset({"pagerduty-events", "pagerduty-changes", "pagerduty-events-v1"})
"""Sources that carry their key in the message, as `routing_key` or `service_key`."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DOWNLOADS = frozenset({"/api/v1/export"})
"""Routes that a browser saves as a file, whichever page links to them."""
READS_BY_POST = frozenset(
    {
        "POST /api/query",
        "POST /api/v1/documents/search",
        "POST /api/v1/recall",
        "POST /deduplicate",
        "POST /incident/{incident_id}/postmortem",
    }
)
"""POST routes that change nothing and cost nothing."""
STALE = frozenset(
    f"GET /api/v1/{view}" for view in ("recurrences", "search", "services", "services/{name:path}", "trust")
)
"""Views of the whole history, which a replica that is a little behind may answer; questions say so themselves."""
TICKETED = frozenset(
    {"WEBSOCKET /api/v1/live", "WEBSOCKET /ws/incidents", "WEBSOCKET /ws/dashboard", "GET /api/v1/export"}
)
"""Routes that accept a ticket in the URL, because browsers cannot send a key there."""


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The table's entry for a request."""

    least: Least | None
    """None: there is no such route."""
    source: str | None = None
    """The source whose messages come here."""
    others: frozenset[str] = frozenset()
    """The methods that are allowed at this path, if this one is not."""
    path: str | None = None
    """The path template."""


def is_read_only(route: RouteMatch, method: str) -> bool:
    """Return whether a request changes nothing, and shows no more than a viewer may see."""
    reads = method in ("GET", "HEAD", "WEBSOCKET") or f"{method} {route.path}" in READS_BY_POST
    return reads and route.least in ("viewer", "open")


def may_be_stale(route: RouteMatch, method: str) -> bool:
    """Return whether what a request shows may be a little old."""
    return f"{'GET' if method == 'HEAD' else method} {route.path}" in STALE


_PATTERNS = {route: compile_path(route.partition(" ")[2])[0] for route in ROUTES}


def match_route(method: str, path: str) -> RouteMatch:
    """Find the route of a request."""
    method = "GET" if method == "HEAD" else method
    other_methods = set()
    for route, least in ROUTES.items():
        if match := _PATTERNS[route].match(path):
            offered = route.partition(" ")[0]
            if offered == method:
                route_path = route.partition(" ")[2]
                return RouteMatch(least, match.groupdict().get("source") or SOURCES.get(path), path=route_path)
            other_methods.add(offered)
    return RouteMatch(None, others=frozenset(other_methods))
