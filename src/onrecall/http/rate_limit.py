"""Limits attempts with wrong keys, and other things that anybody may begin."""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable

LIMIT = 10
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000

log = logging.getLogger(__name__)


class RateLimit:
    """Counts wrong keys by address. A valid key is never blocked, even at an address shared with a guesser."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, limit: int = LIMIT, counted: str = "wrong keys"
    ) -> None:
        self._limit = limit
        self._counted = counted
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, address: str) -> float | None:
        """Count an attempt; return the seconds to wait if there were too many within a minute."""
        now = self._clock()
        times = self._failures.setdefault(address, deque(maxlen=self._limit + 1))
        self._failures.move_to_end(address)
        while len(self._failures) > MOST_ADDRESSES:
            self._failures.popitem(last=False)
        full = len(times) > self._limit
        times.append(now)
        if len(times) <= self._limit or now - times[0] >= WINDOW_SECONDS:
            return None
        if not full:
            log.warning("more than %d %s within a minute from %s", self._limit, self._counted, address)
        return WINDOW_SECONDS - (now - times[0])
