"""What an admin of the installation may know of its teams: how much there is and whether it moves, not what it says."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from onrecall.domain.errors import Unavailable
from onrecall.storage import Storage
from onrecall.storage.gauges import Gauges

CACHE_SECONDS = 10.0
"""How old the numbers may be, as those of the own store."""
GAUGES: tuple[tuple[str, str, Callable[[Gauges], float]], ...] = (
    ("onrecall_team_alerts_waiting", "Alerts of a team waiting to be grouped.", lambda read: read.alerts_waiting),
    ("onrecall_team_incidents_due", "Incidents of a team waiting for an answer.", lambda read: read.incidents_due),
    ("onrecall_team_store_size_bytes", "What the store of a team takes.", lambda read: read.size_bytes),
)


class TeamGauges(Collector):
    """Numbers of each team's store, by team."""

    def __init__(self, stores: Mapping[str, Storage], clock: Callable[[], datetime]) -> None:
        self._stores = stores
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: Mapping[str, Gauges | None] = {}
        self._until = 0.0

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; a store that can't be read is down and has no other numbers."""
        by_team = self._cached_or_read()
        up = GaugeMetricFamily("onrecall_team_up", "Whether the store of a team can be read.", labels=["team"])
        for team, gauges in by_team.items():
            up.add_metric([team], int(gauges is not None))
        yield up
        for name, description, number in GAUGES:
            family = GaugeMetricFamily(name, description, labels=["team"])
            for team, gauges in by_team.items():
                if gauges is not None:
                    family.add_metric([team], number(gauges))
            yield family

    def _cached_or_read(self) -> Mapping[str, Gauges | None]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._cached = {team: self._read(store) for team, store in self._stores.items()}
                self._until = time.monotonic() + CACHE_SECONDS
            return self._cached

    def _read(self, store: Storage) -> Gauges | None:
        try:
            return store.overview.gauges(self._clock())
        except Unavailable:
            return None
