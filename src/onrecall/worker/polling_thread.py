"""The one loop of every background thread: do a round, and wait a moment when there was nothing to do."""

import logging
import threading
from collections.abc import Callable

from onrecall.domain.errors import Unavailable

POLL_SECONDS = 0.5

log = logging.getLogger(__name__)


class PollingThread:
    """A daemon thread that does rounds until it is stopped; its work is in the store, which outlives it."""

    def __init__(
        self,
        name: str,
        round_of_work: Callable[[], int],
        *,
        begin: Callable[[], None] | None = None,
        end: Callable[[], None] | None = None,
        report: Callable[[bool], None] | None = None,
        pause_seconds: float = POLL_SECONDS,
    ) -> None:
        """`round_of_work` returns how much there was; `begin` and `end` are called once, in the thread.

        After a round without work it waits for `pause_seconds`, or until it is woken.

        `report` is called with True when rounds begin to fail, and with False when they succeed again.
        """
        self._name = name
        self._round_of_work = round_of_work
        self._begin = begin
        self._end = end
        self._report = report
        self._pause_seconds = pause_seconds
        self._failing = False
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start; what the last run left over comes first."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let it end after the current round, without waiting for that."""
        self._stopping.set()
        self._wake.set()

    def stop(self, grace_seconds: float | None = None) -> None:
        """Let it finish the current round and wait for that; with `grace_seconds` it is abandoned after so long."""
        self.ask_to_stop()
        if self._thread:
            self._thread.join(grace_seconds)
            self._thread = None

    def wake(self) -> None:
        """Tell it that there is work."""
        self._wake.set()

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def failing(self) -> bool:
        """Whether the last round failed."""
        return self._failing

    def _run(self) -> None:
        if self._begin:
            self._begin()
        while not self._stopping.is_set():
            self._wake.clear()
            if self._round() == 0:
                self._wake.wait(self._pause_seconds)
        if self._end:
            self._end()

    def _round(self) -> int:
        try:
            count = self._round_of_work()
        except Unavailable as error:
            self._note(failing=True)
            log.warning("%s tries again in %g s: %s", self._name, error.retry_after, error)
            self._stopping.wait(error.retry_after)
        except Exception:  # the loop must go on: the store keeps what failed, and the log says why
            self._note(failing=True)
            log.exception("%s could not finish its round; it tries again", self._name)
            self._stopping.wait(POLL_SECONDS)
        else:
            self._note(failing=False)
            return count
        return 0

    def _note(self, *, failing: bool) -> None:
        if failing != self._failing:
            self._failing = failing
            if self._report:
                self._report(failing)
