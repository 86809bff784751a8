"""The snapshot that grouping works from: waiting alerts, open incidents, manual pairings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from onrecall.domain.incident import Incident
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.storage import alerts, incidents, maintenance
from onrecall.storage import sequences as counting
from onrecall.storage.batching import keys, parts, seconds
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import events, pairings
from onrecall.storage.tables import incidents as incident_rows

ALERTS = "alerts"
"""The source of incidents that alerts opened."""
SAMPLE = 200
"""So many of the first and so many of the newest alerts of an incident are looked at."""
MOST = 300
"""The most open incidents that are looked at, the newest."""
RECENT = timedelta(hours=24)
"""An incident that began before this, and whose alerts did, is joined only by an alert that is in it already."""
BY_HAND = ("acknowledged", "linked", "split")
"""What only people do."""

Kinds = frozenset[str]


@dataclass(frozen=True, slots=True)
class IncidentAlerts:
    """What an incident holds of alerts."""

    alerts: tuple[StoredAlert, ...] = ()
    """Its first and its newest alerts, the first to begin first; all of them where they are few."""
    count: int = 0
    """How many it has."""

    @property
    def whole(self) -> bool:
        """Whether these are all."""
        return self.count == len(self.alerts)

    def with_more(self, incident: str, more: Iterable[StoredAlert]) -> "IncidentAlerts":
        """What it holds once these alerts have joined it, or told news of themselves in it; not how they came there."""
        by_id = {stored_alert.id: stored_alert for stored_alert in self.alerts}
        count = self.count
        for stored_alert in more:
            joins = stored_alert.incident != incident
            count += joins
            if joins or stored_alert.id in by_id:  # else it is one of those between the first and the newest, and stays there
                by_id[stored_alert.id] = replace(stored_alert, incident=incident, waiting=False)
        ordered = sorted(by_id.values(), key=lambda stored_alert: (stored_alert.alert.starts_at, stored_alert.id))
        return IncidentAlerts(tuple(ordered if count <= 2 * SAMPLE else (*ordered[:SAMPLE], *ordered[-SAMPLE:])), count)


@dataclass(frozen=True, slots=True)
class CandidateIncident:
    """An incident that alerts may still join."""

    incident: Incident
    held: IncidentAlerts
    keys: frozenset[tuple[str, str]]
    """Source and key of those of its alerts that wait, or that wait to join something."""
    by_hand: bool
    """A person opened, acknowledged, reopened, tied or split it, or said what resolved it."""


@dataclass(frozen=True, slots=True)
class GroupingSnapshot:
    """All that one pass of grouping goes by."""

    number: int
    """How often alerts were grouped before: what is written later must rest on the newest."""
    waiting: tuple[StoredAlert, ...]
    open: tuple[CandidateIncident, ...]
    pairings: Mapping[Kinds, bool]
    windows: tuple[MaintenanceWindow, ...] = ()
    """Maintenance that is on, or was of late."""


class IncidentAlertCache:
    """What incidents hold, kept for as long as nobody groups alerts but who keeps this."""

    def __init__(self) -> None:
        self._number = -1
        self._held: dict[str, IncidentAlerts] = {}

    def at(self, number: int) -> dict[str, IncidentAlerts]:
        """What is known, at this number of groupings."""
        if number != self._number:
            self._held.clear()
            self._number = number
        return self._held

    def moved(self, number: int, added: Mapping[str, Iterable[StoredAlert]], dropped: Iterable[str]) -> None:
        """The owner itself grouped alerts, on top of this number: incidents hold more, or are to be read again."""
        if number != self._number:
            return
        self._number = number + 1
        for incident_id, new_alerts in added.items():
            if incident_id in self._held:
                self._held[incident_id] = self._held[incident_id].with_more(incident_id, new_alerts)
        for incident_id in dropped:
            self._held.pop(incident_id, None)

    def opened(self, incident: str, alerts: Iterable[StoredAlert]) -> None:
        """An incident opened with these alerts, and holds no others."""
        self._held[incident] = IncidentAlerts().with_more(incident, alerts)


def look(connection: Connection, now: datetime, limit: int, cache: IncidentAlertCache) -> GroupingSnapshot:
    """The alerts that wait, and what they may join."""
    known_number = number(connection)
    waiting = alerts.waiting(connection, limit)
    if not waiting:
        return GroupingSnapshot(known_number, (), (), {})
    keys_by_incident = _named(connection, {(stored_alert.alert.source, stored_alert.alert.key) for stored_alert in waiting}, now - RECENT)
    candidates = {incident.id: incident for incident in _open(connection)}
    concerned = {stored_alert.incident for stored_alert in waiting if stored_alert.incident} | keys_by_incident.keys()
    candidates |= incidents.by_id(connection, sorted(concerned - candidates.keys()))
    held_alerts = hold(connection, candidates, cache.at(known_number))
    touched = _touched(connection, candidates)
    groups = tuple(
        CandidateIncident(incident, held_alerts[incident.id], keys_by_incident.get(incident.id, frozenset()), by_hand(incident, touched))
        for incident in candidates.values()
        if incident.id in concerned or _recent(incident, held_alerts[incident.id], now)
    )
    return GroupingSnapshot(known_number, waiting, groups, said(connection), maintenance.near(connection, now))


def open_by_alerts(connection: Connection) -> tuple[CandidateIncident, ...]:
    """The newest incidents that alerts opened and nobody resolved, with what they hold."""
    opened = {incident.id: incident for incident in _open(connection) if incident.source == ALERTS and incident.status == "open"}
    held_alerts, touched = hold(connection, opened), _touched(connection, opened)
    return tuple(CandidateIncident(incident, held_alerts[incident.id], frozenset(), by_hand(incident, touched)) for incident in opened.values())


def before(connection: Connection, limit: int) -> tuple[StoredAlert, ...]:
    """The newest alerts that are in incidents, the newest first."""
    grouped = alert_rows.c.incident.is_not(None), alert_rows.c.waiting.is_(False)
    return alerts.listed(connection, select(alert_rows).where(*grouped).order_by(alert_rows.c.id.desc()).limit(limit))


def number(connection: Connection) -> int:
    """How often alerts were grouped so far."""
    return counting.value(connection, "grouping")


def hold(
    connection: Connection, names: Iterable[str], cached: dict[str, IncidentAlerts] | None = None
) -> dict[str, IncidentAlerts]:
    """What incidents hold."""
    cached = {} if cached is None else cached
    names = list(names)
    missing = [name for name in names if name not in cached]
    counts: dict[str, int] = {}
    for chunk in keys(missing):
        query = select(alert_rows.c.incident, func.count()).where(alert_rows.c.incident.in_(chunk))
        counts.update((name, n) for name, n in connection.execute(query.group_by(alert_rows.c.incident)).all())
    for name in missing:
        cached[name] = _held(connection, name, counts.get(name, 0)) if name in counts else IncidentAlerts()
    return {name: cached[name] for name in names}


def said(connection: Connection) -> dict[Kinds, bool]:
    """Which kinds of alerts people put together, and which they took apart."""
    return {frozenset((row.one, row.other)): row.together for row in connection.execute(select(pairings))}


def by_hand(incident: Incident, touched: frozenset[str]) -> bool:
    """Whether a person had a hand in it; of one that is over: in that it is."""
    if incident.source != ALERTS or incident.resolution is not None:
        return True
    return incident.status != "resolved" and incident.id in touched


def _held(connection: Connection, incident_id: str, count: int) -> IncidentAlerts:
    columns = alert_rows.c
    query = select(alert_rows).where(columns.incident == incident_id)
    if count <= 2 * SAMPLE:
        rows = list(connection.execute(query.order_by(columns.starts_at, columns.id)))
        return IncidentAlerts(tuple(map(alerts.stored, rows)), count)
    first = connection.execute(query.order_by(columns.starts_at, columns.id).limit(SAMPLE)).all()
    newest = connection.execute(query.order_by(columns.starts_at.desc(), columns.id.desc()).limit(SAMPLE)).all()
    return IncidentAlerts(tuple(map(alerts.stored, [*first, *reversed(newest)])), count)


def _open(connection: Connection) -> list[Incident]:
    """The newest incidents that are not resolved."""
    ids: list[str] = []
    for status in ("open", "acknowledged"):
        query = select(incident_rows.c.id).where(incident_rows.c.status == status)
        newest = query.order_by(incident_rows.c.started_at.desc(), incident_rows.c.id.desc()).limit(MOST)
        ids += connection.scalars(newest)
    return list(incidents.by_id(connection, ids).values())


def _named(
    connection: Connection, names: Iterable[tuple[str, str]], since: datetime
) -> dict[str, frozenset[tuple[str, str]]]:
    """Which incidents that are not over, or were not at a time, have alerts of these sources and keys."""
    keys_by_incident: dict[str, set[tuple[str, str]]] = {}
    columns = alert_rows.c
    # Not joined with incidents: SQLite would begin with these, and read every alert that they ever had.
    for source, source_keys in seconds(names):
        query = select(columns.incident, columns.key).where(columns.source == source, columns.key.in_(source_keys), columns.incident.is_not(None))
        for row in connection.execute(query.distinct()):
            keys_by_incident.setdefault(row.incident, set()).add((source, row.key))
    over = incident_rows.c.status == "resolved", incident_rows.c.resolved_at < since
    for chunk in parts(list(keys_by_incident)):
        for name in connection.scalars(select(incident_rows.c.id).where(incident_rows.c.id.in_(chunk), *over)):
            del keys_by_incident[name]
    return {name: frozenset(alert_keys) for name, alert_keys in keys_by_incident.items()}


def _recent(incident: Incident, held_alerts: IncidentAlerts, now: datetime) -> bool:
    last = max((stored_alert.received_at for stored_alert in held_alerts.alerts), default=incident.started_at)
    return max(last, incident.started_at) >= now - RECENT


def _touched(connection: Connection, incident_ids: Iterable[str]) -> frozenset[str]:
    touched: set[str] = set()
    for chunk in keys(incident_ids):
        query = select(events.c.incident, events.c.type, events.c.by, events.c.detail).where(
            events.c.incident.in_(chunk), events.c.type.in_((*BY_HAND, "reopened", "merged"))
        )
        touched.update(row.incident for row in connection.execute(query) if _human(row))
    return frozenset(touched)


def _human(row: Row[Any, Any, Any, Any]) -> bool:
    return row.type in BY_HAND or not row.detail.get("by_alerts")
