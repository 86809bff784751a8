"""Alert grouping: assign waiting alerts to incidents, one optimistic transaction per pass."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Incident, Passage
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.domain.spans import span
from onrecall.grouping import (
    NOTHING_BEFORE,
    Background,
    JoinIncident,
    ManualPairings,
    Member,
    MergeIncidents,
    OpenIncident,
    PastAlert,
    ServiceGraph,
    extract_features,
    kind_of,
    plan_grouping,
)
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.maintenance import covering_window
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS_SOURCE,
    BY_ALERTS,
    AlertAssignment,
    CandidateIncident,
    GroupingSnapshot,
    GroupingWrite,
    IncidentAlertCache,
    IncidentAlerts,
    IncidentChange,
    IncidentMerge,
    NewEvent,
    NewIncident,
    Storage,
    StoredAlert,
)

BATCH = 1000
"""Maximum number of alerts per pass."""
MAX_ATTEMPTS = 5
"""How often a pass is planned again after a concurrent write; after that, the next round tries."""
SAMPLE_SIZE = 50
"""Number of alerts of an open incident that new alerts are compared with."""
MAX_TITLES = 5
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


@dataclass(slots=True)
class IncidentDelta:
    """An incident before a pass, and what the pass adds to it."""

    before: Incident
    incident_alerts: IncidentAlerts
    news: list[AlertAssignment] = field(default_factory=list)
    joined: list[AlertAssignment] = field(default_factory=list)
    reopens: bool = False
    taken_in: list[StoredAlert] = field(default_factory=list)
    """Alerts of incidents that are merged into this one."""

    def alerts(self) -> list[StoredAlert]:
        """Return its alerts after the pass."""
        now = {alert.id: alert for alert in (*self.incident_alerts.alerts, *self.taken_in)}
        now.update((assignment.alert.id, assignment.alert) for assignment in (*self.news, *self.joined))
        return list(now.values())


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
        unassigned = [alert for alert in snapshot.waiting if alert.incident is None]
        covered = {
            alert.id: window
            for alert in unassigned
            if (window := covering_window(snapshot.windows, effective_alert(alert), now))
        }
        alerts_to_group = [
            alert for alert in unassigned if alert.alert.purpose == "incident" and alert.id not in covered
        ]
        candidates = [self._candidate(candidate) for candidate in snapshot.open]
        pairings = ManualPairings(snapshot.pairings)
        grouping = plan_grouping(
            [effective_alert(alert) for alert in alerts_to_group],
            candidates,
            self._topology,
            pairings,
            background=self._background,
        )
        touched = {
            candidate.incident.id: IncidentDelta(candidate.incident, candidate.alerts) for candidate in snapshot.open
        }
        for alert in snapshot.waiting:
            if alert.incident is not None:
                self._apply_update(touched[alert.incident], alert)
        reopened_later: dict[str, list[StoredAlert]] = {}
        for join in grouping.joins:
            delta = touched[join.incident_id]
            if _began_after(delta.before, alerts_to_group[join.alert_index]):
                reopened_later.setdefault(join.incident_id, []).append(alerts_to_group[join.alert_index])
                continue
            delta.joined.append(_assign(alerts_to_group[join.alert_index], join))
            delta.reopens |= join.reopens
        merged = self._merged(grouping.merges, touched, now)
        merged_ids = {merge.absorbed.id for merge in merged}
        target_ids = {merge.into for merge in merged}
        changed = [
            delta
            for name, delta in touched.items()
            if name not in merged_ids and (delta.news or delta.joined or name in target_ids)
        ]
        openings = [
            (list(opening.members), [alerts_to_group[n] for n in opening.alert_indexes]) for opening in grouping.opens
        ]
        openings += [
            ([_member_after_resolution(name)] * len(late_alerts), late_alerts)
            for name, late_alerts in reopened_later.items()
        ]
        set_aside = [
            AlertAssignment(alerts_to_group[quiet.alert_index], _assignment_detail("quiet", None, quiet.reasons))
            for quiet in grouping.quiet
        ]
        set_aside += [
            AlertAssignment(alert, _assignment_detail(alert.alert.purpose, None, (alert.alert.purpose_reason,)))
            for alert in unassigned
            if alert.alert.purpose != "incident"
        ]
        set_aside += [
            AlertAssignment(alert, _maintenance_detail(covered[alert.id]))
            for alert in unassigned
            if _is_expected(alert, covered)
        ]
        return self._draft(snapshot.number, openings, changed, merged, set_aside, now)

    def _draft(
        self,
        number: int,
        openings: Sequence[tuple[Sequence[Member], Sequence[StoredAlert]]],
        deltas: Sequence[IncidentDelta],
        merged: Sequence[IncidentMerge],
        set_aside: Sequence[AlertAssignment],
        now: datetime,
    ) -> GroupingWrite:
        new = [
            _resolve_if_over(storm.build_incident(None, alerts, self._topology), alerts, now) for _, alerts in openings
        ]
        after = [self._after(delta) for delta in deltas]
        reindexed = [
            updated
            for delta, updated in zip(deltas, after, strict=True)
            if updated.source == ALERTS_SOURCE and storm.needs_reindex(delta.before, updated)
        ]
        prepared = iter(self._recall.prepare([*new, *reindexed]))
        opened = [
            self._opened(incident, next(prepared), members, alerts)
            for incident, (members, alerts) in zip(new, openings, strict=True)
        ]
        passages = {incident.id: next(prepared) for incident in reindexed}
        return GroupingWrite(
            number=number,
            opened=tuple(opened),
            changed=tuple(
                self._changed(delta, updated, passages.get(updated.id), now)
                for delta, updated in zip(deltas, after, strict=True)
            ),
            merged=tuple(merged),
            done=tuple(set_aside),
        )

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

    @staticmethod
    def _apply_update(delta: IncidentDelta, alert: StoredAlert) -> None:
        delta.news.append(AlertAssignment(alert))
        if delta.before.status == "resolved" and delta.before.resolution is None and alert.alert.status == "firing":
            delta.reopens = True

    @staticmethod
    def _merged(
        merges: Iterable[MergeIncidents], touched: dict[str, IncidentDelta], now: datetime
    ) -> list[IncidentMerge]:
        merged = []
        for merge in merges:
            source, target = touched[merge.from_id], touched[merge.into_id]
            target.taken_in += source.alerts()
            target.news += source.news
            detail = {**BY_ALERTS, "score": merge.score, "reasons": list(merge.reasons)}
            merged.append(IncidentMerge(source.before, merge.into_id, now, detail=detail))
        return merged

    def _after(self, delta: IncidentDelta) -> Incident:
        after = storm.build_incident(
            delta.before, delta.alerts(), self._topology, complete=delta.incident_alerts.is_complete
        )
        if delta.reopens and delta.before.status == "resolved":
            after = replace(after, status="open", resolved_at=None)
        return after

    @staticmethod
    def _opened(
        incident: Incident, passages: tuple[Passage, ...], members: Sequence[Member], alerts: Sequence[StoredAlert]
    ) -> NewIncident:
        placed = [_assign(alert, member) for alert, member in zip(alerts, members, strict=True)]
        alerted = _alerted_event("", alerts)
        if incident.status == "resolved":
            alerted = replace(alerted, detail={**alerted.detail, "first_heard": "over"})
        return NewIncident(incident, passages, tuple(placed), (alerted,))

    @staticmethod
    def _changed(
        delta: IncidentDelta, after: Incident, passages: tuple[Passage, ...] | None, now: datetime
    ) -> IncidentChange:
        events = []
        if delta.joined:
            events.append(_alerted_event(after.id, [placed.alert for placed in delta.joined]))
        if after.status != delta.before.status:
            events.append(NewEvent(after.id, "reopened", now, detail=BY_ALERTS))
        more = delta.before.resolution is None and (
            storm.is_material_change(delta.before, after) if after.source == ALERTS_SOURCE else _has_new_kind(delta)
        )
        refresh = more or (after.status == "open" and delta.before.status == "resolved")
        return IncidentChange(
            delta.before, after, passages, (*delta.news, *delta.joined), tuple(events), refresh=refresh
        )


def _resolve_if_over(incident: Incident, alerts: Sequence[StoredAlert], now: datetime) -> Incident:
    """Resolve a new incident at once if all its alerts had ended before they were received."""
    if any(effective_alert(alert).status == "firing" for alert in alerts):
        return incident
    ends = [alert.alert.ends_at or alert.received_at for alert in alerts]
    return replace(incident, status="resolved", resolved_at=max(incident.started_at, min(max(ends), now)))


def effective_alert(alert: StoredAlert) -> Alert:
    """Return the alert as grouping sees it: no start after its receipt, and firing if it was ever seen firing."""
    fired = alert.alert.status == "resolved" and alert.updated_at > alert.received_at
    if not fired and alert.alert.starts_at <= alert.received_at:
        return alert.alert
    return replace(
        alert.alert, starts_at=storm.effective_start(alert), status="firing" if fired else alert.alert.status
    )


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


def _began_after(incident: Incident, alert: StoredAlert) -> bool:
    """Return whether a firing alert began after a person had resolved the incident."""
    resolution, ended = incident.resolution, incident.resolved_at
    return (
        resolution is not None
        and ended is not None
        and alert.alert.status == "firing"
        and storm.effective_start(alert) > ended
    )


def _member_after_resolution(incident: str) -> Member:
    return Member(0, "opened", None, (f"it began after {incident} was resolved by a person",))


def _has_new_kind(delta: IncidentDelta) -> bool:
    known_kinds = storm.alert_kinds(alert.alert for alert in delta.incident_alerts.alerts)
    return not storm.alert_kinds(placed.alert.alert for placed in delta.joined) <= known_kinds


def _assignment_detail(how: str, score: float | None, reasons: Sequence[str]) -> dict[str, Any]:
    return {"how": how, "score": score, "reasons": list(reasons)}


def _is_expected(alert: StoredAlert, covered: Mapping[int, MaintenanceWindow]) -> bool:
    return alert.alert.purpose == "incident" and alert.id in covered


def _maintenance_detail(window: MaintenanceWindow) -> dict[str, Any]:
    return _assignment_detail("maintenance", None, (window.explain(),)) | {"window": window.id}


def _assign(alert: StoredAlert, place: Member | JoinIncident) -> AlertAssignment:
    """Assign an alert to its incident; one that goes on after another incident says so first."""
    reasons = (*storm.explain_continuation(alert.alert), *place.reasons)
    return AlertAssignment(alert, _assignment_detail(place.joined_by, place.score, reasons))


def _alerted_event(incident: str, alerts: Sequence[StoredAlert]) -> NewEvent:
    """Return one event for all alerts of a pass, so that a storm does not flood the timeline."""
    ordered = sorted(alerts, key=storm.effective_start)
    titles = list(dict.fromkeys(alert.alert.title for alert in ordered))
    services = sorted({alert.alert.service for alert in ordered if alert.alert.service})
    detail = {"count": len(ordered), "titles": titles[:MAX_TITLES], "services": services[:MAX_TITLES]}
    return NewEvent(incident, "alerted", storm.effective_start(ordered[0]), detail=detail)
