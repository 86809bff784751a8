"""How far each consumer has read the event feed, so that one that is killed continues where it was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Row, Table, insert, select, update

from onrecall.storage import sequences, validation
from onrecall.storage.columns import Number, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

LEASE = timedelta(seconds=10)
"""After this long without a renewal another process may take over."""


cursors = Table(
    "cursors",
    metadata,
    Column("name", TextType, primary_key=True),  # who reads the feed of events
    Column("seq", Number, nullable=False),  # the last event that it is done with
    Column("held_by", TextType),  # the process that reads now
    Column("held_until", Utc),
)


@dataclass(frozen=True, slots=True)
class ConsumerOffsets:
    """Each consumer is leased to one process, so that events are read once. Each method is one transaction."""

    database: Database

    def acquire(self, name: str, holder: str, now: datetime, lease: timedelta = LEASE) -> int | None:
        """Return the event to continue after; None if another process holds the lease. New consumers start at the end.

        The `lease` must be longer than the time between two renewals.
        """
        now = validation.require_utc(now, "now")
        with self.database.read() as connection:
            row = _row(connection, name)
            if row is not None and not _can_acquire(row, holder, now):
                return None
            if row is not None and row.held_by == holder and row.held_until > now + lease / 2:
                return int(row.seq)  # without taking the write lock
        with self.database.write() as connection:
            return _acquire(connection, name, holder, now + lease, now)

    def advance(self, name: str, holder: str, seq: int, now: datetime, lease: timedelta = LEASE) -> bool:
        """Mark events up to `seq` as done. Returns False if another process has taken over."""
        values = {"seq": seq, "held_until": validation.require_utc(now, "now") + lease}
        with self.database.write() as connection:
            is_holder = (cursors.c.name == name) & (cursors.c.held_by == holder)
            return connection.execute(update(cursors).where(is_holder).values(values)).rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Release the lease at once."""
        with self.database.write() as connection:
            is_holder = (cursors.c.name == name) & (cursors.c.held_by == holder)
            connection.execute(update(cursors).where(is_holder).values(held_by=None, held_until=None))


def _acquire(connection: Connection, name: str, holder: str, until: datetime, now: datetime) -> int | None:
    row, lease = _row(connection, name), {"held_by": holder, "held_until": until}
    if row is None:
        seq = sequences.current_value(connection, "event")
        connection.execute(insert(cursors).values(name=name, seq=seq, **lease))
        return seq
    if not _can_acquire(row, holder, now):
        return None
    connection.execute(update(cursors).where(cursors.c.name == name).values(lease))
    return int(row.seq)


def _row(connection: Connection, name: str) -> Row[tuple[str, int, str | None, datetime | None]] | None:
    return connection.execute(select(cursors).where(cursors.c.name == name)).first()


def _can_acquire(row: Row[tuple[str, int, str | None, datetime | None]], holder: str, now: datetime) -> bool:
    return row.held_by in (None, holder) or row.held_until is None or row.held_until <= now
