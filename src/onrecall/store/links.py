"""Ties between incidents, and since when they are known."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from onrecall.incident import Link
from onrecall.store.parts import keys
from onrecall.store.tables import links


def of(connection: Connection, incidents: Iterable[str], as_of: datetime | None = None) -> dict[str, tuple[Link, ...]]:
    """The links of each incident in the order in which they were tied."""
    found: dict[str, tuple[Link, ...]] = {}
    for part in keys(incidents):
        query = select(links).where(links.c.incident.in_(part)).order_by(links.c.incident, links.c.n)
        if as_of is not None:
            query = query.where(links.c.at <= as_of)
        for row in connection.execute(query):
            found[row.incident] = (*found.get(row.incident, ()), Link(row.kind, row.target))
    return found


def add(connection: Connection, incident: str, new: Sequence[Link], at: datetime) -> tuple[Link, ...]:
    """Tie what is not tied yet; returns the new ties."""
    if not new:
        return ()
    known = of(connection, [incident]).get(incident, ())
    fresh = tuple(link for link in dict.fromkeys(new) if link not in known)
    last = connection.scalar(select(func.max(links.c.n)).where(links.c.incident == incident)) or 0
    if fresh:
        connection.execute(insert(links), rows(incident, fresh, at, int(last)))
    return fresh


def rows(incident: str, fresh: Sequence[Link], at: datetime, last: int = 0) -> list[dict[str, object]]:
    """Ties as they are written, after the last one there is."""
    return [
        {"incident": incident, "kind": link.kind, "target": link.incident, "n": n, "at": at}
        for n, link in enumerate(fresh, start=last + 1)
    ]
