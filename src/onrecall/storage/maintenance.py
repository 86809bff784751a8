"""Maintenance windows, and the alerts that were set aside while one was on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Index, Row, Table, insert, select, update

from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.storage import audit, paging, validation
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import alerts, metadata

RELEASE_WINDOW = timedelta(minutes=1)
"""A window releases alerts for this long after its end: grouping may have set one aside at the last moment."""
LATE_ALERT_WINDOW = timedelta(hours=24)
"""A resolved alert may arrive this long after the window it belongs to."""

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("service", TextType),
    Column("labels", Json, nullable=False),
    Column("reason", TextType, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", TextType),
    Column("ended_by", TextType),
    Column("released", Boolean, nullable=False),  # what it had set aside and still fired was grouped after its end
    Index("maintenance_windows_ends", "ends_at"),
    Index("maintenance_windows_unreleased", "released", "ends_at"),
)


class MaintenanceWindows:
    """Adds, lists and ends windows. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, window: MaintenanceWindow) -> MaintenanceWindow:
        """Store a new window."""
        row = validation.to_storable(window) | {
            name: validation.require_utc(getattr(window, name), name) for name in ("starts_at", "ends_at", "created_at")
        }
        with self._database.write() as connection:
            connection.execute(insert(maintenance_windows).values(_DEFAULTS | row))
            detail = {"scope": window.scope, "starts_at": row["starts_at"].isoformat()}
            audit.add(connection, "maintenance added", window.id, detail | {"ends_at": row["ends_at"].isoformat()})
        return window

    def end(self, window_id: str, now: datetime, by: str | None) -> MaintenanceWindow:
        """End a window now, or cancel one that is still to come. Raises NotFound, and Conflict if it is over."""
        now = validation.require_utc(now, "now")
        with self._database.write() as connection:
            window = _get(connection, window_id)
            if window.state(now) == "over":
                raise Conflict(f"maintenance {window_id} ended at {window.ends_at.isoformat()}")
            ended = replace(window, starts_at=min(window.starts_at, now), ends_at=now, ended_by=by)
            is_window = maintenance_windows.c.id == window_id
            values = {"starts_at": ended.starts_at, "ends_at": now, "ended_by": by}
            connection.execute(update(maintenance_windows).where(is_window).values(values))
            audit.add(connection, "maintenance ended", window_id, {"scope": window.scope})
            return ended

    def get(self, window_id: str) -> MaintenanceWindow:
        """Return one window. Raises NotFound."""
        with self._database.read() as connection:
            return _get(connection, window_id)

    def newest(self, limit: int, since: datetime | None = None) -> tuple[MaintenanceWindow, ...]:
        """Return windows, last to end first, optionally only those that ended after `since`."""
        columns = maintenance_windows.c
        query = (
            select(maintenance_windows).order_by(columns.ends_at.desc(), columns.id).limit(paging.check_limit(limit))
        )
        if since is not None:
            query = query.where(columns.ends_at > since)
        with self._database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def release(self, now: datetime) -> int:
        """Queue alerts that still fire after the window that set them aside; return how many."""
        columns = maintenance_windows.c
        with self._database.read() as connection:
            over = select(columns.id).where(columns.released.is_(False), columns.ends_at <= now)
            ended = list(connection.scalars(over))
        if not ended:
            return 0
        fires = alerts.c.maintenance.in_(ended), alerts.c.status == "firing", alerts.c.incident.is_(None)
        is_settled = columns.id.in_(ended), columns.ends_at <= now - RELEASE_WINDOW
        with self._database.write() as connection:
            released = connection.execute(update(alerts).where(*fires).values(waiting=True, maintenance=None))
            connection.execute(update(maintenance_windows).where(*is_settled).values(released=True))
            return released.rowcount


def nearby_windows(connection: Connection, now: datetime) -> tuple[MaintenanceWindow, ...]:
    """Return windows that alerts received now may belong to, first to start first."""
    columns = maintenance_windows.c
    query = select(maintenance_windows).where(columns.ends_at > now - LATE_ALERT_WINDOW, columns.starts_at <= now)
    return tuple(_from_row(row) for row in connection.execute(query.order_by(columns.starts_at, columns.id)))


_DEFAULTS: Mapping[str, Any] = {
    "service": None, "labels": {}, "reason": "", "created_by": None, "ended_by": None, "released": False,
}  # fmt: skip


def _get(connection: Connection, window_id: str) -> MaintenanceWindow:
    query = select(maintenance_windows).where(maintenance_windows.c.id == window_id)
    row = connection.execute(query).first() if validation.is_storable(window_id) else None
    if row is None:
        raise NotFound(f"there is no maintenance window {window_id}")
    return _from_row(row)


def _from_row(row: Row[Any]) -> MaintenanceWindow:
    fields = {name: value for name, value in row._asdict().items() if name != "released"}
    return MaintenanceWindow(**fields)
