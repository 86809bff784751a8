"""RAG of Fire's health, its notifications, and who listens at its WebSockets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import AliasChoices, BaseModel, Field

from onrecall.bootstrap.status import State, StatusReport
from onrecall.http.compat.ragoffire_live import LiveClients
from onrecall.http.compat.ragoffire_schemas import Name
from onrecall.http.compat.requests import CompatRequest, Ignored
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import IncidentService
from onrecall.pipeline.notices import NoticeRequest
from onrecall.storage.notices import NoticeType, StoredNotice

router = APIRouter(tags=["RAG of Fire"])
APP_NAME = "OnRecall"
HEALTH: Mapping[State, str] = {"ok": "healthy", "degraded": "degraded", "down": "unhealthy"}
TYPES: tuple[NoticeType, ...] = get_args(NoticeType)
MOST = 1000


class HealthOut(BaseModel):
    """Whether it answers, and the state of its parts."""

    status: str = Field(description="`healthy`, or `unhealthy` while the database does not answer.")
    app_name: str
    version: str
    database: str = Field(description="connected or disconnected.")
    services: dict[str, str] = Field(description="healthy, degraded or unhealthy, by part.")
    timestamp: datetime


class PartHealthOut(BaseModel):
    """How one part is."""

    status: str
    service: str
    detail: str
    timestamp: datetime


class VectorHealthOut(PartHealthOut):
    """The state and size of memory."""

    embedding_model: str | None = Field(description="null if recall compares words only.")
    collections: dict[str, int]


class ModelHealthOut(PartHealthOut):
    """Whether a model refines answers. Every answer is made without one first."""

    provider: str
    enabled: bool


class SlackOut(BaseModel):
    """Whether decisions are posted to Slack, and the state of that."""

    enabled: bool
    status: str
    detail: str


class ListenersOut(BaseModel):
    """The clients of the WebSockets of this process."""

    active_connections: int
    connected_clients: int = Field(description="The same.")
    client_ids: list[str]
    slack_enabled: bool
    slack: SlackOut
    last_update: datetime = Field(
        description="Time of the last message; before the first one, the start of this process."
    )
    timestamp: datetime


class NotificationIn(CompatRequest):
    """The notification. It goes to the channel of its type that an operator configured, never to `target`."""

    type: str = Field(
        max_length=100,
        validation_alias=AliasChoices("type", "notification_type"),
        description=", ".join(TYPES),
        examples=["slack"],
    )
    target: str | None = Field(None, max_length=2000, description="Stored, and never used.")
    title: str = Field(min_length=1, max_length=300)
    message: str = Field(min_length=1, max_length=20_000)
    decision_id: Name = None
    metadata: dict[str, Any] = Field({}, max_length=100)


class NotificationOut(BaseModel):
    """A notification and its state."""

    id: str
    notification_id: str
    type: str
    title: str
    message: str
    target: str
    decision_id: str | None
    metadata: dict[str, Any]
    status: str = Field(description="queued, sent or failed.")
    channel: str | None
    created_at: datetime
    sent_at: datetime | None
    failed_reason: str | None
    ignored: Ignored


@router.get("/health", responses={503: {"model": HealthOut}})
def health(request: Request, response: Response, memory: TheMemory) -> HealthOut:
    """Return 200 while the database answers."""
    report = _report(request)
    states = {part.name: HEALTH[part.state] for part in report.parts}
    store = states.get("store", HEALTH["down"])
    if report.state == "down":
        response.status_code = 503
    return HealthOut(
        status=HEALTH["down"] if report.state == "down" else HEALTH["ok"],
        app_name=APP_NAME,
        version=report.version,
        database="disconnected" if store == HEALTH["down"] else "connected",
        services={"api": HEALTH["ok"], "vector_db": store, "llm": states.get("refining", HEALTH["ok"])} | states,
        timestamp=memory.now(),
    )


@router.get("/health/vector-db", responses={503: {"model": VectorHealthOut}})
def vector_health(request: Request, response: Response, memory: TheMemory) -> VectorHealthOut:
    """Return the state and size of memory."""
    report = _report(request)
    store = next((part for part in report.parts if part.name == "store"), None)
    if store is None or store.state == "down":
        response.status_code = 503
    counts = report.counts
    return VectorHealthOut(
        status=HEALTH[store.state if store else "down"],
        service="vector_db",
        detail=store.detail if store else "the database does not answer",
        embedding_model=memory.model,
        collections={"historical_rcas": counts.get("resolutions", 0), "documents": counts.get("documents", 0)},
        timestamp=memory.now(),
    )


@router.get("/health/llm")
def model_health(request: Request, memory: TheMemory) -> ModelHealthOut:
    """Return whether a model refines answers."""
    refining = next((part for part in _report(request).parts if part.name == "refining"), None)
    return ModelHealthOut(
        status=HEALTH[refining.state if refining else "ok"],
        service="llm",
        detail=refining.detail if refining else "answers are extractive: made immediately, without a model",
        provider="configured" if refining else "extractive",
        enabled=refining is not None,
        timestamp=memory.now(),
    )


@router.get("/ws/stats")
def listeners(request: Request, memory: TheMemory) -> ListenersOut:
    """Return the clients of the WebSockets, the state of Slack, and the time of the last message."""
    browsers: LiveClients = request.app.state.browsers
    slack = _slack(memory, _report(request))
    clients = browsers.client_ids
    return ListenersOut(
        active_connections=len(clients),
        connected_clients=len(clients),
        client_ids=clients,
        slack_enabled=slack.enabled,
        slack=slack,
        last_update=browsers.last_message_at,
        timestamp=memory.now(),
    )


def post_notification(body: NotificationIn, memory: TheMemory) -> NotificationOut:
    """Store a notification, send it to connected browsers, and queue it if a channel of its type is configured."""
    kind = next((notification_type for notification_type in TYPES if notification_type == body.type.casefold()), None)
    if kind is None:
        raise HTTPException(400, f"there is no notification type {body.type!r}; give one of {', '.join(TYPES)}")
    request = NoticeRequest(kind, body.title, body.message, body.target, body.decision_id, body.metadata)
    return _notification(memory.notices.post(request), body.ignored())


def get_notifications(memory: TheMemory, limit: Annotated[int, Query(ge=1, le=MOST)] = 50) -> list[NotificationOut]:
    """List notifications, newest first, including those about decisions."""
    return [_notification(notice) for notice in memory.store.notices.newest(limit)]


def get_decision_notifications(
    decision_id: str, memory: TheMemory, limit: Annotated[int, Query(ge=1, le=MOST)] = 50
) -> list[NotificationOut]:
    """List notifications about one decision, newest first; 404 if there is no such decision."""
    memory.store.recommendations.get(decision_id)
    return [_notification(notice) for notice in memory.store.notices.newest(limit, decision_id)]


def get_notification(notification_id: str, memory: TheMemory) -> NotificationOut:
    """Return one notification and its state."""
    return _notification(memory.store.notices.get(notification_id))


for base in ("/notifications", "/api/v1/notifications"):  # clients that are set to a base path ask below it
    router.post(base, responses=responses(400, 422, 503))(post_notification)
    router.get(base, responses=responses(422))(get_notifications)
    router.get(f"{base}/decision/{{decision_id}}", responses=responses(404, 422))(get_decision_notifications)
    router.get(f"{base}/{{notification_id}}", responses=responses(404))(get_notification)


def _report(request: Request) -> StatusReport:
    report: StatusReport = request.app.state.status()
    return report


def _slack(memory: IncidentService, report: StatusReport) -> SlackOut:
    names = memory.notices.channel_names("slack")
    part = next((part for part in report.parts if part.name in names), None)
    if part is None:
        return SlackOut(enabled=False, status="disabled", detail="set ONRECALL_SLACK_WEBHOOK_URL to post to Slack")
    return SlackOut(enabled=True, status=HEALTH[part.state], detail=part.detail)


def _notification(notice: StoredNotice, ignored: list[str] | None = None) -> NotificationOut:
    return NotificationOut(
        id=notice.id,
        notification_id=notice.id,
        type=notice.type,
        title=notice.title,
        message=notice.message,
        target=notice.target or "",
        decision_id=notice.decision,
        metadata=dict(notice.metadata),
        status=notice.status,
        channel=notice.channel,
        created_at=notice.created_at,
        sent_at=notice.sent_at,
        failed_reason=notice.failed_reason,
        ignored=ignored or [],
    )
