"""From a grouping plan to what is written: alerts assigned, incidents opened, changed and merged, with their events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Incident
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.domain.passage import Passage
from onrecall.grouping import GroupingPlan, JoinIncident, Member, MergeIncidents, ServiceGraph
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.maintenance import covering_window
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS_SOURCE,
    BY_ALERTS,
    AlertAssignment,
    GroupingSnapshot,
    GroupingWrite,
    IncidentAlerts,
    IncidentChange,
    IncidentMerge,
    NewEvent,
    NewIncident,
    StoredAlert,
)

MAX_TITLES = 5
Opening = tuple[Sequence[Member], Sequence[StoredAlert]]
"""The alerts that open an incident together, each with its place in the plan."""


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


@dataclass(slots=True)
class WaitingAlerts:
    """The waiting alerts of a pass, by what becomes of them."""

    to_group: dict[int, StoredAlert] = field(default_factory=dict)
    """Alerts that need an incident, by id."""
    updates: list[StoredAlert] = field(default_factory=list)
    """News of alerts that have their incident."""
    in_maintenance: list[tuple[StoredAlert, MaintenanceWindow]] = field(default_factory=list)
    other_purpose: list[StoredAlert] = field(default_factory=list)
    """Tests, heartbeats, planned and good news."""

    @classmethod
    def of(cls, snapshot: GroupingSnapshot, now: datetime) -> "WaitingAlerts":
        """Sort the waiting alerts of a snapshot."""
        waiting = cls()
        for alert in snapshot.waiting:
            if alert.incident is not None:
                waiting.updates.append(alert)
            elif alert.alert.purpose != "incident":
                waiting.other_purpose.append(alert)
            elif window := covering_window(snapshot.windows, effective_alert(alert), now):
                waiting.in_maintenance.append((alert, window))
            else:
                waiting.to_group[alert.id] = alert
        return waiting

    def set_aside(self, plan: GroupingPlan) -> tuple[AlertAssignment, ...]:
        """Return the alerts that get no incident, each with the reason."""
        return (
            *(
                AlertAssignment(self.to_group[quiet.alert_id], _assignment_detail("quiet", None, quiet.reasons))
                for quiet in plan.quiet
            ),
            *(
                AlertAssignment(alert, _assignment_detail(alert.alert.purpose, None, (alert.alert.purpose_reason,)))
                for alert in self.other_purpose
            ),
            *(AlertAssignment(alert, _maintenance_detail(window)) for alert, window in self.in_maintenance),
        )


class GroupingWriteBuilder:
    """Builds what a pass writes from its plan."""

    def __init__(
        self, snapshot: GroupingSnapshot, waiting: WaitingAlerts, topology: ServiceGraph, now: datetime
    ) -> None:
        self._number = snapshot.number
        self._waiting, self._topology, self._now = waiting, topology, now
        self._deltas = {
            candidate.incident.id: IncidentDelta(candidate.incident, candidate.alerts) for candidate in snapshot.open
        }

    def build(self, plan: GroupingPlan, recall: Retriever) -> GroupingWrite:
        """Return the write; the passages of new and changed incidents are prepared for recall."""
        for alert in self._waiting.updates:
            _apply_update(self._deltas[str(alert.incident)], alert)
        openings = [*self._planned_openings(plan), *self._join(plan.joins)]
        merged = self._merge(plan.merges)
        new = [self._new_incident(alerts) for _, alerts in openings]
        changed = [(delta, self._after(delta)) for delta in self._changed_deltas(merged)]
        reindexed = [after for delta, after in changed if _needs_passages(delta, after)]
        prepared = iter(recall.prepare([*new, *reindexed]))
        opened = [
            _opened(incident, next(prepared), members, alerts)
            for incident, (members, alerts) in zip(new, openings, strict=True)
        ]
        passages = {incident.id: next(prepared) for incident in reindexed}
        changes = [_changed(delta, after, passages.get(after.id), self._now) for delta, after in changed]
        set_aside = self._waiting.set_aside(plan)
        return GroupingWrite(self._number, tuple(opened), tuple(changes), tuple(merged), set_aside)

    def _new_incident(self, alerts: Sequence[StoredAlert]) -> Incident:
        return _resolve_if_over(storm.build_incident(None, alerts, self._topology), alerts, self._now)

    def _planned_openings(self, plan: GroupingPlan) -> Iterable[Opening]:
        for opening in plan.opens:
            yield opening.members, [self._waiting.to_group[alert_id] for alert_id in opening.alert_ids]

    def _join(self, joins: Iterable[JoinIncident]) -> Iterable[Opening]:
        """Add alerts to their incidents; those that began after a person resolved it open an incident instead."""
        reopened_later: dict[str, list[StoredAlert]] = {}
        for join in joins:
            delta, alert = self._deltas[join.incident_id], self._waiting.to_group[join.alert_id]
            if _began_after(delta.before, alert):
                reopened_later.setdefault(join.incident_id, []).append(alert)
                continue
            delta.joined.append(_assign(alert, join))
            delta.reopens |= join.reopens
        return [
            ([_member_after_resolution(name, alert.id) for alert in alerts], alerts)
            for name, alerts in reopened_later.items()
        ]

    def _merge(self, merges: Iterable[MergeIncidents]) -> list[IncidentMerge]:
        merged = []
        for merge in merges:
            source, target = self._deltas[merge.from_id], self._deltas[merge.into_id]
            target.taken_in += source.alerts()
            target.news += source.news
            detail = {**BY_ALERTS, "score": merge.score, "reasons": list(merge.reasons)}
            merged.append(IncidentMerge(source.before, merge.into_id, self._now, detail=detail))
        return merged

    def _changed_deltas(self, merged: Sequence[IncidentMerge]) -> list[IncidentDelta]:
        absorbed, targets = {merge.absorbed.id for merge in merged}, {merge.into for merge in merged}
        return [
            delta
            for name, delta in self._deltas.items()
            if name not in absorbed and (delta.news or delta.joined or name in targets)
        ]

    def _after(self, delta: IncidentDelta) -> Incident:
        after = storm.build_incident(
            delta.before, delta.alerts(), self._topology, complete=delta.incident_alerts.is_complete
        )
        if delta.reopens and delta.before.status == "resolved":
            after = replace(after, status="open", resolved_at=None)
        return after


def effective_alert(alert: StoredAlert) -> Alert:
    """Return the alert as grouping sees it: no start after its receipt, and firing if it was ever seen firing."""
    fired = alert.alert.status == "resolved" and alert.updated_at > alert.received_at
    if not fired and alert.alert.starts_at <= alert.received_at:
        return alert.alert
    return replace(
        alert.alert, starts_at=storm.effective_start(alert), status="firing" if fired else alert.alert.status
    )


def _apply_update(delta: IncidentDelta, alert: StoredAlert) -> None:
    delta.news.append(AlertAssignment(alert))
    if delta.before.status == "resolved" and delta.before.resolution is None and alert.alert.status == "firing":
        delta.reopens = True


def _needs_passages(delta: IncidentDelta, after: Incident) -> bool:
    return after.source == ALERTS_SOURCE and storm.needs_reindex(delta.before, after)


def _opened(
    incident: Incident, passages: tuple[Passage, ...], members: Sequence[Member], alerts: Sequence[StoredAlert]
) -> NewIncident:
    assigned = [_assign(alert, member) for alert, member in zip(alerts, members, strict=True)]
    alerted = _alerted_event("", alerts)
    if incident.status == "resolved":
        alerted = replace(alerted, detail={**alerted.detail, "first_heard": "over"})
    return NewIncident(incident, passages, tuple(assigned), (alerted,))


def _changed(
    delta: IncidentDelta, after: Incident, passages: tuple[Passage, ...] | None, now: datetime
) -> IncidentChange:
    events = []
    if delta.joined:
        events.append(_alerted_event(after.id, [assignment.alert for assignment in delta.joined]))
    if after.status != delta.before.status:
        events.append(NewEvent(after.id, "reopened", now, detail=BY_ALERTS))
    more = delta.before.resolution is None and (
        storm.is_material_change(delta.before, after) if after.source == ALERTS_SOURCE else _has_new_kind(delta)
    )
    refresh = more or (after.status == "open" and delta.before.status == "resolved")
    return IncidentChange(delta.before, after, passages, (*delta.news, *delta.joined), tuple(events), refresh=refresh)


def _resolve_if_over(incident: Incident, alerts: Sequence[StoredAlert], now: datetime) -> Incident:
    """Resolve a new incident at once if all its alerts had ended before they were received."""
    if any(effective_alert(alert).status == "firing" for alert in alerts):
        return incident
    ends = [alert.alert.ends_at or alert.received_at for alert in alerts]
    return replace(incident, status="resolved", resolved_at=max(incident.started_at, min(max(ends), now)))


def _began_after(incident: Incident, alert: StoredAlert) -> bool:
    """Return whether a firing alert began after a person had resolved the incident."""
    resolution, ended = incident.resolution, incident.resolved_at
    return (
        resolution is not None
        and ended is not None
        and alert.alert.status == "firing"
        and storm.effective_start(alert) > ended
    )


def _member_after_resolution(incident: str, alert_id: int) -> Member:
    return Member(alert_id, "opened", None, (f"it began after {incident} was resolved by a person",))


def _has_new_kind(delta: IncidentDelta) -> bool:
    known_kinds = storm.alert_kinds(alert.alert for alert in delta.incident_alerts.alerts)
    return not storm.alert_kinds(placed.alert.alert for placed in delta.joined) <= known_kinds


def _assignment_detail(how: str, score: float | None, reasons: Sequence[str]) -> dict[str, Any]:
    return {"how": how, "score": score, "reasons": list(reasons)}


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
