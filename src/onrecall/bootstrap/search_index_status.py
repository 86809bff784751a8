"""The status of the search index in OpenSearch."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from onrecall.bootstrap.status import ComponentStatus

if TYPE_CHECKING:
    from onrecall.retrieval.opensearch import OpenSearchIndex

CHECK_INTERVAL_SECONDS = 10.0
"""Interval of checks, because probes ask for the status often."""


class SearchIndexStatus:
    """Checks at intervals whether the cluster answers and is up to date."""

    def __init__(self, index: "OpenSearchIndex") -> None:
        self._index = index
        self._lock = threading.Lock()
        self._checked_at: float | None = None
        self._status = ComponentStatus(name="opensearch", state="degraded", detail="not looked at yet")

    def __call__(self) -> ComponentStatus:
        """Return the status of the part. A cluster that does not answer degrades OnRecall and never takes it down."""
        with self._lock:
            due = self._checked_at is None or time.monotonic() - self._checked_at > CHECK_INTERVAL_SECONDS
            if due or self._index.is_away:
                state = self._index.state()
                self._status = ComponentStatus(name="opensearch", state=state.state, detail=state.detail)
                self._checked_at = time.monotonic()
            return self._status


def status_checks(index: "OpenSearchIndex | None") -> list[Callable[[], ComponentStatus]]:
    """Return the status check of OpenSearch, if it is configured."""
    return [SearchIndexStatus(index)] if index else []
