"""The snapshot that grouping works from: waiting alerts, open incidents, manual pairings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from onrecall.domain.incident import Incident
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.storage import alerts, incident_rows, maintenance, sequences
from onrecall.storage.batching import chunk_keys, chunked, group_by_first
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import events, pairings
from onrecall.storage.tables import incidents as incident_table

ALERTS_SOURCE = "alerts"
"""The source of incidents that alerts opened."""
SAMPLE_SIZE = 200
"""At most this many of the first and of the newest alerts of an incident are read."""
MAX_OPEN = 300
"""The most open incidents considered, newest first."""
RECENT_WINDOW = timedelta(hours=24)
"""Older incidents (with only older alerts) are joined only by alerts that already belong to them."""
MANUAL_EVENTS = ("acknowledged", "assigned", "edited", "linked", "split")
"""Events that only people cause."""

Kinds = frozenset[str]


@dataclass(frozen=True, slots=True)
class IncidentAlerts:
    """The alerts of an incident."""

    alerts: tuple[StoredAlert, ...] = ()
    """All alerts, or the first and the newest of many; ordered by start time."""
    count: int = 0
    """The total number of alerts."""

    @property
    def is_complete(self) -> bool:
        """Whether `alerts` holds all of them."""
        return self.count == len(self.alerts)

    def with_added(self, incident: str, more: Iterable[StoredAlert]) -> "IncidentAlerts":
        """Return the alerts after these have joined the incident or were updated in it; `joined` is not updated."""
        by_id = {stored_alert.id: stored_alert for stored_alert in self.alerts}
        count = self.count
        for stored_alert in more:
            joins = stored_alert.incident != incident
            count += joins
            if joins or stored_alert.id in by_id:  # else it is in the middle, which is not kept
                by_id[stored_alert.id] = replace(stored_alert, incident=incident, waiting=False)
        ordered = sorted(by_id.values(), key=lambda stored_alert: (stored_alert.alert.starts_at, stored_alert.id))
        return IncidentAlerts(
            tuple(ordered if count <= 2 * SAMPLE_SIZE else (*ordered[:SAMPLE_SIZE], *ordered[-SAMPLE_SIZE:])), count
        )


@dataclass(frozen=True, slots=True)
class CandidateIncident:
    """An incident that alerts may join."""

    incident: Incident
    alerts: IncidentAlerts
    keys: frozenset[tuple[str, str]]
    """Source and key of waiting alerts that belong to it or may join it."""
    by_hand: bool
    """Whether a person opened, acknowledged, reopened, linked, split or resolved it."""


@dataclass(frozen=True, slots=True)
class GroupingSnapshot:
    """The input of one grouping pass."""

    number: int
    """The number of groupings so far; a write must still find the same number."""
    waiting: tuple[StoredAlert, ...]
    open: tuple[CandidateIncident, ...]
    pairings: Mapping[Kinds, bool]
    windows: tuple[MaintenanceWindow, ...] = ()
    """Maintenance windows that are active or ended recently."""


class IncidentAlertCache:
    """Caches the alerts of incidents while no other process groups alerts."""

    def __init__(self) -> None:
        self._number = -1
        self._by_incident: dict[str, IncidentAlerts] = {}

    def contents_at(self, number: int) -> dict[str, IncidentAlerts]:
        """Return the cached alerts, if the cache is of this grouping number."""
        if number != self._number:
            self._by_incident.clear()
            self._number = number
        return self._by_incident

    def record_changes(self, number: int, added: Mapping[str, Iterable[StoredAlert]], dropped: Iterable[str]) -> None:
        """Update the cache after its owner's own write: add alerts to incidents, and drop those to read again."""
        if number != self._number:
            return
        self._number = number + 1
        for incident_id, new_alerts in added.items():
            if incident_id in self._by_incident:
                self._by_incident[incident_id] = self._by_incident[incident_id].with_added(incident_id, new_alerts)
        for incident_id in dropped:
            self._by_incident.pop(incident_id, None)

    def record_opened(self, incident: str, alerts: Iterable[StoredAlert]) -> None:
        """Cache a new incident with exactly these alerts."""
        self._by_incident[incident] = IncidentAlerts().with_added(incident, alerts)


def take_snapshot(connection: Connection, now: datetime, limit: int, cache: IncidentAlertCache) -> GroupingSnapshot:
    """Return waiting alerts and what they may join."""
    known_number = grouping_number(connection)
    waiting = alerts.waiting(connection, limit)
    if not waiting:
        return GroupingSnapshot(known_number, (), (), {})
    keys = {(stored_alert.alert.source, stored_alert.alert.key) for stored_alert in waiting}
    keys_by_incident = _keys_by_incident(connection, keys, now - RECENT_WINDOW)
    concerned = {stored_alert.incident for stored_alert in waiting if stored_alert.incident} | keys_by_incident.keys()
    incidents = {incident.id: incident for incident in _open_incidents(connection)}
    incidents |= incident_rows.by_id(connection, sorted(concerned - incidents.keys()))
    candidates = _candidates(connection, incidents, keys_by_incident, cache.contents_at(known_number))
    groups = tuple(
        candidate
        for candidate in candidates
        if candidate.incident.id in concerned or _is_recent(candidate.incident, candidate.alerts, now)
    )
    return GroupingSnapshot(
        known_number, waiting, groups, pairings_by_kinds(connection), maintenance.nearby_windows(connection, now)
    )


def open_by_alerts(connection: Connection) -> tuple[CandidateIncident, ...]:
    """Return the newest unresolved incidents opened by alerts, with their alerts."""
    opened = {
        incident.id: incident
        for incident in _open_incidents(connection)
        if incident.source == ALERTS_SOURCE and incident.status == "open"
    }
    return _candidates(connection, opened, {})


def _candidates(
    connection: Connection,
    incidents: Mapping[str, Incident],
    keys_by_incident: Mapping[str, frozenset[tuple[str, str]]],
    cached: dict[str, IncidentAlerts] | None = None,
) -> tuple[CandidateIncident, ...]:
    """Return incidents with their alerts, and whether a person acted on them."""
    held_alerts, touched = alerts_by_incident(connection, incidents, cached), _touched_by_people(connection, incidents)
    return tuple(
        CandidateIncident(
            incident, held_alerts[name], keys_by_incident.get(name, frozenset()), is_manual(incident, touched)
        )
        for name, incident in incidents.items()
    )


def newest_grouped_alerts(connection: Connection, limit: int) -> tuple[StoredAlert, ...]:
    """Return the newest alerts that belong to incidents, newest first."""
    grouped = alert_rows.c.incident.is_not(None), alert_rows.c.waiting.is_(False)
    return alerts.fetch(connection, select(alert_rows).where(*grouped).order_by(alert_rows.c.id.desc()).limit(limit))


def grouping_number(connection: Connection) -> int:
    """Return how often alerts were grouped so far."""
    return sequences.current_value(connection, "grouping")


def alerts_by_incident(
    connection: Connection, names: Iterable[str], cached: dict[str, IncidentAlerts] | None = None
) -> dict[str, IncidentAlerts]:
    """Return the alerts of incidents."""
    cached = {} if cached is None else cached
    names = list(names)
    missing = [name for name in names if name not in cached]
    counts: dict[str, int] = {}
    for chunk in chunk_keys(missing):
        query = select(alert_rows.c.incident, func.count()).where(alert_rows.c.incident.in_(chunk))
        counts.update((name, n) for name, n in connection.execute(query.group_by(alert_rows.c.incident)).all())
    for name in missing:
        cached[name] = _read_alerts(connection, name, counts.get(name, 0)) if name in counts else IncidentAlerts()
    return {name: cached[name] for name in names}


def pairings_by_kinds(connection: Connection) -> dict[Kinds, bool]:
    """Return which kinds of alerts people merged (True) or kept apart (False)."""
    return {frozenset((row.one, row.other)): row.together for row in connection.execute(select(pairings))}


def is_manual(incident: Incident, touched: frozenset[str]) -> bool:
    """Return whether a person acted on it; for a resolved incident, whether a person resolved it."""
    if incident.source != ALERTS_SOURCE or incident.resolution is not None:
        return True
    return incident.status != "resolved" and incident.id in touched


def _read_alerts(connection: Connection, incident_id: str, count: int) -> IncidentAlerts:
    columns = alert_rows.c
    query = select(alert_rows).where(columns.incident == incident_id)
    if count <= 2 * SAMPLE_SIZE:
        rows = list(connection.execute(query.order_by(columns.starts_at, columns.id)))
        return IncidentAlerts(tuple(map(alerts.from_row, rows)), count)
    first = connection.execute(query.order_by(columns.starts_at, columns.id).limit(SAMPLE_SIZE)).all()
    newest = connection.execute(query.order_by(columns.starts_at.desc(), columns.id.desc()).limit(SAMPLE_SIZE)).all()
    return IncidentAlerts(tuple(map(alerts.from_row, [*first, *reversed(newest)])), count)


def _open_incidents(connection: Connection) -> list[Incident]:
    """Return the newest incidents that are not resolved."""
    ids: list[str] = []
    for status in ("open", "acknowledged"):
        query = select(incident_table.c.id).where(incident_table.c.status == status)
        newest = query.order_by(incident_table.c.started_at.desc(), incident_table.c.id.desc()).limit(MAX_OPEN)
        ids += connection.scalars(newest)
    return list(incident_rows.by_id(connection, ids).values())


def _keys_by_incident(
    connection: Connection, names: Iterable[tuple[str, str]], since: datetime
) -> dict[str, frozenset[tuple[str, str]]]:
    """Return incidents, open or resolved after `since`, that have alerts of these sources and keys."""
    keys_by_incident: dict[str, set[tuple[str, str]]] = {}
    columns = alert_rows.c
    # Not joined with incidents: SQLite would start there and read every alert they ever had.
    for source, source_keys in group_by_first(names):
        query = select(columns.incident, columns.key).where(
            columns.source == source, columns.key.in_(source_keys), columns.incident.is_not(None)
        )
        for row in connection.execute(query.distinct()):
            keys_by_incident.setdefault(row.incident, set()).add((source, row.key))
    over = incident_table.c.status == "resolved", incident_table.c.resolved_at < since
    for chunk in chunked(list(keys_by_incident)):
        for name in connection.scalars(select(incident_table.c.id).where(incident_table.c.id.in_(chunk), *over)):
            del keys_by_incident[name]
    return {name: frozenset(alert_keys) for name, alert_keys in keys_by_incident.items()}


def _is_recent(incident: Incident, held_alerts: IncidentAlerts, now: datetime) -> bool:
    last = max((stored_alert.received_at for stored_alert in held_alerts.alerts), default=incident.started_at)
    return max(last, incident.started_at) >= now - RECENT_WINDOW


def _touched_by_people(connection: Connection, incident_ids: Iterable[str]) -> frozenset[str]:
    touched: set[str] = set()
    for chunk in chunk_keys(incident_ids):
        query = select(events.c.incident, events.c.type, events.c.by, events.c.detail).where(
            events.c.incident.in_(chunk), events.c.type.in_((*MANUAL_EVENTS, "reopened", "merged"))
        )
        touched.update(row.incident for row in connection.execute(query) if _is_by_person(row))
    return frozenset(touched)


def _is_by_person(row: Row[Any, Any, Any, Any]) -> bool:
    return row.type in MANUAL_EVENTS or not row.detail.get("by_alerts")
