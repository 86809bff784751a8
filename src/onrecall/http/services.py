"""Services over HTTP: which there are, and what is on record about one."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.services import service_overview
from onrecall.schemas.services import ServiceCountOut, ServicePageOut

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class Services(BaseModel):
    """A page of services; `next` fetches the following one."""

    items: list[ServiceCountOut]
    next: str | None


@router.get("/services", responses=responses(422))
def services(
    memory: TheMemory,
    q: Annotated[str | None, Query(max_length=200, description="A part of the name.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Services:
    """List services that incidents or documents name, most unresolved incidents first."""
    page = memory.store.services.page(q, cursor, limit)
    return Services(items=[ServiceCountOut.model_validate(count) for count in page.items], next=page.next_cursor)


@router.get("/services/{name:path}", responses=responses(404, 422))
def service(name: str, memory: TheMemory) -> ServicePageOut:
    """Return what is on record about one service: incidents, hours lost, documents, changes, alerts by source."""
    return ServicePageOut.of(service_overview(memory.store, name, memory.now()))
