"""Removing incidents with all that is told of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, delete, select, update

from onrecall.storage.batching import parts
from onrecall.storage.passages import Shelf
from onrecall.storage.tables import (
    alerts,
    citations,
    deliveries,
    events,
    incidents,
    judged,
    links,
    notes,
    outcomes,
    performed,
    recommendations,
    resolutions,
    threads,
)

OWNED: tuple[Column[Any], ...] = (
    resolutions.c.incident,
    links.c.incident,
    links.c.target,
    performed.c.occasion,
    events.c.incident,
    judged.c.incident,
    notes.c.incident,
    threads.c.incident,
    deliveries.c.incident,
    recommendations.c.incident,
)
"""Columns by which rows go with their incident, those that others point to last."""


def remove_incidents(connection: Connection, names: Sequence[str]) -> None:
    """Remove incidents; answers that cited one keep the quotes, and alerts that had joined one are grouped anew."""
    shelf = Shelf()
    for name in names:
        shelf.put(("incident", name), ())
    shelf.fill(connection)
    for part in parts(names):
        answers = select(recommendations.c.id).where(recommendations.c.incident.in_(part))
        for column in (citations.c.recommendation, outcomes.c.recommendation):
            connection.execute(delete(column.table).where(column.in_(answers)))
        freed = {"incident": None, "joined": None, "waiting": True}
        connection.execute(update(alerts).where(alerts.c.incident.in_(part)).values(freed))
        for column in OWNED:
            connection.execute(delete(column.table).where(column.in_(part)))
        connection.execute(delete(incidents).where(incidents.c.id.in_(part)))
