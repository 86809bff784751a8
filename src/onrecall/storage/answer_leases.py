"""Leases: each incident that awaits an answer is leased to one worker; the lease expires if the worker dies.

Acquiring a lease takes the incident off the queue; whatever arrives in the meantime queues it again. An expired lease
is unfinished work, so its incident is due.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from onrecall.domain.recommendation import Recommendation
from onrecall.storage import recommendations, validation
from onrecall.storage.database import Database
from onrecall.storage.incident_rows import EARLIEST, RECENT_WINDOW
from onrecall.storage.tables import incidents

LEASE = timedelta(seconds=10)
"""A lease expires this long after it was last renewed."""


class AnswerLeases:
    """Leases incidents that await an answer to workers. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, worker: str, now: datetime, incident: str | None = None) -> str | None:
        """Lease the incident due longest, or the given one even before it is due. Returns None if none is free."""
        with self._database.read() as connection:
            if _next_due(connection, now, incident) is None:
                return None  # without taking the write lock
        with self._database.write() as connection:
            due_id = _next_due(connection, now, incident)
            if due_id is not None:
                values = {"waiting": False, "claimed_by": worker, "claimed_until": now + LEASE}
                connection.execute(update(incidents).where(incidents.c.id == due_id).values(values))
            return due_id

    def renew(self, worker: str, incident: str, now: datetime) -> bool:
        """Extend a lease and return whether it was still held."""
        with self._database.write() as connection:
            if not _holds(connection, worker, incident):
                return False
            connection.execute(update(incidents).where(incidents.c.id == incident).values(claimed_until=now + LEASE))
            return True

    def complete(
        self,
        worker: str,
        incident: str,
        answer: Recommendation,
        keys: Sequence[str],
        now: datetime,
        pause: timedelta,
    ) -> Recommendation | None:
        """Save the answer and release the lease; next due after `pause`. Returns None if the lease had expired.

        After a degraded answer the incident waits for another one.
        """
        with self._database.write() as connection:
            if not _holds(connection, worker, incident):
                return None
            saved = recommendations.save(connection, answer, keys)
            due = validation.require_utc(now, "now") + pause
            values: dict[str, object] = {"claimed_by": None, "claimed_until": None, "due_at": due}
            if answer.degraded is not None:
                values["waiting"] = True
            connection.execute(update(incidents).where(incidents.c.id == incident).values(values))
            return saved


def _next_due(connection: Connection, now: datetime, incident: str | None) -> str | None:
    free = or_(incidents.c.claimed_until.is_(None), incidents.c.claimed_until <= now)
    if incident is not None:
        return _oldest_matching(connection, and_(incidents.c.id == incident, free))
    due = or_(incidents.c.due_at.is_(None), incidents.c.due_at <= now)
    waiting = and_(incidents.c.waiting, due, free)
    recent = incidents.c.started_at > max(now, EARLIEST + RECENT_WINDOW) - RECENT_WINDOW
    waits = _oldest_matching(connection, and_(waiting, recent)) or _oldest_matching(
        connection, waiting
    )  # old incidents come last
    # Ordered by the partial index on leases: with another order SQLite would scan all incidents.
    ran_out = (
        select(incidents.c.id).where(incidents.c.claimed_until <= now).order_by(incidents.c.claimed_until).limit(1)
    )
    return waits or connection.scalar(ran_out)


def _oldest_matching(connection: Connection, condition: ColumnElement[bool]) -> str | None:
    query = select(incidents.c.id).where(condition).order_by(incidents.c.started_at, incidents.c.id).limit(1)
    return connection.scalar(query)


def _holds(connection: Connection, worker: str, incident: str) -> bool:
    holder = connection.scalar(select(incidents.c.claimed_by).where(incidents.c.id == incident))
    return bool(holder == worker)
