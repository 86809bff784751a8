"""Who can send alerts here, who did, how each is set up, and what would come of a payload."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from onrecall.domain.alert import Purpose
from onrecall.http import request_body
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.http.roles import KEY_IN_BODY
from onrecall.schemas.alerts import AlertOut
from onrecall.schemas.sources import RehearsalOut, SenderOut, SetAsideOut, Shows, SourceDetailOut, SourceOut
from onrecall.sources import GENERIC, SourceCatalog, reference
from onrecall.storage.sources import SourceActivity

router = APIRouter(prefix="/api/v1", tags=["alerts"])
Address = Annotated[
    str | None,
    Query(
        pattern=r"^https?://[^\s/?#@]+/?$",
        max_length=300,
        description="Address at which tools reach this server, if different.",
    ),
]


class SenderList(BaseModel):
    """Every sender that OnRecall supports."""

    items: list[SenderOut]


class SourceList(BaseModel):
    """Every source that OnRecall supports."""

    items: list[SourceOut]


class AlertPage(BaseModel):
    """A page of alerts; `next` fetches the following one."""

    items: list[AlertOut]
    next: str | None


@router.get("/senders")
def senders(request: Request, memory: TheMemory) -> SenderList:
    """List every sender with its address, its credentials, its last message and its number of alerts."""
    activity, signing, catalog = memory.store.source_activity.all(), request.app.state.signing, memory.ingester.sources
    generic_names = sorted(name for name in activity if name.startswith(f"{GENERIC}/"))
    return SenderList(
        items=[
            _sender(catalog, name, activity.get(name, SourceActivity()), signed=name in signing)
            for name in (*catalog, *generic_names)
        ]
    )


@router.get("/sources")
def sources(memory: TheMemory) -> SourceList:
    """List every source with a file: its address, its payload shapes, and whether it reports the end of an alert."""
    catalog = memory.ingester.sources
    return SourceList(items=[SourceOut(**_source(catalog, name)) for name in catalog if name != GENERIC])


@router.get("/sources/{name:path}", responses=responses(404, 422))
def source(name: str, request: Request, memory: TheMemory, url: Address = None) -> SourceDetailOut:
    """Return one source with configuration to paste for this server, and where each field of its payloads is."""
    catalog = memory.ingester.sources
    canonical_name = catalog.find(name).name
    definition = catalog.definition(canonical_name)
    return SourceDetailOut(
        **_source(catalog, canonical_name),
        setup=reference.setup_instructions(canonical_name, definition, url or str(request.base_url)),
        notes=definition.notes if definition else "",
        reads=reference.describe_fields(catalog.defined(canonical_name)) if definition else {},
    )


@router.post("/sources/{name:path}/try", responses=responses(404, 413, 415, 422))
async def try_payload(name: str, request: Request, memory: TheMemory) -> RehearsalOut:
    """Show what a payload under this name would become, field by field. Stores nothing."""
    delivery = await request_body.read_message(request)
    return RehearsalOut.model_validate(await run_in_threadpool(memory.ingester.rehearse, name, delivery))


@router.get("/alerts", responses=responses(422))
def alerts_set_aside(
    memory: TheMemory,
    purpose: Annotated[Purpose | None, Query(description="Only alerts with this purpose.")] = None,
    source: Annotated[str | None, Query(description="Only alerts of this source.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AlertPage:
    """List alerts that opened no incident, newest first: tests, heartbeats, planned work, good news."""
    page = memory.store.grouping.set_aside(purpose, source, cursor, limit)
    return AlertPage(items=[AlertOut.of(alert) for alert in page.items], next=page.next_cursor)


def _source(catalog: SourceCatalog, name: str) -> dict[str, Any]:
    definition = catalog.definition(name)
    return {
        "name": name,
        "title": definition.tool if definition else reference.GENERIC_TITLE,
        "category": definition.category if definition else "other",
        "address": reference.webhook_path(name, definition),
        "also": definition.also if definition else [],
        "documentation": definition.documentation if definition else None,
        "shapes": [shape.name for shape in definition.shapes] if definition else [],
        "sends_end": reference.sends_end(definition) if definition else True,
    }


def _sender(catalog: SourceCatalog, name: str, activity: SourceActivity, *, signed: bool) -> SenderOut:
    definition = catalog.definition(name)
    return SenderOut(
        name=name,
        title=definition.tool if definition else reference.GENERIC_TITLE,
        category=definition.category if definition else "other",
        address=reference.webhook_path(name, definition),
        shows=_shows(catalog, name, signed=signed),
        heard_at=activity.heard_at,
        alerts=activity.alerts,
        notes=activity.notes,
        changes=activity.changes,
        rejected=activity.rejected,
        set_aside={purpose: SetAsideOut.model_validate(counts) for purpose, counts in activity.set_aside.items()},
    )


def _shows(catalog: SourceCatalog, name: str, *, signed: bool) -> Shows:
    if signed:
        return "signature"
    if name in KEY_IN_BODY:
        return "routing key"
    return "key" if catalog[name].verify is None else "signature or key"
