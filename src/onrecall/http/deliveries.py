"""Deliveries to channels: sent, pending and dead."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.deliveries import DeliveryOut
from onrecall.storage.outbox import DeliveryState

router = APIRouter(prefix="/api/v1", tags=["deliveries"])


class Deliveries(BaseModel):
    """A page of deliveries; `next` fetches the following one."""

    items: list[DeliveryOut]
    next: str | None


@router.get("/deliveries", responses=responses(422))
def deliveries(
    memory: TheMemory,
    state: Annotated[DeliveryState | None, Query(description="Only those in this state.")] = None,
    channel: Annotated[str | None, Query(description="Only those on this channel.", max_length=100)] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Deliveries:
    """List deliveries, newest first."""
    page = memory.store.outbox.page(state, channel, cursor, limit)
    return Deliveries(items=[DeliveryOut.model_validate(delivery) for delivery in page.items], next=page.next_cursor)


@router.post("/deliveries/{delivery_id}/resend", responses=responses(404, 409, 422))
def resend(delivery_id: int, request: Request, memory: TheMemory) -> DeliveryOut:
    """Send a delivery again, under the same key."""
    delivery = memory.store.outbox.resend(delivery_id, memory.now())
    request.app.state.worker.wake()
    return DeliveryOut.model_validate(delivery)
