"""Notification threads, one per channel, so that one that is down delays neither the others nor the worker."""

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from onrecall.domain.errors import Unavailable

POLL_SECONDS = 0.5
GRACE_SECONDS = 3.0

log = logging.getLogger(__name__)


class ChannelOutlet(Protocol):
    """A channel to send to, used by one thread."""

    @property
    def name(self) -> str:
        """The name of its thread."""

    def round(self) -> int:
        """Enqueue what is new and send what is due; returns how much there was."""

    def release(self) -> None:
        """Let another process send here at once."""


class NotifierThreads:
    """Threads that turn events into deliveries and send them. The queue is in the store, so it outlives them."""

    def __init__(self, tellers: Sequence[ChannelOutlet]) -> None:
        self._outlets = tellers
        self._stopping = threading.Event()
        self._wakes = [threading.Event() for _ in tellers]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start; what the last run left over is due already."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._run, args=(teller, wake), name=f"onrecall-{teller.name}", daemon=True)
            for teller, wake in zip(self._outlets, self._wakes, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each thread finish what it sends; one that takes too long is abandoned and its delivery is retried."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(GRACE_SECONDS)
        self._threads = []

    def wake(self) -> None:
        """Wake all threads."""
        for wake in self._wakes:
            wake.set()

    def _run(self, teller: ChannelOutlet, wake: threading.Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            if self._round(teller) == 0:
                wake.wait(POLL_SECONDS)
        try:
            teller.release()
        except Unavailable as error:
            log.warning("%s stays claimed for a while: %s", teller.name, error)

    def _round(self, teller: ChannelOutlet) -> int:
        try:
            return teller.round()
        except Unavailable as error:
            log.warning("telling %s tries again in %g s: %s", teller.name, error.retry_after, error)
            self._stopping.wait(error.retry_after)
        except Exception:  # boundary: the loop must go on; the outbox keeps what failed
            log.exception("telling %s could not do its round; it tries again", teller.name)
            self._stopping.wait(POLL_SECONDS)
        return 0
