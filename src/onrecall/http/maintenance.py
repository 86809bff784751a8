"""Maintenance windows and heartbeats: what is expected to be broken, and what is expected to be heard."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onrecall.http.dependencies import TheCaller, TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.pipeline.maintenance import MaintenanceRequest
from onrecall.schemas.maintenance import ForgetIn, HeartbeatOut, MaintenanceIn, MaintenanceOut

router = APIRouter(prefix="/api/v1", tags=["alerts"])


class MaintenanceList(BaseModel):
    """Maintenance windows, the last to end first."""

    items: list[MaintenanceOut]


class HeartbeatList(BaseModel):
    """Heartbeats, by source and key."""

    items: list[HeartbeatOut]


@router.get("/maintenance", responses=responses(422))
def list_windows(
    memory: TheMemory,
    past: Annotated[bool, Query(description="Include past windows.")] = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MaintenanceList:
    """List active and upcoming maintenance windows."""
    now = memory.now()
    windows = memory.maintenance.list(limit, past=past)
    return MaintenanceList(items=[MaintenanceOut.of(window, now) for window in windows])


@router.post("/maintenance", status_code=201, responses=responses(422))
def add_window(request: MaintenanceIn, memory: TheMemory, caller: TheCaller) -> MaintenanceOut:
    """Add a window. While it is active, matching alerts are stored and listed, but open no incident."""
    window = memory.maintenance.add(MaintenanceRequest(**request.model_dump(), by=caller.attribution()))
    return MaintenanceOut.of(window, memory.now())


@router.post("/maintenance/{window_id}/end", responses=responses(404, 409))
def end_window(window_id: str, memory: TheMemory, worker: TheWorker, caller: TheCaller) -> MaintenanceOut:
    """End a window now; its alerts that still fire open incidents."""
    window = memory.maintenance.end(window_id, caller.attribution())
    worker.wake()
    return MaintenanceOut.of(window, memory.now())


@router.get("/heartbeats")
def list_heartbeats(memory: TheMemory) -> HeartbeatList:
    """List heartbeats, and how long each may be absent before an alert is raised."""
    switch = memory.ingester.switch
    return HeartbeatList(items=[HeartbeatOut.of(heartbeat, switch) for heartbeat in memory.store.heartbeats.all()])


@router.post("/heartbeats/forget", responses=responses(404, 422))
def forget_heartbeat(request: ForgetIn, memory: TheMemory, worker: TheWorker) -> HeartbeatOut:
    """Stop expecting a heartbeat until it arrives again; resolves the alert about its absence."""
    switch = memory.ingester.switch
    heartbeat = switch.forget(request.source, request.key)
    worker.wake()
    return HeartbeatOut.of(heartbeat, switch)
