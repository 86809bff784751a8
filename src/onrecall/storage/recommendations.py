"""Recommendations, whole, as they were given; they are never changed afterwards."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, insert, select, update

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Recommendation
from onrecall.storage import events, incidents
from onrecall.storage import sequences as counting
from onrecall.storage import validation as guard
from onrecall.storage.batching import keys
from onrecall.storage.events import NewEvent
from onrecall.storage.tables import citations, recommendations


def save(connection: Connection, given: Recommendation, step_keys: Sequence[str]) -> Recommendation:
    """Keep an answer; one that was given before is not kept twice, and is the newest again."""
    body = guard.plain(given)
    guard.key(given.id, "id")
    if given.incident is not None:
        incidents.one(connection, given.incident)
        incidents.answered(connection, given.incident)
    stored = _body(connection, given.id)
    if stored is None:
        _add(connection, given, body, step_keys)
    elif given.incident is not None and (newest := _standing(connection, given, given.incident)):
        return newest
    else:
        _again(connection, given)
    if given.incident is not None:
        said: dict[str, Any] = {"recommendation": given.id, "verdict": given.verdict}
        if events.all_imported(connection, given.incident):
            said["imported"] = True  # nobody is told of history
        happened = NewEvent(given.incident, "recommended", given.created_at, detail=said)
        events.add(connection, [happened], given.created_at)
    return _reader().validate_python(stored or body)


def one(connection: Connection, name: str) -> Recommendation:
    """The recommendation with this id."""
    body = _body(connection, name) if guard.storable(name) else None
    if body is None:
        raise NotFound(f"there is no recommendation {name}")
    return _reader().validate_python(body)


def newest_first(connection: Connection, incident: str, limit: int | None = None) -> tuple[Recommendation, ...]:
    """The answers to an incident."""
    if not guard.storable(incident):
        return ()
    query = select(recommendations.c.body).where(recommendations.c.incident == incident)
    query = query.order_by(recommendations.c.n.desc()).limit(limit)
    return tuple(_reader().validate_python(body) for body in connection.scalars(query))


def newest(connection: Connection, names: Sequence[str]) -> dict[str, Recommendation]:
    """The last answer to each of these incidents that has one."""
    table = recommendations.c
    found: dict[str, Recommendation] = {}
    for part in keys(names):
        last = select(func.max(table.n)).where(table.incident.in_(part)).group_by(table.incident)
        rows = connection.execute(select(table.incident, table.body).where(table.incident.in_(part), table.n.in_(last)))
        found |= {row.incident: _reader().validate_python(row.body) for row in rows}
    return found


def read(body: object) -> Recommendation:
    """Return the answer that a stored body holds."""
    return _reader().validate_python(body)


def asked_after(connection: Connection, place: int, limit: int) -> tuple[tuple[int, Recommendation], ...]:
    """Answers that belong to no incident, after a place in the order in which answers were given."""
    fitting = recommendations.c.incident.is_(None) & (recommendations.c.n > place)
    query = select(recommendations.c.n, recommendations.c.body).where(fitting)
    rows = connection.execute(query.order_by(recommendations.c.n).limit(limit))
    return tuple((row.n, _reader().validate_python(row.body)) for row in rows)


def cited(recommendation: Recommendation) -> list[str]:
    """What an answer rests on: its best evidence, and all that its steps cite."""
    first = [one.id for one in recommendation.evidence[:1]]
    return list(dict.fromkeys(first + [step.citation.evidence_id for step in recommendation.steps]))


@cache
def _reader() -> TypeAdapter[Recommendation]:
    """What makes the noun of its JSON; to build it takes a while, and many a process never needs it."""
    return TypeAdapter(Recommendation)


def _body(connection: Connection, name: str) -> object:
    return connection.scalar(select(recommendations.c.body).where(recommendations.c.id == name))


def _standing(connection: Connection, given: Recommendation, incident: str) -> Recommendation | None:
    """The newest answer to the incident where it is the given one, or what a model made of it."""
    found = newest_first(connection, incident, 1)
    return next((newest for newest in found if given.id in (newest.id, newest.refines)), None)


def _add(connection: Connection, given: Recommendation, body: object, step_keys: Sequence[str]) -> None:
    connection.execute(
        insert(recommendations).values(
            id=given.id,
            incident=given.incident,
            n=counting.take(connection, "recommendation")[0],
            created_at=given.created_at,
            step_keys=guard.plain(list(step_keys), "step_keys"),
            body=body,
        )
    )
    rows = [{"recommendation": given.id, "evidence": name} for name in cited(given)]
    if rows:
        connection.execute(insert(citations), rows)


def _again(connection: Connection, given: Recommendation) -> None:
    n = counting.take(connection, "recommendation")[0]
    connection.execute(update(recommendations).where(recommendations.c.id == given.id).values(n=n))
