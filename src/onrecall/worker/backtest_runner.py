"""Backtests over the served store, each in its own process so that no request waits for one."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

from onrecall.backtest.chronology import History
from onrecall.backtest.report_json import summarize_report
from onrecall.backtest.run import backtest, history_of_store
from onrecall.bootstrap.app import embedder
from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.storage.backtests import Backtest, Backtests

NICE = 10
PROGRESS_SECONDS = 1.0
HEARTBEAT_SECONDS = 3.0
"""Heartbeat interval: the niced child may start slowly, so its parent sends the heartbeats."""
STOP_SECONDS = 5.0


class BacktestRunner:
    """Starts backtests of one store, and records how each ended."""

    def __init__(self, store: Storage, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._process: SpawnProcess | None = None
        self._watch: threading.Thread | None = None
        self._stopping = False

    def newest(self) -> Backtest | None:
        """Return the running backtest, or else the last one."""
        return self._store.backtests.newest(self._clock())

    def start(self, by: str | None = None, history: History | None = None) -> Backtest:
        """Begin a backtest of the store's own history, or of the given one; while one runs, return that one."""
        begun, new = self._store.backtests.begin(by, self._clock())
        if new:
            arguments = (self._settings, begun.number, history)
            self._process = multiprocessing.get_context("spawn").Process(
                target=run_backtest, args=arguments, daemon=True
            )
            self._process.start()
            watch = threading.Thread(target=self._supervise, args=(self._process, begun.number), daemon=True)
            self._watch = watch
            watch.start()
        return begun

    def wait(self) -> None:
        """Wait until the backtest started here has ended."""
        if self._watch is not None:
            self._watch.join()

    def stop(self) -> None:
        """Stop with the application; an unfinished backtest is recorded as interrupted."""
        self._stopping = True
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
        if self._watch is not None:
            self._watch.join(STOP_SECONDS)

    def _supervise(self, process: SpawnProcess, number: int) -> None:
        while process.is_alive():
            process.join(HEARTBEAT_SECONDS)
            with contextlib.suppress(OnRecallError):  # the store is busy; reported next time
                self._store.backtests.alive(number, self._clock())
        try:
            if self._stopping or process.exitcode == 0:
                self._store.backtests.interrupt(number, self._clock())  # no effect if it recorded its end
            else:
                reason = f"its process ended with {process.exitcode}; the log says why"
                self._store.backtests.fail(number, reason, self._clock())
        except OnRecallError:
            return  # the store is unavailable: the backtest will time out


def run_backtest(settings: Settings, number: int, history: History | None) -> None:
    """Replay the history, save the verdicts and report progress: the work of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends this
    if hasattr(os, "nice"):
        os.nice(NICE)
    with closing(Storage.open(settings.database)) as store:
        try:
            with _Heartbeat(store.backtests, number) as heartbeat:
                report = backtest(_history_to_replay(store, history), embedder(settings), heartbeat.progress)
                verdicts = [verdict for case in report.cases if (verdict := case.judged)]
                CalibrationService(store).record_replay(verdicts, datetime.now(UTC), report.learning)
            store.backtests.finish(number, summarize_report(report), datetime.now(UTC))
        except OnRecallError as error:
            store.backtests.fail(number, str(error), datetime.now(UTC))


def _history_to_replay(store: Storage, history: History | None) -> History:
    replayed = history_of_store(store) if history is None else history
    if not replayed.incidents and not replayed.reports:
        raise Invalid("there is no incident in memory yet; import a history first")
    return replayed


class _Heartbeat:
    """Reports progress every second, and ends this process when the backtest is no longer wanted."""

    def __init__(self, backtests: Backtests, number: int) -> None:
        self._backtests = backtests
        self._number = number
        self._progress: tuple[str | None, int, int] = (None, 0, 0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def progress(self, stage: str, steps_done: int, total: int) -> None:
        """Set the current stage and how much of it is done."""
        self._progress = (stage, steps_done, total)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(PROGRESS_SECONDS):
            parent = multiprocessing.parent_process()
            if (parent is not None and not parent.is_alive()) or not self._is_wanted():
                os._exit(1)  # the replay can't be asked to stop, and leaves nothing behind

    def _is_wanted(self) -> bool:
        try:
            return self._backtests.report_progress(self._number, *self._progress, datetime.now(UTC))
        except OnRecallError:
            return True  # the store is busy; reported next time
