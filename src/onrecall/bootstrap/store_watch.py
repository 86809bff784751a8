"""Watches whether the store can be written, is whole, and has its queue worked on, without holding up who asks."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from onrecall.domain.errors import OnRecallError
from onrecall.pipeline import IncidentService
from onrecall.storage.health import Queue

PROBE_SECONDS = 2.0
"""Interval of test writes."""
CHECK_SECONDS = 30.0
CHECK_SHARE = 50
"""Interval of integrity checks; they take at most one part in CHECK_SHARE of the time."""
PATIENCE_SECONDS = 3.0
"""Longest wait for a test write; after that the previous result is returned."""
FILE_PATIENCE_SECONDS = 0.3
"""Longest wait for a check of the file, which grows with its size; its result counts at the next look."""
STILL_SECONDS = 120.0
"""A queue without progress for this long is stuck."""
OLD = timedelta(minutes=10)
"""At the first look: work due for longer than this is not being done."""


@dataclass(slots=True)
class _Task:
    """A check that runs repeatedly in the background."""

    run: Callable[[], None]
    every: float
    share: int = 0
    """It may take one part in this many of the time; 0: no limit."""
    future: Future[None] | None = None
    due: float = 0.0

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Start it if it is due and not running."""
        if time.monotonic() >= self.due and (self.future is None or self.future.done()):
            self.future = pool.submit(self._timed)

    def _timed(self) -> None:
        began = time.monotonic()
        try:
            self.run()
        except OnRecallError:  # the store itself remembers what it failed at
            pass
        finally:
            ended = time.monotonic()
            self.due = ended + max(self.every, self.share * (ended - began))


class StoreWatch:
    """Watches one store; cheap to ask often."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        store = memory.store
        self._tasks = (
            _Task(store.health.probe, PROBE_SECONDS),
            _Task(store.health.check_file, CHECK_SECONDS, CHECK_SHARE),
        )
        self._pool = ThreadPoolExecutor(len(self._tasks), thread_name_prefix="onrecall-health")
        self._turn = threading.Lock()
        self._mark: tuple[int | None, int] | None = None
        self._moved_at = 0.0

    def stop(self) -> None:
        """Stop once running checks are done."""
        self._pool.shutdown(wait=True)

    def problems(self) -> tuple[str, ...]:
        """Return the store's problems as sentences; empty if there are none."""
        with self._turn:
            for task in self._tasks:
                task.begin(self._pool)
            probe, file_check = [[] if task.future is None else [task.future] for task in self._tasks]
        wait(probe, PATIENCE_SECONDS)
        wait(file_check, FILE_PATIENCE_SECONDS)
        return self._memory.store.health.problems

    def stuck(self) -> str | None:
        """Return that the queue is stuck, and since when; None if it is empty or moves."""
        queue = self._memory.store.health.queue(self._memory.now())
        still = self._still_for(queue)
        if not queue.alerts and not queue.incidents:
            return None
        waiting = f"alerts waiting: {queue.alerts}, incidents waiting: {queue.incidents}"
        if still >= STILL_SECONDS:
            return f"{waiting}; none was processed for {still:.0f} s; restart OnRecall"
        since = queue.waits_since
        if since is not None and self._memory.now() - since > OLD and still == 0:
            return f"{waiting}; the first one since {since:%Y-%m-%d %H:%M} UTC; is `onrecall serve` running?"
        return None

    def _still_for(self, queue: Queue) -> float:
        """Return the seconds without progress since watching began; 0 at first."""
        mark = (queue.first_alert, queue.answers)
        with self._turn:
            now = time.monotonic()
            if mark != self._mark or not (queue.alerts or queue.incidents):
                self._mark, self._moved_at = mark, now
                return 0.0
            return now - self._moved_at
