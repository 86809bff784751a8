"""Dependencies of routes. They are async because sync ones would each take a thread."""

from typing import Annotated

from fastapi import Depends, Request

from onrecall.domain.access import Principal
from onrecall.http import credentials
from onrecall.http.broadcast import Stream
from onrecall.pipeline import IncidentService
from onrecall.worker.ingest_queue import IngestQueue
from onrecall.worker.worker import WorkerHandle


async def _memory(request: Request) -> IncidentService:
    memory: IncidentService = request.app.state.memory
    return memory


async def _worker(request: Request) -> WorkerHandle:
    worker: WorkerHandle = request.app.state.worker
    return worker


async def _caller(request: Request) -> Principal:
    caller: Principal = request.state.caller
    return caller


def sender_of(request: Request) -> tuple[str, str | None]:
    """Return the identity for per-caller limits, and the name of the key that came with the message."""
    caller: Principal = request.state.caller
    return credentials.caller_identity(caller, request.client), caller.name


async def _stream(request: Request) -> Stream:
    stream: Stream = request.app.state.stream
    return stream


async def _intake(request: Request) -> IngestQueue:
    intake: IngestQueue = request.app.state.intake
    return intake


TheMemory = Annotated[IncidentService, Depends(_memory)]
TheWorker = Annotated[WorkerHandle, Depends(_worker)]
TheStream = Annotated[Stream, Depends(_stream)]
TheIntake = Annotated[IngestQueue, Depends(_intake)]
TheCaller = Annotated[Principal, Depends(_caller)]
"""The authenticated caller."""
