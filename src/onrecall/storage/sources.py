"""When each sender was heard last, and how much of what it sent is here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, FromClause, Table, func, insert, select, update

from onrecall.storage.columns import Utc, Words
from onrecall.storage.database import Database
from onrecall.storage.tables import alerts, change_events, metadata, notes, rejected

KEPT_EVERY = timedelta(seconds=10)
"""A sender that sends a thousand times a second is written once in this time by each process."""

senders = Table(
    "senders",
    metadata,
    Column("name", Words, primary_key=True),
    Column("heard_at", Utc, nullable=False),  # the same message again counts, too: the sender is alive
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one sender."""

    heard_at: datetime | None = None
    alerts: int = 0
    notes: int = 0
    changes: int = 0
    rejected: int = 0
    """Parts that could not be read, and are not in yet."""


class Senders:
    """When senders were heard, kept in the transaction that takes in what they sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[str, datetime] = {}

    def heard(self, connection: Connection, names: Iterable[str], now: datetime) -> None:
        """They sent something now; written only where that is news."""
        for name in set(names):
            before = self._kept.get(name)
            if before is not None and abs(now - before) < KEPT_EVERY:
                continue
            self._kept[name] = now
            its = senders.c.name == name
            if connection.scalar(select(senders.c.heard_at).where(its)) is None:
                connection.execute(insert(senders).values(name=name, heard_at=now))
            else:
                connection.execute(update(senders).where(its, senders.c.heard_at < now).values(heard_at=now))

    def all(self) -> Mapping[str, Heard]:
        """Every sender that was ever heard; each count is read from an index."""
        with self._database.read() as connection:
            heard = {row.name: row.heard_at for row in connection.execute(select(senders))}
            told = [_counted(connection, table) for table in (alerts, notes, change_events)]
            waiting = select(rejected.c.source, rejected.c.settled_at).where(rejected.c.settled_at.is_(None)).subquery()
            told.append(_counted(connection, waiting))
        names = heard.keys() | {name for counts in told for name in counts}
        return {name: Heard(heard.get(name), *(counts.get(name, 0) for counts in told)) for name in names}


def _counted(connection: Connection, table: FromClause) -> Mapping[str, int]:
    query = select(table.c.source, func.count()).group_by(table.c.source)
    return {row[0]: row[1] for row in connection.execute(query)}
