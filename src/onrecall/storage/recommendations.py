"""Recommendations as they were given; they are never changed afterwards."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, exists, func, insert, select, update

from onrecall.domain.errors import NotFound
from onrecall.domain.recommendation import Recommendation
from onrecall.storage import events, incident_rows, sequences, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.tables import citations, recommendations


class RecommendationRepository:
    """The answers to incidents and to stored questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, recommendation: Recommendation, step_keys: Sequence[str]) -> Recommendation:
        """Save an answer; if it was given before, the stored one is returned and becomes the newest."""
        with self._database.write() as connection:
            return save(connection, recommendation, step_keys)

    def get(self, recommendation_id: str) -> Recommendation:
        """Return a recommendation as it was given. Raises NotFound."""
        with self._database.read() as connection:
            return get(connection, recommendation_id)

    def newest(self, incident: str) -> Recommendation | None:
        """Return the newest answer to an incident, if there is one."""
        with self._database.read() as connection:
            return next(iter(newest_first(connection, incident, 1)), None)

    def has_any(self, incident: str) -> bool:
        """Return whether there is an answer to an incident."""
        if not validation.is_storable(incident):
            return False
        with self._database.read() as connection:
            return bool(connection.scalar(select(exists().where(recommendations.c.incident == incident))))

    def of_incident(self, incident: str) -> tuple[Recommendation, ...]:
        """Return all answers to an incident, newest first."""
        with self._database.read() as connection:
            return newest_first(connection, incident)

    def first_of_incidents(self, incidents: Iterable[str]) -> dict[str, Recommendation]:
        """Return by incident the answer that was given first; those without an answer are absent."""
        with self._database.read() as connection:
            return first_answers(connection, incidents)


def save(connection: Connection, answer: Recommendation, step_keys: Sequence[str]) -> Recommendation:
    """Save an answer; one given before is not stored twice but becomes the newest again."""
    body = validation.to_storable(answer)
    validation.check_key(answer.id, "id")
    if answer.incident is not None:
        incident_rows.get(connection, answer.incident)
        incident_rows.mark_answered(connection, answer.incident)
    stored = _body(connection, answer.id)
    if stored is None:
        _add(connection, answer, body, step_keys)
    elif answer.incident is not None and (newest := _current_answer(connection, answer, answer.incident)):
        return newest
    else:
        _move_to_newest(connection, answer)
    if answer.incident is not None:
        detail: dict[str, Any] = {"recommendation": answer.id, "verdict": answer.verdict}
        if events.all_imported(connection, answer.incident):
            detail["imported"] = True  # nobody is notified of imported history
        event = NewEvent(answer.incident, "recommended", answer.created_at, detail=detail)
        events.add(connection, [event], answer.created_at)
    return _adapter().validate_python(stored or body)


def get(connection: Connection, name: str) -> Recommendation:
    """Return a recommendation. Raises NotFound."""
    body = _body(connection, name) if validation.is_storable(name) else None
    if body is None:
        raise NotFound(f"there is no recommendation {name}")
    return _adapter().validate_python(body)


def newest_first(connection: Connection, incident: str, limit: int | None = None) -> tuple[Recommendation, ...]:
    """Return the answers to an incident, newest first."""
    if not validation.is_storable(incident):
        return ()
    query = select(recommendations.c.body).where(recommendations.c.incident == incident)
    query = query.order_by(recommendations.c.n.desc()).limit(limit)
    return tuple(_adapter().validate_python(body) for body in connection.scalars(query))


def newest_answers(connection: Connection, incident_ids: Sequence[str]) -> dict[str, Recommendation]:
    """Return the newest answer to each incident that has one."""
    columns = recommendations.c
    newest_by_incident: dict[str, Recommendation] = {}
    for chunk in chunk_keys(incident_ids):
        last = select(func.max(columns.n)).where(columns.incident.in_(chunk)).group_by(columns.incident)
        rows = connection.execute(
            select(columns.incident, columns.body).where(columns.incident.in_(chunk), columns.n.in_(last))
        )
        newest_by_incident |= {row.incident: _adapter().validate_python(row.body) for row in rows}
    return newest_by_incident


def first_answers(connection: Connection, incident_ids: Iterable[str]) -> dict[str, Recommendation]:
    """Return the first answer to each incident that has one; only of these the bodies are read."""
    columns = recommendations.c
    first_by_incident: dict[str, Recommendation] = {}
    for chunk in chunk_keys(incident_ids):
        latest_first = select(columns.incident, columns.id).where(columns.incident.in_(chunk))
        latest_first = latest_first.order_by(columns.created_at.desc(), columns.n)  # the last row of each counts
        first = {row.incident: row.id for row in connection.execute(latest_first)}
        rows = connection.execute(select(columns.incident, columns.body).where(columns.id.in_(first.values())))
        first_by_incident |= {row.incident: parse(row.body) for row in rows}
    return first_by_incident


def parse(body: object) -> Recommendation:
    """Return the answer of a stored body."""
    return _adapter().validate_python(body)


def asked_after(connection: Connection, after: int, limit: int) -> tuple[tuple[int, Recommendation], ...]:
    """Return answers without an incident, after a position in the order of answers."""
    fitting = recommendations.c.incident.is_(None) & (recommendations.c.n > after)
    query = select(recommendations.c.n, recommendations.c.body).where(fitting)
    rows = connection.execute(query.order_by(recommendations.c.n).limit(limit))
    return tuple((row.n, _adapter().validate_python(row.body)) for row in rows)


def cited_ids(recommendation: Recommendation) -> list[str]:
    """Return the ids an answer rests on: its best evidence and all that its steps cite."""
    first = [item.id for item in recommendation.evidence[:1]]
    return list(dict.fromkeys(first + [step.citation.evidence_id for step in recommendation.steps]))


@cache
def _adapter() -> TypeAdapter[Recommendation]:
    """Return the validator for stored bodies; building it is slow, and many processes never need it."""
    return TypeAdapter(Recommendation)


def _body(connection: Connection, name: str) -> object:
    return connection.scalar(select(recommendations.c.body).where(recommendations.c.id == name))


def _current_answer(connection: Connection, answer: Recommendation, incident: str) -> Recommendation | None:
    """Return the newest answer to the incident if it is this one or a model's refinement of it."""
    candidates = newest_first(connection, incident, 1)
    return next((newest for newest in candidates if answer.id in (newest.id, newest.refines)), None)


def _add(connection: Connection, answer: Recommendation, body: object, step_keys: Sequence[str]) -> None:
    connection.execute(
        insert(recommendations).values(
            id=answer.id,
            incident=answer.incident,
            n=sequences.allocate(connection, "recommendation")[0],
            created_at=answer.created_at,
            step_keys=validation.to_storable(list(step_keys), "step_keys"),
            body=body,
        )
    )
    rows = [{"recommendation": answer.id, "evidence": name} for name in cited_ids(answer)]
    if rows:
        connection.execute(insert(citations), rows)


def _move_to_newest(connection: Connection, answer: Recommendation) -> None:
    n = sequences.allocate(connection, "recommendation")[0]
    connection.execute(update(recommendations).where(recommendations.c.id == answer.id).values(n=n))
