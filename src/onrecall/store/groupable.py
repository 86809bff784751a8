"""Incidents that alerts may still join, and as much of their alerts as it takes to tell."""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from onrecall.store import alerts, incidents
from onrecall.store.inbound import Groupable, StoredAlert
from onrecall.store.parts import parts
from onrecall.store.tables import alerts as rows
from onrecall.store.tables import events
from onrecall.store.tables import incidents as table

SAMPLE = 200
"""The most alerts that are looked at of one incident."""
BY_HAND = ("acknowledged", "resolved", "reopened")


def found(connection: Connection, since: datetime) -> tuple[Groupable, ...]:
    """Those that are not resolved, or were resolved after a time; the first to start first."""
    query = (
        select(table.c.id, table.c.quiet_since)
        .where(or_(table.c.status != "resolved", table.c.resolved_at >= since))
        .order_by(table.c.started_at, table.c.id)
    )
    quiet = {row.id: row.quiet_since for row in connection.execute(query)}
    known = incidents.by_id(connection, quiet)
    touched = _touched(connection, list(quiet))
    with_alerts = _with_alerts(connection, list(quiet))
    groups = []
    for name, quiet_since in quiet.items():
        some: tuple[StoredAlert, ...] = alerts.of(connection, name, SAMPLE) if name in with_alerts else ()
        keys = alerts.keys_of(connection, name) if len(some) == SAMPLE else None
        groups.append(
            Groupable(
                incident=known[name],
                quiet_since=quiet_since,
                last_at=max((one.alert.starts_at for one in some), default=known[name].started_at),
                alerts=some,
                keys=keys or frozenset((one.alert.source, one.alert.key) for one in some),
                by_hand=name in touched or not some,
            )
        )
    return tuple(groups)


def _touched(connection: Connection, names: list[str]) -> set[str]:
    """Incidents that a person did something with."""
    touched: set[str] = set()
    for part in parts(names):
        query = select(events.c.incident).where(events.c.incident.in_(part), events.c.type.in_(BY_HAND)).distinct()
        touched.update(connection.scalars(query))
    return touched


def _with_alerts(connection: Connection, names: list[str]) -> set[str]:
    with_alerts: set[str] = set()
    for part in parts(names):
        with_alerts.update(connection.scalars(select(rows.c.incident).where(rows.c.incident.in_(part)).distinct()))
    return with_alerts
