"""Heartbeats: when each was last heard and how often it usually comes, so that its absence is noticed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Row, Table, and_, delete, insert, select, update

from onrecall.domain.alert import Alert
from onrecall.domain.errors import NotFound
from onrecall.storage import audit
from onrecall.storage.columns import Json, Number, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

SAME_BEAT = timedelta(seconds=30)
"""Messages within this time are one beat: a pair of servers sends each twice, and senders retry."""
GAP_DECAY = 0.9
"""The longest gap decays by this factor per beat, so that a shorter rhythm is learned as well."""

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("source", TextType, primary_key=True),
    Column("key", TextType, primary_key=True),
    Column("title", TextType, nullable=False),
    Column("service", TextType),
    Column("environment", TextType),
    Column("labels", Json, nullable=False),
    Column("beats", Number, nullable=False),
    Column("last_at", Utc, nullable=False),
    Column("usual_seconds", Number, nullable=False),  # the longest gap of late; 0 while there was none
    Column("ended", Boolean, nullable=False),  # its source said that it is over, which it should never be
    Column("missing_since", Utc),  # when it was heard last before an alert was raised; none: it is there
)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """An alert that always fires while alerting works."""

    source: str
    key: str
    title: str
    service: str | None
    environment: str | None
    labels: dict[str, str]
    beats: int
    last_at: datetime
    usual: timedelta
    """The longest recent gap between two beats; zero if there was none."""
    ended: bool
    """Whether its source said that it is over."""
    missing_since: datetime | None
    """When it was last heard before an alert was raised; None while it is present."""


class Heartbeats:
    """The known heartbeats. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hear(self, alerts: Iterable[Alert], now: datetime) -> None:
        """Record beats, and ends of known heartbeats."""
        with self._database.write() as connection:
            for alert in alerts:
                _record_beat(connection, alert, now)

    def all(self) -> tuple[Heartbeat, ...]:
        """Return every heartbeat, by source and key."""
        with self._database.read() as connection:
            rows = connection.execute(select(heartbeats).order_by(heartbeats.c.source, heartbeats.c.key))
            return tuple(_from_row(row) for row in rows)

    def mark_missing(self, heartbeat: Heartbeat) -> None:
        """Record that an alert was raised for it."""
        self._mark(heartbeat, heartbeat.last_at)

    def mark_back(self, heartbeat: Heartbeat) -> None:
        """Record that it is back."""
        self._mark(heartbeat, None)

    def forget(self, source: str, key: str) -> Heartbeat:
        """Stop expecting a heartbeat until it is heard again, and return it. Raises NotFound."""
        with self._database.write() as connection:
            row = connection.execute(select(heartbeats).where(_matches(source, key))).first()
            if row is None:
                raise NotFound(f"there is no heartbeat {key} of {source}")
            connection.execute(delete(heartbeats).where(_matches(source, key)))
            audit.add(connection, "heartbeat forgotten", key, {"source": source, "title": row.title})
            return _from_row(row)

    def _mark(self, heartbeat: Heartbeat, missing_since: datetime | None) -> None:
        with self._database.write() as connection:
            statement = update(heartbeats).where(_matches(heartbeat.source, heartbeat.key))
            connection.execute(statement.values(missing_since=missing_since))


def _record_beat(connection: Connection, alert: Alert, now: datetime) -> None:
    is_heartbeat = _matches(alert.source, alert.key)
    row = connection.execute(select(heartbeats).where(is_heartbeat)).first()
    description = {"title": alert.title, "service": alert.service, "environment": alert.environment}
    description["labels"] = dict(alert.labels)  # type: ignore[assignment]
    if row is None:
        if alert.status == "firing":
            first = {"source": alert.source, "key": alert.key, "beats": 1, "last_at": now, "usual_seconds": 0}
            connection.execute(insert(heartbeats).values(description | first | {"ended": False, "missing_since": None}))
    elif alert.status == "resolved":
        connection.execute(update(heartbeats).where(is_heartbeat).values(ended=True))
    else:
        connection.execute(update(heartbeats).where(is_heartbeat).values(description | _next_beat(row, now)))


def _next_beat(row: Row[Any], now: datetime) -> dict[str, Any]:
    gap = now - row.last_at
    values = {"last_at": max(now, row.last_at), "ended": False}
    if gap < SAME_BEAT:
        return values
    absent = row.ended or row.missing_since is not None  # its absence says nothing about its rhythm
    usual = row.usual_seconds if absent else max(int(gap.total_seconds()), int(row.usual_seconds * GAP_DECAY))
    return values | {"beats": row.beats + 1, "usual_seconds": usual}


def _matches(source: str, key: str) -> Any:
    return and_(heartbeats.c.source == source, heartbeats.c.key == key)


def _from_row(row: Row[Any]) -> Heartbeat:
    fields = {name: value for name, value in row._asdict().items() if name != "usual_seconds"}
    return Heartbeat(**fields, usual=timedelta(seconds=row.usual_seconds))
