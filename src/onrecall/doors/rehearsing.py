"""Measures trust while the demo plays, in a process of its own: nothing that is asked waits for it."""

import contextlib
import multiprocessing
import os
import signal
import threading
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from onrecall.calibration.chronology import History
from onrecall.doors import printing
from onrecall.doors.wiring import embedder
from onrecall.line.backtest import backtest
from onrecall.line.trust import Trust
from onrecall.settings import Settings
from onrecall.store import Store

NICE = 10


class Rehearsal(threading.Thread):
    """Replays a history beside a store that is being served, and says there how far its answers can be trusted."""

    def __init__(self, settings: Settings, history: History) -> None:
        super().__init__(name="onrecall-rehearsal", daemon=True)
        self._history = history
        self._heard, said = multiprocessing.Pipe(duplex=False)
        arguments = (settings, history, said)
        self._process = multiprocessing.get_context("spawn").Process(target=measure, args=arguments, daemon=True)
        self._said = said

    def run(self) -> None:
        """Tell when it begins and what was found; it ends with the process that started it."""
        openings = len(self._history.incidents)
        printing.say((f"measuring trust in the background: {openings} examples are replayed in their order\n", "dim"))
        self._process.start()
        self._said.close()
        with contextlib.suppress(EOFError):
            printing.say((f"{self._heard.recv()}\n", "bold"))


def measure(settings: Settings, history: History, said: Connection) -> None:
    """Replay, keep what the replay judged, and say in a sentence how often it was right."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the demo, which then ends this
    if hasattr(os, "nice"):
        os.nice(NICE)
    report = backtest(history, embedder(settings))
    judged = [known for one in report.cases if (known := one.judged)]
    with closing(Store.open(settings.database)) as store:
        Trust(store).replayed(judged, datetime.now(UTC), report.learning)
    right = report.right_when_answered
    counted = f"the cause was right {round((right.value or 0) * right.n)} of {right.n} times"
    with contextlib.suppress(OSError):  # nobody listens any more
        said.send(f"trust is measured: in a replay of the examples {counted}; from now on answers say so")
