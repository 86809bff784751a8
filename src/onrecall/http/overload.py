"""Overload protection: excess requests get 503 with Retry-After.

Each caller has a bound of its own, so that one script can't keep everybody else out. Messages of senders are not
counted here: they wait in a queue of their own, with bounds of its own (`worker/ingest_queue.py`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from onrecall.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class RequestBound:
    """How many requests of a kind may be in flight."""

    total: int
    per_caller: int


BOUNDS: Mapping[str, RequestBound] = {
    "asking": RequestBound(400, 100),
    "waiting": RequestBound(5_000, 1_000),  # held for an answer; they take no thread
    "heavy": RequestBound(4, 2),  # imports, exports, checks of the whole audit
}
HEAVY = frozenset({"POST /api/v1/history", "GET /api/v1/export", "GET /api/v1/audit/verify"})
LONG_POLL_ROUTE = "GET /api/v1/incidents/{incident_id}/recommendation"
RETRY_SECONDS = 1.0


class RequestsInFlight:
    """Counts the requests in flight by kind and by caller."""

    def __init__(self, bounds: Mapping[str, RequestBound] = BOUNDS) -> None:
        self._bounds = bounds
        self._total: Counter[str] = Counter()
        self._per_caller: Counter[tuple[str, str]] = Counter()

    def enter(self, kind: str, caller: str) -> None:
        """Count a request. Raises Unavailable if there are too many of the caller, or in total."""
        bound = self._bounds[kind]
        if self._per_caller[kind, caller] >= bound.per_caller:
            raise Unavailable(
                f"{bound.per_caller} requests of {caller} are in progress already; try again later", RETRY_SECONDS
            )
        if self._total[kind] >= bound.total:
            raise Unavailable("too many requests are in progress; try again later", RETRY_SECONDS)
        self._total[kind] += 1
        self._per_caller[kind, caller] += 1

    def leave(self, kind: str, caller: str) -> None:
        """Release a request."""
        self._total[kind] -= 1
        self._per_caller[kind, caller] -= 1
        if not self._per_caller[kind, caller]:
            del self._per_caller[kind, caller]


def request_kind(route: str, query: str) -> str:
    """Return the kind of a request, which selects its bound."""
    if route in HEAVY:
        return "heavy"
    return "waiting" if route == LONG_POLL_ROUTE and "wait=" in query else "asking"
