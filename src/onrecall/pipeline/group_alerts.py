"""Alert grouping: assign waiting alerts to incidents, one optimistic transaction per pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Incident
from onrecall.domain.spans import span
from onrecall.grouping import (
    NOTHING_BEFORE,
    Background,
    ManualPairings,
    OpenIncident,
    PastAlert,
    ServiceGraph,
    extract_features,
    kind_of,
    plan_grouping,
)
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.grouping_write import GroupingWriteBuilder, WaitingAlerts, effective_alert
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS_SOURCE,
    CandidateIncident,
    GroupingSnapshot,
    GroupingWrite,
    IncidentAlertCache,
    IncidentAlerts,
    Storage,
)

BATCH = 1000
"""Maximum number of alerts per pass."""
MAX_ATTEMPTS = 5
"""How often a pass is planned again after a concurrent write; after that, the next round tries."""
SAMPLE_SIZE = 50
"""Number of alerts of an open incident that new alerts are compared with."""
BACKGROUND_SIZE = 1000
"""Number of past alerts from which the background frequencies of labels and words are learned."""
BACKGROUND_REFRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class GroupingTimers:
    """Delays between alerts, answers and resolution."""

    group_wait: timedelta = timedelta(seconds=3)
    """Delay from the first alert to the first answer (Alertmanager's `group_wait`)."""
    group_interval: timedelta = timedelta(seconds=60)
    """Minimum time between two answers (`group_interval`)."""
    resolve_timeout: timedelta = timedelta(minutes=5)
    """Delay from the end of the last alert to the resolution (`resolve_timeout`)."""


class AlertGrouper:
    """Groups waiting alerts into incidents. It caches what it read, so use it from one thread only."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        topology: ServiceGraph,
        timers: GroupingTimers,
    ) -> None:
        self._store = store
        self._recall = recall
        self._clock = clock
        self._topology = topology
        self._timers = timers
        self._alert_cache = IncidentAlertCache()
        self._background = NOTHING_BEFORE
        self._learned_at: datetime | None = None
        self._samples: dict[str, tuple[IncidentAlerts, tuple[Alert, ...]]] = {}

    def run(self) -> int:
        """Group waiting alerts; returns how many were processed."""
        for _ in range(MAX_ATTEMPTS):
            now = self._clock()
            snapshot = self._store.grouping.take_snapshot(now, BATCH, self._alert_cache)
            if not snapshot.waiting:
                break
            with span("group alerts", {"onrecall.alerts": len(snapshot.waiting)}):
                self._refresh_background(now)
                work = self._plan_write(snapshot, now)
                opened = self._store.grouping.apply(work, now, self._timers.group_wait)
            if opened is not None:
                self._update_cache(work, opened)
                return len(snapshot.waiting)
        return 0

    def _refresh_background(self, now: datetime) -> None:
        """Relearn every `BACKGROUND_REFRESH` what unrelated alerts have in common."""
        if self._learned_at is None or abs(now - self._learned_at) >= BACKGROUND_REFRESH:
            stored = self._store.grouping.newest_grouped_alerts(BACKGROUND_SIZE)
            self._background = Background(PastAlert(extract_features(alert.alert), alert.incident) for alert in stored)
            self._learned_at = now

    def _update_cache(self, work: GroupingWrite, opened: Sequence[str]) -> None:
        """Update the cache with what was written; merged incidents are read again."""
        merged = {incident_id for merge in work.merged for incident_id in (merge.absorbed.id, merge.into)}
        grown = {change.after.id: [placed.alert for placed in change.alerts] for change in work.changed}
        self._alert_cache.record_changes(work.number, grown, merged)
        for incident_id, opening in zip(opened, work.opened, strict=True):
            self._alert_cache.record_opened(incident_id, [placed.alert for placed in opening.alerts])

    def _plan_write(self, snapshot: GroupingSnapshot, now: datetime) -> GroupingWrite:
        waiting = WaitingAlerts.of(snapshot, now)
        plan = plan_grouping(
            {number: effective_alert(alert) for number, alert in waiting.to_group.items()},
            [self._candidate(candidate) for candidate in snapshot.open],
            self._topology,
            ManualPairings(snapshot.pairings),
            background=self._background,
        )
        return GroupingWriteBuilder(snapshot, waiting, self._topology, now).build(plan, self._recall)

    def _candidate(self, candidate: CandidateIncident) -> OpenIncident:
        incident, incident_alerts = candidate.incident, candidate.alerts
        keys = {(alert.alert.source, alert.alert.key) for alert in incident_alerts.alerts}
        return OpenIncident(
            id=incident.id,
            started_at=incident.started_at,
            last_at=max(
                (storm.effective_start(alert) for alert in incident_alerts.alerts), default=incident.started_at
            ),
            alerts=self._sample(incident, incident_alerts),
            status=incident.status,
            resolved_at=incident.resolved_at,
            by_hand=candidate.by_hand,
            alert_keys=candidate.keys | keys,
        )

    def _sample(self, incident: Incident, incident_alerts: IncidentAlerts) -> tuple[Alert, ...]:
        cached = self._samples.get(incident.id)
        if cached is None or cached[0] is not incident_alerts:
            cached = incident_alerts, comparison_sample(incident, incident_alerts)
            if len(self._samples) >= BATCH:
                self._samples.clear()
            self._samples[incident.id] = cached
        return cached[1]


def comparison_sample(incident: Incident, incident_alerts: IncidentAlerts) -> tuple[Alert, ...]:
    """Return the alerts that new alerts are compared with: the newest of each kind, then the newest of the rest.

    For an incident opened by a person, its own text is included.
    """
    newest = [effective_alert(stored_alert) for stored_alert in reversed(incident_alerts.alerts)]
    first: dict[str, Alert] = {}
    for alert in newest:
        first.setdefault(kind_of(alert), alert)
    chosen = {id(alert) for alert in first.values()}
    selected = (*first.values(), *(alert for alert in newest if id(alert) not in chosen))[:SAMPLE_SIZE]
    return (
        selected if incident.source == ALERTS_SOURCE else (*selected[: SAMPLE_SIZE - 1], alert_from_incident(incident))
    )


def alert_from_incident(incident: Incident) -> Alert:
    """Return a manually opened incident as an alert to compare others with."""
    return Alert(
        source=incident.source,
        key=incident.id,
        title=incident.title,
        starts_at=incident.started_at,
        description=incident.description,
        service=incident.service,
        environment=incident.environment,
        severity=incident.severity,
        labels=incident.labels,
    )
