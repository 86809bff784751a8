"""Merging and splitting by hand: done at once, and remembered for the next storm."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Conflict, Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.grouping import Kinds, ServiceGraph, kind_of, pairs
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.group_alerts import ATTEMPTS, GroupingTimers
from onrecall.retrieval import Retriever
from onrecall.storage import (
    ALERTS,
    AlertAssignment,
    GroupingWrite,
    IncidentChange,
    IncidentMerge,
    NewEvent,
    NewIncident,
    Storage,
    StoredAlert,
)

KINDS = 20
"""Of so many kinds on each side it is remembered that they belong together, or do not."""
LONGEST_KIND = 600
"""A kind with a longer name is not remembered."""
BY_HAND = {"how": "by_hand", "score": None, "reasons": ["a person put it here"]}


class ManualGrouping:
    """What people do to storms."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        topology: ServiceGraph,
        pace: GroupingTimers,
    ) -> None:
        self._store = store
        self._recall = recall
        self._clock = clock
        self._topology = topology
        self._pace = pace

    def merge(self, gone_id: str, into_id: str, by: str | None = None) -> Incident:
        """Make one incident part of another: its alerts go there, it stays to be found; such alerts go together now."""
        if gone_id == into_id:
            raise Invalid("an incident can't be merged into itself; name the other one", "into")
        for _ in range(ATTEMPTS):
            gone, into = self._store.incident(gone_id), self._store.incident(into_id)
            if merged_into(gone) == into_id:
                return into
            _check_open(gone, "link it to the other one instead")
            _check_open(into, "reopen it first")
            if self._write(self._merging(gone, into, by)):
                return self._store.incident(into_id)
        raise Unavailable("alerts are being grouped; try again")

    def split(self, incident_id: str, alerts: Sequence[int], by: str | None = None) -> Incident:
        """Take alerts out of an incident, into one of their own; such alerts are kept apart from now on."""
        for _ in range(ATTEMPTS):
            incident = self._store.incident(incident_id)
            _check_open(incident, "reopen it first")
            number, all_of_it = self._whole(incident_id)
            parted, rest = _chosen(all_of_it, alerts, incident)
            opened = self._write(self._splitting(number, incident, parted, rest, by))
            if opened:
                return self._store.incident(opened[0])
        raise Unavailable("alerts are being grouped; try again")

    def unmerge(self, incident_id: str, merged_id: str, by: str | None = None) -> Incident:
        """Undo a merge: the incident that was merged into this one is back, with the alerts it brought."""
        for _ in range(ATTEMPTS):
            incident, gone = self._store.incident(incident_id), self._store.incident(merged_id)
            if merged_into(gone) != incident_id:
                raise Invalid(f"{merged_id} is not merged into {incident_id}", "merged")
            _check_open(incident, "reopen it first")
            number, all_of_it = self._whole(incident_id)
            parted = [one for one in all_of_it if (one.joined or {}).get("from") == merged_id]
            rest = [one for one in all_of_it if one not in parted]
            if self._write(self._unmerging(number, incident, gone, parted, rest, by)) is not None:
                return self._store.incident(merged_id)
        raise Unavailable("alerts are being grouped; try again")

    def write(self, work: GroupingWrite) -> bool:
        """Write what a person decided; whether it rests on the newest still, and so was written."""
        return self._store.storms.write(work, self._clock(), self._pace.settle) is not None

    def _whole(self, incident_id: str) -> tuple[int, list[StoredAlert]]:
        """How often alerts were grouped so far, and then all alerts of an incident."""
        number, _ = self._store.storms.held([])
        return number, list(self._store.alerts_of(incident_id))

    def _write(self, work: GroupingWrite) -> tuple[str, ...] | None:
        opened = self._store.storms.write(work, self._clock(), self._pace.settle)
        return None if opened is None else opened or (work.changed[0].after.id,)

    def _merging(self, gone: Incident, into: Incident, by: str | None) -> GroupingWrite:
        number, held = self._store.storms.held([gone.id, into.id])
        ours, theirs = held[into.id], held[gone.id]
        alerts = [*ours.alerts, *theirs.alerts]
        after = storm.composed(into, alerts, self._topology, whole=ours.whole and theirs.whole)
        now = self._clock()
        told = []
        if into.status == "resolved" and gone.status != "resolved":
            after = replace(after, status="open", resolved_at=None)
            told.append(NewEvent(into.id, "reopened", now, by))
        return GroupingWrite(
            number,
            changed=(self._changed(into, after, told=told),),
            merged=(IncidentMerge(gone, into.id, now, by),),
            pairings=dict.fromkeys(remembered(ours.alerts, theirs.alerts), True),
            by=by,
        )

    def _splitting(
        self,
        number: int,
        incident: Incident,
        parted: Sequence[StoredAlert],
        rest: Sequence[StoredAlert],
        by: str | None,
    ) -> GroupingWrite:
        new = storm.composed(None, parted, self._topology)
        (passages,) = self._recall.prepare([new])
        opened = NewIncident(new, passages, tuple(AlertAssignment(one, BY_HAND) for one in parted), out_of=incident.id)
        after = storm.composed(incident, rest, self._topology)
        return GroupingWrite(
            number,
            opened=(opened,),
            changed=(self._changed(incident, after),),
            pairings=dict.fromkeys(remembered(parted, rest), False),
            by=by,
        )

    def _unmerging(
        self,
        number: int,
        incident: Incident,
        gone: Incident,
        parted: Sequence[StoredAlert],
        rest: Sequence[StoredAlert],
        by: str | None,
    ) -> GroupingWrite:
        now = self._clock()
        back = replace(
            storm.composed(gone, parted, self._topology),
            status="acknowledged" if gone.acknowledged_at else "open",
            resolved_at=None,
        )
        placed = tuple(AlertAssignment(one, BY_HAND) for one in parted)
        told = [NewEvent(gone.id, "split", now, by, {"out_of": incident.id})]
        origin = [NewEvent(incident.id, "split", now, by, {"incident": gone.id})]
        return GroupingWrite(
            number,
            changed=(
                replace(self._changed(gone, back, told=told), alerts=placed, untied=incident.id),
                self._changed(incident, storm.composed(incident, rest, self._topology), told=origin),
            ),
            pairings=dict.fromkeys(remembered(parted, rest), False),
            by=by,
        )

    def _changed(self, before: Incident, after: Incident, told: Iterable[NewEvent] = ()) -> IncidentChange:
        passages = None
        if after.source == ALERTS and storm.reads_other(before, after):
            (passages,) = self._recall.prepare([after])
        return IncidentChange(before, after, passages, told=tuple(told), refresh=True)


def merged_into(incident: Incident) -> str | None:
    """The incident that this one is part of."""
    return next((link.incident for link in incident.links if link.kind == "merged"), None)


def remembered(one: Sequence[StoredAlert], other: Sequence[StoredAlert]) -> frozenset[Kinds]:
    """The pairs of kinds of which a person said whether they go together."""
    return frozenset(
        pair for pair in pairs(_kinds(one), _kinds(other)) if all(len(kind.encode()) <= LONGEST_KIND for kind in pair)
    )


def _kinds(alerts: Sequence[StoredAlert]) -> list[Alert]:
    """An alert of each kind, of as many as are remembered."""
    found: dict[str, Alert] = {}
    for one in alerts:
        found.setdefault(kind_of(one.alert), one.alert)
        if len(found) == KINDS:
            break
    return list(found.values())


def check_there(incident: Incident) -> None:
    """Conflict when it is part of another, which is what can be worked on."""
    other = merged_into(incident)
    if other is not None:
        raise Conflict(f"{incident.id} is merged into {other}; name {other}, or split it off first")


def _check_open(incident: Incident, instead: str) -> None:
    check_there(incident)
    if incident.resolution is not None:
        raise Conflict(f"{incident.id} is resolved, with a cause of its own; {instead}")


def _chosen(
    alerts: Sequence[StoredAlert], numbers: Sequence[int], incident: Incident
) -> tuple[list[StoredAlert], list[StoredAlert]]:
    wanted = set(numbers)
    if not wanted:
        raise Invalid("name the alerts to move out, by their numbers", "alerts")
    if unknown := wanted - {one.id for one in alerts}:
        raise Invalid(f"{incident.id} has no alert {min(unknown)}; list its alerts first", "alerts")
    rest = [one for one in alerts if one.id not in wanted]
    if not rest and incident.source == ALERTS:
        raise Invalid(f"these are all alerts of {incident.id}; leave at least one", "alerts")
    return [one for one in alerts if one.id in wanted], rest
