"""The worker: groups alerts, settles incidents and answers what is due, for as long as its process lives."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from onrecall.pipeline import IncidentService
from onrecall.worker.notifier import GRACE_SECONDS, create_notifier
from onrecall.worker.polling_thread import POLL_SECONDS, PollingThread

BATCH_SIZE = 10
MODEL_GRACE_SECONDS = 1.0
"""A model that takes longer at the end is abandoned, and its answer is refined again later."""


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

    @property
    def failing(self) -> bool:
        """Whether its last round failed, so that nothing is answered until one succeeds."""
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
    """The threads that work: one for incidents, one per channel, one for models. Other workers may share the store."""

    def __init__(self, memory: IncidentService, report: Callable[[bool], None] | None = None) -> None:
        """`report` is called with True when its rounds begin to fail, and with False when they succeed again."""
        self._memory = memory
        self._changes = ChangeSignal()
        self._incidents = PollingThread("onrecall-worker", self._work, report=report)
        self._notifiers: list[PollingThread] = []
        self._models = PollingThread("onrecall-models", memory.refining.run, begin=memory.refining.ready)

    def start(self) -> None:
        """Start; what the last run left over comes first."""
        self._incidents.start()
        self._notifiers = [create_notifier(outlet) for outlet in self._memory.tellers]
        for notifier in self._notifiers:
            notifier.start()
        if self._memory.refining.active:
            self._memory.refining.begin()
            self._models.start()

    def stop(self) -> None:
        """Finish the current answer and stop; what hangs on another server is abandoned and done again later."""
        self._incidents.stop()
        for notifier in self._notifiers:
            notifier.ask_to_stop()
        for notifier in self._notifiers:
            notifier.stop(GRACE_SECONDS)
        self._models.stop(MODEL_GRACE_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether it works on incidents."""
        return self._incidents.alive

    @property
    def failing(self) -> bool:
        """Whether its last round failed."""
        return self._incidents.failing

    def wake(self) -> None:
        """Tell it that there is work."""
        self._incidents.wake()
        self._wake_notifiers()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        return self._changes.wait(arrived, seconds)

    def _work(self) -> int:
        count = self._memory.work(BATCH_SIZE)
        if count:
            self._changes.notify()
            self._wake_notifiers()
        return count

    def _wake_notifiers(self) -> None:
        for notifier in self._notifiers:
            notifier.wake()


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
