"""Links between incidents, and since when they are known."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, text, update

from onrecall.domain.incident import IncidentLink
from onrecall.storage.batching import bind_names
from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS
from onrecall.storage.step_executions import valid_condition
from onrecall.storage.tables import links


def by_incident(
    connection: Connection, incidents: Iterable[str], as_of: datetime | None = None
) -> dict[str, tuple[IncidentLink, ...]]:
    """Return the links of each incident in the order they were added."""
    values = bind_names(connection, incidents)
    if not values:
        return {}
    links_by_incident: dict[str, tuple[IncidentLink, ...]] = {}
    query = _select_by_incidents(connection.dialect.name, dated=as_of is not None)
    for row in connection.execute(query, values if as_of is None else values | {"as_of": as_of}):
        links_by_incident[row.incident] = (*links_by_incident.get(row.incident, ()), IncidentLink(row.kind, row.target))
    return links_by_incident


@cache
def _select_by_incidents(dialect: str, *, dated: bool) -> Select[Any]:
    """Built once per dialect, because retrieval waits for it."""
    query = select(links.c.incident, links.c.kind, links.c.target).order_by(links.c.incident, links.c.n)
    then = bindparam("as_of", type_=Utc()) if dated else None
    return query.where(
        text(BACKENDS[dialect].in_names("links.incident")), valid_condition(links.c.at, links.c.revoked_at, then)
    )


def add(
    connection: Connection, incident: str, new: Sequence[IncidentLink], at: datetime, told_in: str | None = None
) -> tuple[IncidentLink, ...]:
    """Add missing links and return them. A link added by itself stays, whatever reported it before."""
    if not new:
        return ()
    existing = by_incident(connection, [incident]).get(incident, ())
    for link in new:
        same_link = (links.c.incident == incident, links.c.kind == link.kind, links.c.target == link.incident)
        connection.execute(delete(links).where(*same_link, links.c.revoked_at.is_not(None)))
        if told_in is None:
            connection.execute(update(links).where(*same_link).values(told_in=None))
    fresh = tuple(link for link in dict.fromkeys(new) if link not in existing)
    last = connection.scalar(select(func.max(links.c.n)).where(links.c.incident == incident)) or 0
    if fresh:
        connection.execute(insert(links), to_rows(incident, fresh, at, int(last), told_in))
    return fresh


def withdraw(connection: Connection, incident: str, at: datetime) -> None:
    """Revoke the links that an incident's resolution reported."""
    connection.execute(
        update(links)
        .where(links.c.incident == incident, links.c.told_in.is_not(None), links.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def to_rows(
    incident: str, fresh: Sequence[IncidentLink], at: datetime, last: int = 0, told_in: str | None = None
) -> list[dict[str, object]]:
    """Return the rows of new links, numbered after the last one."""
    return [
        {"incident": incident, "kind": link.kind, "target": link.incident, "n": n, "at": at, "told_in": told_in}
        for n, link in enumerate(fresh, start=last + 1)
    ]
