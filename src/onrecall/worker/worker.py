"""The worker: groups alerts, settles incidents and answers what is due, for as long as its process lives."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from onrecall.domain.errors import Unavailable
from onrecall.pipeline import IncidentService
from onrecall.worker.notifier import NotifierThreads
from onrecall.worker.refiner import RefinerThread

POLL_SECONDS = 0.5
BATCH_SIZE = 10

log = logging.getLogger(__name__)


class WorkerHandle(Protocol):
    """The worker: a thread of this process, or a process of its own."""

    def start(self) -> None:
        """Start working."""
        ...

    def stop(self) -> None:
        """Finish the current work and stop."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it is working."""
        ...

    def wake(self) -> None:
        """Tell it that there is work."""
        ...

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        ...


class ChangeSignal:
    """Wakes threads that wait for results of a worker."""

    def __init__(self) -> None:
        self._change = threading.Condition()

    def notify(self) -> None:
        """Wake all waiting threads."""
        with self._change:
            self._change.notify_all()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        deadline = time.monotonic() + seconds
        with self._change:
            while not (has_arrived := arrived()) and (remaining := deadline - time.monotonic()) > 0:
                self._change.wait(min(remaining, POLL_SECONDS))
        return has_arrived


class Worker:
    """A worker thread. The queues are in the store, so they outlive it, and other workers may share them."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._changes = ChangeSignal()
        self._thread: threading.Thread | None = None
        self._notifiers = NotifierThreads(())
        self._refiner = RefinerThread(memory.refining)

    def start(self) -> None:
        """Start; what the last run left over comes first."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="onrecall-worker", daemon=True)
        self._thread.start()
        self._notifiers = NotifierThreads(self._memory.tellers)
        self._notifiers.start()
        self._refiner.start()

    def stop(self) -> None:
        """Finish the current answer and stop."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        self._notifiers.stop()
        self._refiner.stop()

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Tell it that there is work."""
        self._wake.set()
        self._notifiers.wake()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        return self._changes.wait(arrived, seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if self._round() == 0:
                self._wake.wait(POLL_SECONDS)

    def _round(self) -> int:
        try:
            count = self._memory.work(BATCH_SIZE)
        except Unavailable as error:
            log.warning("the worker tries again in %g s: %s", error.retry_after, error)
            self._stopping.wait(error.retry_after)
            return 0
        except Exception:  # the one loop that must go on: the queues keep what failed, and the log says why
            log.exception("the worker could not do its round; it tries again")
            self._stopping.wait(POLL_SECONDS)
            return 0
        if count:
            self._changes.notify()
            self._notifiers.wake()
        return count


def run_until_stopped(memory: IncidentService) -> None:
    """Work in this process until SIGINT or SIGTERM; the current work is finished first."""
    ending = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    worker = Worker(memory)
    worker.start()
    while not ending.wait(POLL_SECONDS):
        pass
    worker.stop()
