"""When each source was last heard, and how much of its data is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, FromClause, Table, func, insert, select, update

from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import alerts, change_events, metadata, notes, rejected

WRITE_INTERVAL = timedelta(seconds=10)
"""Each process writes the time of a source at most once in this time."""

senders = Table(
    "senders",
    metadata,
    Column("name", TextType, primary_key=True),
    Column("heard_at", Utc, nullable=False),  # the same message again counts, too: the sender is alive
)


@dataclass(frozen=True, slots=True)
class SetAsideCount:
    """The number of alerts of one purpose, and when the last one came."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """What is stored of one source."""

    heard_at: datetime | None = None
    alerts: int = 0
    notes: int = 0
    changes: int = 0
    rejected: int = 0
    """Parts that could not be read and are not settled."""
    set_aside: Mapping[str, SetAsideCount] = field(default_factory=dict)
    """Alerts outside incidents, by purpose."""


class SourceActivityRepository:
    """Records when sources were heard, in the transaction that stores what they sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_written: dict[str, datetime] = {}

    def mark_heard(self, connection: Connection, names: Iterable[str], now: datetime) -> None:
        """Record that sources sent something, at most every few seconds."""
        for name in set(names):
            before = self._last_written.get(name)
            if before is not None and abs(now - before) < WRITE_INTERVAL:
                continue
            self._last_written[name] = now
            is_sender = senders.c.name == name
            if connection.scalar(select(senders.c.heard_at).where(is_sender)) is None:
                connection.execute(insert(senders).values(name=name, heard_at=now))
            else:
                connection.execute(update(senders).where(is_sender, senders.c.heard_at < now).values(heard_at=now))

    def all(self) -> Mapping[str, SourceActivity]:
        """Return every source ever heard; each count is read from an index."""
        with self._database.read() as connection:
            heard_at = {row.name: row.heard_at for row in connection.execute(select(senders))}
            waiting = select(rejected.c.source, rejected.c.settled_at).where(rejected.c.settled_at.is_(None)).subquery()
            counts = {
                "alerts": _count_by_source(connection, alerts),
                "notes": _count_by_source(connection, notes),
                "changes": _count_by_source(connection, change_events),
                "rejected": _count_by_source(connection, waiting),
            }
            set_aside = _set_aside(connection)
        names = heard_at.keys() | {name for by_name in counts.values() for name in by_name}
        counts_by_name = {name: {kind: counts[kind].get(name, 0) for kind in counts} for name in names}
        return {
            name: SourceActivity(heard_at.get(name), **counts_by_name[name], set_aside=set_aside.get(name, {}))
            for name in names
        }


def _set_aside(connection: Connection) -> Mapping[str, Mapping[str, SetAsideCount]]:
    query = (
        select(alerts.c.source, alerts.c.purpose, func.count(), func.max(alerts.c.received_at))
        .where(alerts.c.purpose.is_not(None))
        .group_by(alerts.c.source, alerts.c.purpose)
    )
    by_source: dict[str, dict[str, SetAsideCount]] = {}
    for source, purpose, count, last_at in connection.execute(query):
        by_source.setdefault(source, {})[purpose] = SetAsideCount(count, last_at)
    return by_source


def _count_by_source(connection: Connection, table: FromClause) -> Mapping[str, int]:
    query = select(table.c.source, func.count()).group_by(table.c.source)
    return {row[0]: row[1] for row in connection.execute(query)}
