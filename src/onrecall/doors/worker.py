"""The worker: answers incidents that wait for a recommendation, for as long as the process serves."""

import logging
import threading
import time
from collections.abc import Callable

from onrecall.line import Memory

POLL_SECONDS = 1.0
BATCH = 10

log = logging.getLogger(__name__)


class Worker:
    """A thread that drains the queue of unanswered incidents; the queue is a column, so it outlives the thread."""

    def __init__(self, memory: Memory, answered: Callable[[], None] = lambda: None) -> None:
        self._memory = memory
        self._answered = answered
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._done = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work; what was left over from the last run comes first."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="onrecall-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the answer at hand and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    @property
    def alive(self) -> bool:
        """Whether the worker is at work."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def wait(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Wait until something has arrived, at most so long; says whether it did."""
        deadline = time.monotonic() + seconds
        with self._done:
            while not (here := arrived()) and (left := deadline - time.monotonic()) > 0:
                self._done.wait(min(left, POLL_SECONDS))
        return here

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if self._answer() == 0:
                self._wake.wait(POLL_SECONDS)

    def _answer(self) -> int:
        try:
            answered = self._memory.answer_due(BATCH)
        except Exception:  # the one loop that must go on: the queue keeps what failed, and the log says why
            log.exception("the worker could not answer; it tries again")
            self._stopping.wait(POLL_SECONDS)
            return 0
        if answered:
            with self._done:
                self._done.notify_all()
            self._answered()
        return answered
