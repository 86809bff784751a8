"""Cursors: how far each reader of the feed of events has come, so that one that is killed goes on where it was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select, update

from onrecall.storage import sequences
from onrecall.storage import validation
from onrecall.storage.database import Database
from onrecall.storage.tables import cursors

LEASE = timedelta(seconds=10)
"""After this without a word from its holder another process may go on."""


@dataclass(frozen=True, slots=True)
class ConsumerOffsets:
    """Each cursor is one process's at a time, or the feed would be read twice. Each method is one transaction."""

    database: Database

    def acquire(self, name: str, holder: str, now: datetime, lease: timedelta = LEASE) -> int | None:
        """Where to go on after; None while another holds it. A new reader begins with what happens next.

        The `lease` has to be longer than what the holder does between two words.
        """
        now = validation.require_utc(now, "now")
        with self.database.read() as connection:
            row = _row(connection, name)
            if row is not None and not _can_acquire(row, holder, now):
                return None
            if row is not None and row.held_by == holder and row.held_until > now + lease / 2:
                return int(row.seq)  # so that looking for news locks nobody out
        with self.database.write() as connection:
            return _acquire(connection, name, holder, now + lease, now)

    def advance(self, name: str, holder: str, seq: int, now: datetime, lease: timedelta = LEASE) -> bool:
        """All up to there is done; False when another has taken over, so that it is his to say."""
        values = {"seq": seq, "held_until": validation.require_utc(now, "now") + lease}
        with self.database.write() as connection:
            is_holder = (cursors.c.name == name) & (cursors.c.held_by == holder)
            return connection.execute(update(cursors).where(is_holder).values(values)).rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Let another go on at once."""
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
