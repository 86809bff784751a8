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
"""A write is tried at most so often."""
CHECK_SECONDS = 30.0
CHECK_SHARE = 50
"""The file is checked for damage so often, and at most for this part (one in so many) of the time."""
PATIENCE_SECONDS = 3.0
"""Who asks waits at most so long for what is found; after that for what was found before."""
STILL_SECONDS = 120.0
"""A queue in which nothing moves for so long is stuck."""
OLD = timedelta(minutes=10)
"""Where nobody watched before: what should have been done so long ago is not worked on."""


@dataclass(slots=True)
class _Task:
    """Something that is done in the background, again and again."""

    run: Callable[[], None]
    every: float
    share: int = 0
    """It may take one in so many of the time; 0: any."""
    future: Future[None] | None = None
    due: float = 0.0

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Begin it where it is due and not under way."""
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
    """Keeps an eye on one store; to be asked as often as anybody likes."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        store = memory.store
        self._tasks = (_Task(store.probe, PROBE_SECONDS), _Task(store.check_file, CHECK_SECONDS, CHECK_SHARE))
        self._pool = ThreadPoolExecutor(len(self._tasks), thread_name_prefix="onrecall-health")
        self._turn = threading.Lock()
        self._mark: tuple[int | None, int] | None = None
        self._moved_at = 0.0

    def stop(self) -> None:
        """End once what is under way is done."""
        self._pool.shutdown(wait=True)

    def problems(self) -> tuple[str, ...]:
        """What the store can't do, in sentences; empty while all is well."""
        with self._turn:
            for task in self._tasks:
                task.begin(self._pool)
            running = [task.future for task in self._tasks if task.future is not None]
        wait(running, PATIENCE_SECONDS)
        return self._memory.store.problems

    def stuck(self) -> str | None:
        """That the queue does not move, and since when; None where it is empty or moves."""
        queue = self._memory.store.queue(self._memory.now())
        still = self._still_for(queue)
        if not queue.alerts and not queue.incidents:
            return None
        waiting = f"{queue.alerts} alerts and {queue.incidents} incidents wait"
        if still >= STILL_SECONDS:
            return f"{waiting}, and none was taken in or answered for {still:.0f} s; restart OnRecall"
        since = queue.waits_since
        if since is not None and self._memory.now() - since > OLD and still == 0:
            return f"{waiting}, the first one since {since:%Y-%m-%d %H:%M} UTC; is `onrecall serve` running?"
        return None

    def _still_for(self, queue: Queue) -> float:
        """For how many seconds of being watched nothing has moved; 0 at first sight."""
        mark = (queue.first_alert, queue.answers)
        with self._turn:
            now = time.monotonic()
            if mark != self._mark or not (queue.alerts or queue.incidents):
                self._mark, self._moved_at = mark, now
                return 0.0
            return now - self._moved_at
