"""Alert intake: messages of all sources, rejected parts, and change events."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from onrecall.domain.errors import Invalid
from onrecall.http import request_body
from onrecall.http.dependencies import TheIntake, TheMemory, sender_of
from onrecall.http.problems import responses
from onrecall.pipeline.ingest import IngestReceipt
from onrecall.schemas.alerts import AlertOut, ChangeOut, ReceiptOut, StoredRejectedPartOut
from onrecall.schemas.json_models import When
from onrecall.sources import GENERIC, WebhookRequest

router = APIRouter(tags=["alerts"])
V1 = "/api/v1"
LONGEST_ORIGIN = 200
KEY_FIELDS = {"pagerduty-events": "dedup_key", "pagerduty-events-v1": "incident_key"}
"""What PagerDuty calls the key of an event in its answer, by the version of its API."""


class Alerts(BaseModel):
    """The alerts of an incident, newest first."""

    items: list[AlertOut]


class RejectedPage(BaseModel):
    """A page of rejected parts; `next` fetches the following one."""

    items: list[StoredRejectedPartOut]
    next: str | None


class Changes(BaseModel):
    """A page of changes; `next` fetches the following one."""

    items: list[ChangeOut]
    next: str | None


ANY_JSON: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What the sender sends, as it is; gzip and deflate are read.",
        "content": {
            "application/json": {
                "schema": {},
                "example": {
                    "version": "4",
                    "alerts": [
                        {
                            "status": "firing",
                            "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
                            "annotations": {"summary": "5xx above 5% for 10 minutes"},
                            "startsAt": "2026-03-01T08:00:00Z",
                        }
                    ],
                },
            }
        },
    }
}
ACCEPTED_RESPONSES = {202: {"model": ReceiptOut}, **responses(404, 413, 415, 422, 503)}


@router.post(f"{V1}/alerts/{{source}}", status_code=202, responses=ACCEPTED_RESPONSES, openapi_extra=ANY_JSON)
async def receive(source: str, request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive a sender's message. 202 means that it is stored for good; a repetition changes nothing."""
    return await _receive(source, request, intake, memory)


@router.post(f"{V1}/alerts/generic/{{name}}", status_code=202, responses=ACCEPTED_RESPONSES, openapi_extra=ANY_JSON)
async def receive_named(name: str, request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive a message of a tool without its own source, under a name that keeps its alerts separate."""
    return await _receive(f"{GENERIC}/{name}", request, intake, memory)


@router.post("/api/v2/alerts", status_code=202, responses=ACCEPTED_RESPONSES, openapi_extra=ANY_JSON)
async def prometheus(request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive alerts from Prometheus, as Alertmanager does."""
    return await _receive("prometheus", request, intake, memory)


@router.post(f"{V1}/alerts", status_code=202, responses=ACCEPTED_RESPONSES, openapi_extra=ANY_JSON)
async def prometheus_v1(request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive alerts of an old Prometheus, as in version 1 of Alertmanager's API."""
    return await _receive("prometheus", request, intake, memory)


@router.options(f"{V1}/alerts/{{source}}", status_code=200)
def handshake(source: str, request: Request, memory: TheMemory) -> Response:
    """Answer the handshake with which a sender of CloudEvents asks for permission."""
    memory.ingester.sources.find(source)
    headers = {"Allow": "POST, OPTIONS"}
    origin = request.headers.get("webhook-request-origin", "")
    if origin and len(origin) <= LONGEST_ORIGIN and origin.isascii() and origin.isprintable():
        headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Response(headers=headers)


@router.post("/v2/enqueue", status_code=202, responses=responses(413, 503), openapi_extra=ANY_JSON)
async def enqueue(request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive an event in the format of PagerDuty's Events API."""
    return await _receive_pagerduty(request, intake, memory, "pagerduty-events", "Event processed")


@router.post("/v2/change/enqueue", status_code=202, responses=responses(413, 503), openapi_extra=ANY_JSON)
async def enqueue_change(request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive a change in the format of PagerDuty's Events API."""
    return await _receive_pagerduty(request, intake, memory, "pagerduty-changes", "Change event processed")


@router.post(
    "/generic/2010-04-15/create_event.json", status_code=200, responses=responses(413, 503), openapi_extra=ANY_JSON
)
async def create_event(request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    """Receive an event in the format of PagerDuty's Events API v1."""
    return await _receive_pagerduty(request, intake, memory, "pagerduty-events-v1", "Event processed")


@router.get(f"{V1}/incidents/{{incident_id}}/alerts", responses=responses(404))
def alerts(incident_id: str, memory: TheMemory) -> Alerts:
    """List the alerts of an incident, each with the reason why it belongs."""
    return Alerts(items=[AlertOut.of(alert) for alert in memory.store.alerts.of_incident(incident_id)])


@router.get(f"{V1}/changes", responses=responses(422))
def changes(
    memory: TheMemory,
    service: str | None = None,
    since: Annotated[When | None, Query(description="Only changes made at or after this time.")] = None,
    until: Annotated[When | None, Query(description="Made before.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Changes:
    """List deployments and other changes, newest first."""
    page = memory.store.change_events.page(service, since, until, cursor, limit)
    return Changes(items=[ChangeOut.model_validate(change) for change in page.items], next=page.next_cursor)


@router.get(f"{V1}/rejected", responses=responses(422))
def rejected(
    memory: TheMemory, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> RejectedPage:
    """List unreadable parts of messages, newest first, each with the reason."""
    page = memory.store.rejected.page(cursor, limit)
    return RejectedPage(
        items=[StoredRejectedPartOut.model_validate(part) for part in page.items], next=page.next_cursor
    )


@router.post(
    f"{V1}/rejected/{{rejected_id}}/retry",
    responses={200: {"model": ReceiptOut}, **responses(404, 409, 413, 415, 422, 503)},
    openapi_extra=ANY_JSON | {"requestBody": ANY_JSON["requestBody"] | {"required": False}},
)
async def retry(rejected_id: int, request: Request, memory: TheMemory) -> ReceiptOut:
    """Retry a rejected part, unchanged or corrected in the body."""
    mended = (await request_body.read_message(request)).body
    receipt = await run_in_threadpool(memory.ingester.retry, rejected_id, mended or None)
    request.app.state.worker.wake()
    return ReceiptOut.model_validate(receipt)


async def _receive(source: str, request: Request, intake: TheIntake, memory: TheMemory) -> Response:
    name = memory.ingester.sources.find(source).name
    receipt = await intake.take(name, await _delivery(name, request, memory), *sender_of(request))
    if receipt.confirmation:
        await run_in_threadpool(request.app.state.confirm, receipt.confirmation)
    return _receipt_response(receipt)


async def _delivery(source: str, request: Request, memory: TheMemory) -> WebhookRequest:
    """Return the decompressed message; one that can't be decompressed is refused, and stored as rejected."""
    packed = await request_body.read_packed_message(request)
    try:
        return await request_body.unpack_message(packed)
    except (HTTPException, Invalid) as error:
        reason = error.detail if isinstance(error, HTTPException) else str(error)
        await run_in_threadpool(memory.ingester.refuse_packed, source, packed, reason)
        raise


def _receipt_response(receipt: IngestReceipt) -> Response:
    """Build the response by hand, because it is sent a thousand times a second."""
    rejected = [{"where": part.where, "field": part.field, "message": part.message} for part in receipt.rejected]
    content = {"accepted": receipt.accepted, "duplicate": receipt.duplicate, "rejected": rejected}
    if receipt.problems:
        content["problems"] = list(receipt.problems)
    return JSONResponse(content, 202)


async def _receive_pagerduty(
    request: Request, intake: TheIntake, memory: TheMemory, source: str, success_message: str
) -> Response:
    try:
        receipt = await intake.take(source, await _delivery(source, request, memory), *sender_of(request))
    except Invalid as error:
        return _pagerduty_error([str(error)])
    if receipt.rejected:
        return _pagerduty_error([f"{part.field or part.where}: {part.message}" for part in receipt.rejected])
    content = {"status": "success", "message": success_message}
    if (field := KEY_FIELDS.get(source)) and receipt.keys:
        content |= {field: receipt.keys[0]}
    status = 200 if source == "pagerduty-events-v1" else 202
    return Response(json.dumps(content), status, media_type="application/json")


def _pagerduty_error(errors: list[str]) -> Response:
    return JSONResponse({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, 400)
