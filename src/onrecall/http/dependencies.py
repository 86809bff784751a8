"""What every route is given. These are async because others would each be called in a thread of its own."""

from typing import Annotated

from fastapi import Depends, Request

from onrecall.domain.access import Caller
from onrecall.http import credentials
from onrecall.http.broadcast import Stream
from onrecall.pipeline import Memory
from onrecall.worker.ingest_queue import Intake
from onrecall.worker.worker import Working


async def _memory(request: Request) -> Memory:
    memory: Memory = request.app.state.memory
    return memory


async def _worker(request: Request) -> Working:
    worker: Working = request.app.state.worker
    return worker


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def sender_of(request: Request) -> tuple[str, str | None]:
    """Return what the bound of one caller counts, and the name of the key that the message came with."""
    caller: Caller = request.state.caller
    return credentials.counted_as(caller, request.client), caller.name


async def _stream(request: Request) -> Stream:
    stream: Stream = request.app.state.stream
    return stream


async def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


TheMemory = Annotated[Memory, Depends(_memory)]
TheWorker = Annotated[Working, Depends(_worker)]
TheStream = Annotated[Stream, Depends(_stream)]
TheIntake = Annotated[Intake, Depends(_intake)]
TheCaller = Annotated[Caller, Depends(_caller)]
"""Who asks, as the guard found."""
