"""The pipeline as a list of stages. A column or a lease in the database is the queue of each stage."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from onrecall.domain.errors import Unavailable
from onrecall.pipeline.recurrence_days import RecurrencePacker

if TYPE_CHECKING:
    from onrecall.pipeline.incident_service import IncidentService

WORKER = "onrecall-worker"
"""The thread that works on incidents; it does the rounds of its stages one after the other."""
MODEL_GRACE_SECONDS = 1.0
"""A model that takes longer at the end is abandoned, and its answer is refined again later."""
DELIVERY_GRACE_SECONDS = 3.0
"""A delivery that takes longer at the end is abandoned; the next process sends it again."""
PACKING_GRACE_SECONDS = 3.0
"""A round that takes longer at the end is abandoned; the next process packs the same days."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What a thread does again and again for a stage."""

    thread: str
    run: Callable[[int], int]
    """Handle at most so many items; returns how many there were."""
    claim: Callable[[], None] | None = None
    """Called once before its thread starts."""
    begin: Callable[[], None] | None = None
    """Called once in its thread."""
    end: Callable[[], None] | None = None
    """Called once in its thread, after the last round."""
    wakes: bool = False
    """Whether it is to be done at once when an incident changed."""
    grace_seconds: float | None = None
    """How long its last round may take; None: as long as it takes."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline."""

    name: str
    rounds: Callable[["IncidentService"], Sequence[Round]]


class ChannelOutlet(Protocol):
    """A channel to send to, used by one thread."""

    @property
    def name(self) -> str:
        """The name of its thread."""

    def run_once(self) -> int:
        """Enqueue what is new and send what is due; returns how much there was."""

    def release(self) -> None:
        """Let another process send here at once."""


def notify_round(outlet: ChannelOutlet) -> Round:
    """Return the round that sends on a channel and releases it at the end: one that is down delays nobody else."""
    return Round(
        f"onrecall-{outlet.name}",
        lambda _limit: outlet.run_once(),
        end=partial(_release, outlet.name, outlet.release),
        wakes=True,
        grace_seconds=DELIVERY_GRACE_SECONDS,
    )


def _release(name: str, release: Callable[[], None]) -> None:
    try:
        release()
    except Unavailable as error:
        log.warning("%s stays leased for a while: %s", name, error)


def _refine_rounds(memory: "IncidentService") -> list[Round]:
    refiner = memory.refiner
    if not refiner.active:
        return []
    return [
        Round(
            "onrecall-models",
            lambda _limit: refiner.run(),
            claim=refiner.begin,
            begin=refiner.ready,
            end=partial(_release, "refining", refiner.release),
            grace_seconds=MODEL_GRACE_SECONDS,
        )
    ]


def _pack_rounds(memory: "IncidentService") -> list[Round]:
    packer = RecurrencePacker(memory.store, memory.now)
    return [Round("onrecall-recurrences", lambda _limit: packer.run(), grace_seconds=PACKING_GRACE_SECONDS)]


PIPELINE = (
    Stage("group alerts", lambda memory: [Round(WORKER, lambda _limit: memory.grouping.run())]),
    Stage("auto-resolve", lambda memory: [Round(WORKER, lambda _limit: memory.auto_resolver.run())]),
    Stage("recommend", lambda memory: [Round(WORKER, memory.answer_due)]),
    Stage("refine", _refine_rounds),
    Stage("pack facts for recurrences", _pack_rounds),
    Stage("notify", lambda memory: [notify_round(dispatcher) for dispatcher in memory.dispatchers]),
)
"""What happens to an alert once it was ingested (`pipeline/ingest.py`, driven by the senders), in order."""


def rounds_of_worker(memory: "IncidentService") -> Iterator[Round]:
    """Yield the rounds of the thread that works on incidents, in the order of the pipeline."""
    return (each for stage in PIPELINE for each in stage.rounds(memory) if each.thread == WORKER)


def rounds_in_own_threads(memory: "IncidentService") -> Iterator[Round]:
    """Yield the rounds that have a thread of their own."""
    return (each for stage in PIPELINE for each in stage.rounds(memory) if each.thread != WORKER)
