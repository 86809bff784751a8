"""The worker: groups alerts, settles incidents and answers what is due, for as long as its process lives."""

import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Protocol

from onrecall.pipeline import IncidentService
from onrecall.pipeline.stages import WORKER, Round, rounds_in_own_threads
from onrecall.worker.polling_thread import POLL_SECONDS, PollingThread

BATCH_SIZE = 10


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
        self._incidents = PollingThread(WORKER, self._work, report=report)
        self._beside: list[tuple[Round, PollingThread]] = []

    def start(self) -> None:
        """Start; what the last run left over comes first."""
        self._incidents.start()
        self._beside = [(each, thread_for(each)) for each in rounds_in_own_threads(self._memory)]
        for each, thread in self._beside:
            if each.claim:
                each.claim()
            thread.start()

    def stop(self) -> None:
        """Finish the current answer and stop; what hangs on another server is abandoned and done again later."""
        self._incidents.stop()
        for _, thread in self._beside:
            thread.ask_to_stop()
        for each, thread in self._beside:
            thread.stop(each.grace_seconds)

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
        self._wake_others()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until `arrived()` is true, at most `seconds`; returns whether it is."""
        return self._changes.wait(arrived, seconds)

    def _work(self) -> int:
        count = self._memory.work(BATCH_SIZE)
        if count:
            self._changes.notify()
            self._wake_others()
        return count

    def _wake_others(self) -> None:
        for each, thread in self._beside:
            if each.wakes:
                thread.wake()


def thread_for(each: Round) -> PollingThread:
    """Return a thread of its own for a round."""
    return PollingThread(each.thread, partial(each.run, BATCH_SIZE), begin=each.begin, end=each.end)


def run_until_stopped(*memories: IncidentService) -> None:
    """Work in this process until SIGINT or SIGTERM; the current work is finished first."""
    ending = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    workers = [Worker(memory) for memory in memories]
    for worker in workers:
        worker.start()
    while not ending.wait(POLL_SECONDS):
        pass
    for worker in workers:
        worker.stop()
