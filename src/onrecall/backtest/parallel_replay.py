"""A helper process for a replay: it walks through the same history and does everything except answer openings.

Answering never changes the store; linking a resolved incident to its predecessor does. So the helper searches for
predecessors and reports them, and the main process only answers, baselines included.
The helper also asks the memories of the learning curve, which stop learning early.
"""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from onrecall.backtest.chronology import order_events
from onrecall.backtest.replay_engine import FrozenAnswers, LearningStops, ReplayEngine, ReplaySpec
from onrecall.backtest.replay_store import PrecomputedEmbedder


class ProcessLost(Exception):
    """The helper process did not start or ended early."""


class RecurrenceProcess:
    """The helper process, seen from the main process."""

    def __init__(self, spec: ReplaySpec, embedder: PrecomputedEmbedder | None) -> None:
        # Spawned, not forked: that is the same on every system, and safe beside threads.
        context = multiprocessing.get_context("spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_run_helper, args=(sender, spec, embedder), name="onrecall-replay", daemon=True
        )
        try:
            self._process.start()
        except OSError as error:
            raise ProcessLost(f"no second process could be started: {error}") from error
        finally:
            sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Terminate the helper process."""
        self._receiver.close()
        self._process.terminate()
        self._process.join()

    def recurrence(self) -> str | None:
        """Return the next predecessor that the helper process found, in event order."""
        predecessor: str | None = self._receive()
        return predecessor

    def frozen(self) -> FrozenAnswers:
        """Return the answers of the memories that stopped learning, at the end."""
        snapshots: FrozenAnswers = self._receive()
        return snapshots

    def _receive(self) -> Any:
        try:
            return self._receiver.recv()
        except (EOFError, OSError) as error:
            raise ProcessLost("the second process was lost") from error


def _run_helper(sender: Connection, spec: ReplaySpec, embedder: PrecomputedEmbedder | None) -> None:
    # Ctrl-C reaches both processes; the main process terminates this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engine = ReplayEngine(spec, embedder)
    stops = LearningStops(engine, spec)
    engine.listeners = (stops,)
    for event in order_events(spec.history):
        predecessor = engine.apply(event)
        if engine.needs_predecessor(event):
            sender.send(predecessor)
    sender.send(stops.frozen)
