"""Alerts that go on firing long after a person resolved their incident."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from onrecall.storage.batching import chunk_keys
from onrecall.storage.tables import incidents, resolutions

STILL_FIRING_AFTER = timedelta(minutes=30)
"""A report this long after the resolution says that the alert still fires; an earlier one may have been on its way."""


def resolved_by_people(connection: Connection, names: Iterable[str], before: datetime) -> dict[str, datetime]:
    """Return which of these incidents a person resolved at this time or earlier, each with when."""
    by_person = exists().where(
        resolutions.c.incident == incidents.c.id,
        resolutions.c.superseded_at.is_(None),
        resolutions.c.revoked_at.is_(None),
    )
    resolved: dict[str, datetime] = {}
    for chunk in chunk_keys(sorted(set(names))):
        over = incidents.c.id.in_(chunk), incidents.c.status == "resolved", incidents.c.resolved_at <= before
        rows = connection.execute(select(incidents.c.id, incidents.c.resolved_at).where(*over, by_person))
        resolved.update({row.id: row.resolved_at for row in rows})
    return resolved
