"""The parts and whether they answer, for `/status`, `/readyz` and `doctor`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from onrecall import __version__
from onrecall.errors import OnRecallError
from onrecall.line import Memory

State = Literal["ok", "degraded", "down"]


class Part(BaseModel):
    """One part: whether it answers, in a word and a sentence."""

    name: str
    state: State
    detail: str


class StatusReport(BaseModel):
    """The whole: as well as its worst part."""

    version: str
    state: State
    parts: list[Part]
    counts: Mapping[str, int]


def report(memory: Memory, meaning: Part, extra: Sequence[Callable[[], Part]] = ()) -> StatusReport:
    """Ask every part."""
    store, counts = _store(memory)
    parts = [store, meaning, *(part() for part in extra)]
    order: list[State] = ["ok", "degraded", "down"]
    worst = max((part.state for part in parts), key=order.index)
    return StatusReport(version=__version__, state=worst, parts=parts, counts=counts)


def _store(memory: Memory) -> tuple[Part, Mapping[str, int]]:
    try:
        counts = memory.store.counts()
    except OnRecallError as error:
        return Part(name="store", state="down", detail=str(error)), {}
    detail = f"{memory.store.dialect}: {counts['incidents']} incidents, {counts['documents']} documents"
    return Part(name="store", state="ok", detail=detail), counts
