"""Manual merging and splitting of incidents; decisions are remembered for future grouping."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Conflict, Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.grouping import Kinds, ServiceGraph, kind_of, manual_pairs
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.group_alerts import MAX_ATTEMPTS, GroupingTimers
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS_SOURCE,
    AlertAssignment,
    GroupingWrite,
    IncidentChange,
    IncidentMerge,
    NewEvent,
    NewIncident,
    Storage,
    StoredAlert,
)

MAX_KINDS = 20
"""Maximum number of alert kinds per side for which a decision is remembered."""
MAX_KIND_BYTES = 600
"""Kinds with longer names are not remembered."""
MANUAL_ASSIGNMENT = {"how": "by_hand", "score": None, "reasons": ["a person put it here"]}


class ManualGrouping:
    """Merges, splits and unmerges incidents on behalf of people."""

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

    def merge(self, gone_id: str, into_id: str, by: str | None = None) -> Incident:
        """Merge an incident into another, moving its alerts; similar alerts are grouped together from now on."""
        if gone_id == into_id:
            raise Invalid("an incident can't be merged into itself; name the other one", "into")
        for _ in range(MAX_ATTEMPTS):
            source, target = self._store.incidents.get(gone_id), self._store.incidents.get(into_id)
            if merged_into(source) == into_id:
                return target
            _ensure_open(source, "link it to the other one instead")
            _ensure_open(target, "reopen it first")
            if self._write(self._plan_merge(source, target, by)):
                return self._store.incidents.get(into_id)
        raise Unavailable("alerts are being grouped; try again")

    def split(self, incident_id: str, alerts: Sequence[int], by: str | None = None) -> Incident:
        """Move alerts into a new incident; similar alerts are kept apart from now on."""
        for _ in range(MAX_ATTEMPTS):
            incident = self._store.incidents.get(incident_id)
            _ensure_open(incident, "reopen it first")
            number, alerts_in_incident = self._number_and_alerts(incident_id)
            parted, remaining = _split_selected(alerts_in_incident, alerts, incident)
            opened = self._write(self._plan_split(_Parting(number, incident, parted, remaining, by)))
            if opened:
                return self._store.incidents.get(opened[0])
        raise Unavailable("alerts are being grouped; try again")

    def unmerge(self, incident_id: str, merged_id: str, by: str | None = None) -> Incident:
        """Undo a merge: restore the merged incident with the alerts it brought."""
        for _ in range(MAX_ATTEMPTS):
            incident, merged = self._store.incidents.get(incident_id), self._store.incidents.get(merged_id)
            if merged_into(merged) != incident_id:
                raise Invalid(f"{merged_id} is not merged into {incident_id}", "merged")
            _ensure_open(incident, "reopen it first")
            number, alerts = self._number_and_alerts(incident_id)
            parted = [alert for alert in alerts if (alert.joined or {}).get("from") == merged_id]
            remaining = [alert for alert in alerts if alert not in parted]
            if self._write(self._plan_unmerge(_Parting(number, incident, parted, remaining, by), merged)) is not None:
                return self._store.incidents.get(merged_id)
        raise Unavailable("alerts are being grouped; try again")

    def write(self, work: GroupingWrite) -> bool:
        """Write a manual decision; returns whether it was still based on the newest state and was written."""
        return self._store.grouping.apply(work, self._clock(), self._timers.group_wait) is not None

    def _number_and_alerts(self, incident_id: str) -> tuple[int, list[StoredAlert]]:
        """Return the current grouping number and all alerts of an incident."""
        number, _ = self._store.grouping.alerts_by_incident([])
        return number, list(self._store.alerts.of_incident(incident_id))

    def _write(self, work: GroupingWrite) -> tuple[str, ...] | None:
        opened = self._store.grouping.apply(work, self._clock(), self._timers.group_wait)
        return None if opened is None else opened or (work.changed[0].after.id,)

    def _plan_merge(self, source: Incident, target: Incident, by: str | None) -> GroupingWrite:
        number, alerts_by_incident = self._store.grouping.alerts_by_incident([source.id, target.id])
        ours, theirs = alerts_by_incident[target.id], alerts_by_incident[source.id]
        alerts = [*ours.alerts, *theirs.alerts]
        after = storm.build_incident(target, alerts, self._topology, complete=ours.is_complete and theirs.is_complete)
        now = self._clock()
        events = []
        if target.status == "resolved" and source.status != "resolved":
            after = replace(after, status="open", resolved_at=None)
            events.append(NewEvent(target.id, "reopened", now, by))
        return GroupingWrite(
            number,
            changed=(self._incident_change(target, after, events=events),),
            merged=(IncidentMerge(source, target.id, now, by),),
            pairings=dict.fromkeys(pairing_kinds(ours.alerts, theirs.alerts), True),
            by=by,
        )

    def _plan_split(self, parting: "_Parting") -> GroupingWrite:
        new = storm.build_incident(None, parting.leaving, self._topology)
        (passages,) = self._recall.prepare([new])
        opened = NewIncident(new, passages, parting.assignments, out_of=parting.incident.id)
        return replace(parting.write(self._remainder(parting)), opened=(opened,))

    def _plan_unmerge(self, parting: "_Parting", merged: Incident) -> GroupingWrite:
        now, incident, by = self._clock(), parting.incident, parting.by
        back = replace(
            storm.build_incident(merged, parting.leaving, self._topology),
            status="acknowledged" if merged.acknowledged_at else "open",
            resolved_at=None,
        )
        events = [NewEvent(merged.id, "split", now, by, {"out_of": incident.id})]
        origin = [NewEvent(incident.id, "split", now, by, {"incident": merged.id})]
        restored = self._incident_change(merged, back, events=events)
        return parting.write(
            replace(restored, alerts=parting.assignments, unlinked=incident.id), self._remainder(parting, origin)
        )

    def _remainder(self, parting: "_Parting", events: Iterable[NewEvent] = ()) -> IncidentChange:
        """Return how the incident changes that keeps the remaining alerts."""
        after = storm.build_incident(parting.incident, parting.remaining, self._topology)
        return self._incident_change(parting.incident, after, events=events)

    def _incident_change(self, before: Incident, after: Incident, events: Iterable[NewEvent] = ()) -> IncidentChange:
        passages = None
        if after.source == ALERTS_SOURCE and storm.needs_reindex(before, after):
            (passages,) = self._recall.prepare([after])
        return IncidentChange(before, after, passages, events=tuple(events), refresh=True)


@dataclass(frozen=True, slots=True)
class _Parting:
    """Alerts that leave an incident, and those that remain; both are kept apart from now on."""

    number: int
    """The grouping that it is based on."""
    incident: Incident
    leaving: Sequence[StoredAlert]
    remaining: Sequence[StoredAlert]
    by: str | None

    @property
    def assignments(self) -> tuple[AlertAssignment, ...]:
        """The leaving alerts as a person assigned them."""
        return tuple(AlertAssignment(alert, MANUAL_ASSIGNMENT) for alert in self.leaving)

    def write(self, *changed: IncidentChange) -> GroupingWrite:
        """Return the write with these changes."""
        pairings = dict.fromkeys(pairing_kinds(self.leaving, self.remaining), False)
        return GroupingWrite(self.number, changed=changed, pairings=pairings, by=self.by)


def merged_into(incident: Incident) -> str | None:
    """Return the incident that this one was merged into, if any."""
    return next((link.incident for link in incident.links if link.kind == "merged"), None)


def pairing_kinds(first: Sequence[StoredAlert], second: Sequence[StoredAlert]) -> frozenset[Kinds]:
    """Return the pairs of alert kinds for which a decision is remembered."""
    return frozenset(
        pair
        for pair in manual_pairs(_alert_of_each_kind(first), _alert_of_each_kind(second))
        if all(len(kind.encode()) <= MAX_KIND_BYTES for kind in pair)
    )


def _alert_of_each_kind(alerts: Sequence[StoredAlert]) -> list[Alert]:
    """Return one alert of each kind, at most `MAX_KINDS`."""
    by_kind: dict[str, Alert] = {}
    for alert in alerts:
        by_kind.setdefault(kind_of(alert.alert), alert.alert)
        if len(by_kind) == MAX_KINDS:
            break
    return list(by_kind.values())


def ensure_not_merged(incident: Incident) -> None:
    """Raise Conflict if the incident was merged into another."""
    target_id = merged_into(incident)
    if target_id is not None:
        raise Conflict(f"{incident.id} is merged into {target_id}; name {target_id}, or split it off first")


def _ensure_open(incident: Incident, instead: str) -> None:
    ensure_not_merged(incident)
    if incident.resolution is not None:
        raise Conflict(f"{incident.id} is resolved, with a cause of its own; {instead}")


def _split_selected(
    alerts: Sequence[StoredAlert], numbers: Sequence[int], incident: Incident
) -> tuple[list[StoredAlert], list[StoredAlert]]:
    selected = set(numbers)
    if not selected:
        raise Invalid("name the alerts to move out, by their numbers", "alerts")
    if unknown := selected - {alert.id for alert in alerts}:
        raise Invalid(f"{incident.id} has no alert {min(unknown)}; list its alerts first", "alerts")
    remaining = [alert for alert in alerts if alert.id not in selected]
    if not remaining and incident.source == ALERTS_SOURCE:
        raise Invalid(f"these are all alerts of {incident.id}; leave at least one", "alerts")
    return [alert for alert in alerts if alert.id in selected], remaining
