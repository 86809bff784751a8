"""Packed facts about the incidents of each UTC day, from which recurrences are counted, and which days changed since.

Triggers mark the day of an incident whenever the incident, its resolution or its links are written.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Integer, Row, Table, delete, func, insert, or_, select

from onrecall.storage.batching import chunked
from onrecall.storage.columns import BytesType, Number, TextType
from onrecall.storage.database import Database
from onrecall.storage.tables import incidents, links, metadata, resolutions

CONFIRMED = ("human", "imported")
DAYS_AT_ONCE = 50


recurrence_days = Table(
    "recurrence_days",
    metadata,
    Column("day", TextType, primary_key=True),
    Column("rules", Integer, nullable=False),
    Column("incidents", Integer, nullable=False),
    Column("facts", BytesType, nullable=False),
    Column("links", BytesType, nullable=False),
    Column("ids", TextType, nullable=False),
    Column("texts", TextType, nullable=False),
)

recurrence_changes = Table(
    "recurrence_changes",
    metadata,
    Column("day", TextType, primary_key=True),
    Column("token", Number, nullable=False),  # another one after each change
)


@dataclass(frozen=True, slots=True)
class StoredDay:
    """The packed facts of one day."""

    day: str
    incidents: int
    facts: bytes
    links: bytes
    ids: str
    """JSON."""
    texts: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class DayIncident:
    """An incident as far as recurrences need it, with its resolution if that is confirmed."""

    id: str
    title: str
    description: str
    service: str | None
    started_at: datetime
    resolved_at: datetime | None
    status: str
    cause: str | None
    root_cause: str | None
    links: tuple[tuple[str, str], ...]
    """Kind and target."""


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day whose facts are out of date."""

    day: str
    token: int
    """Of the last change that is contained in what was read."""
    incidents: tuple[DayIncident, ...]


@dataclass(frozen=True, slots=True)
class RecurrenceSnapshot:
    """All packed days at one moment, and what changed since they were packed."""

    days: tuple[StoredDay, ...]
    """Without those in `changed`."""
    changed: tuple[ChangedDay, ...]
    waiting: int
    """Incidents on further days that changed: they are not read, and their packed facts may be out of date."""


class RecurrenceDays:
    """The packed days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def snapshot(self, rules: int, most: int) -> RecurrenceSnapshot:
        """Return all days, with at most so many incidents read from days that changed, newest days first."""
        with self._database.read() as connection:
            fresh, waiting = _choose_days(connection, rules, most)
            changed = _read_days(connection, fresh)
            query = select(recurrence_days).order_by(recurrence_days.c.day)
            days = tuple(_to_day(row) for row in connection.execute(query) if row.day not in fresh)
        return RecurrenceSnapshot(days, changed, waiting)

    def waiting(self, rules: int, most: int) -> int:
        """Return how many incidents a snapshot with that limit would leave out; reads no incident."""
        with self._database.read() as connection:
            _, waiting = _choose_days(connection, rules, most)
        return waiting

    def changed(self, rules: int, most: int) -> tuple[ChangedDay, ...]:
        """Return days that changed, newest first: at least one if any did, and not many more incidents than `most`."""
        with self._database.read() as connection:
            return _read_days(connection, _next_days(connection, rules, most))

    def save(self, days: Iterable[tuple[int, StoredDay]], rules: int) -> None:
        """Save packed days, each with the token of the change it contains; a day that changed again stays marked."""
        with self._database.write() as connection:
            pending = dict(_changed_days(connection, rules))
            for token, day in days:
                if day.day not in pending:  # another worker packed a later state of it
                    continue
                connection.execute(delete(recurrence_days).where(recurrence_days.c.day == day.day))
                if day.incidents:
                    connection.execute(insert(recurrence_days).values(rules=rules, **_to_row(day)))
                same_change = (recurrence_changes.c.day == day.day, recurrence_changes.c.token == token)
                connection.execute(delete(recurrence_changes).where(*same_change))


def remove_changed(connection: Connection) -> None:
    """Remove the packed facts of all days that changed; they are packed anew."""
    changed = select(recurrence_changes.c.day)
    connection.execute(delete(recurrence_days).where(recurrence_days.c.day.in_(changed)))


def _changed_days(connection: Connection, rules: int) -> list[tuple[str, int]]:
    """Return the days to pack with the token of their last change, newest day first; 0: packed by other rules."""
    outdated = select(recurrence_days.c.day).where(recurrence_days.c.rules != rules)
    tokens = dict.fromkeys(connection.scalars(outdated), 0)
    tokens |= {row.day: row.token for row in connection.execute(select(recurrence_changes))}
    return sorted(tokens.items(), reverse=True)


def _count_changed(connection: Connection, rules: int) -> Iterator[tuple[str, int, int]]:
    """Yield the days to pack, newest first, each with the token of its last change and its number of incidents."""
    for days in chunked(_changed_days(connection, rules), DAYS_AT_ONCE):
        counts = _count_incidents(connection, [day for day, _ in days])
        for (day, token), count in zip(days, counts, strict=True):
            yield day, token, count


def _choose_days(connection: Connection, rules: int, most: int) -> tuple[dict[str, int], int]:
    """Return the tokens of days with at most so many incidents, and how many incidents the other changed days have."""
    chosen: dict[str, int] = {}
    left, waiting = most, 0
    for day, token, count in _count_changed(connection, rules):
        if count <= left:
            chosen[day] = token
            left -= count
        else:
            waiting += count
    return chosen, waiting


def _next_days(connection: Connection, rules: int, most: int) -> dict[str, int]:
    """Return the tokens of the newest changed days with about so many incidents; further days are not even counted."""
    chosen: dict[str, int] = {}
    for day, token, count in _count_changed(connection, rules):
        if chosen and count > most:
            break
        chosen[day] = token
        most -= count
    return chosen


def _read_days(connection: Connection, tokens: Mapping[str, int]) -> tuple[ChangedDay, ...]:
    by_day: dict[str, list[DayIncident]] = {day: [] for day in tokens}
    for days in chunked(tokens, DAYS_AT_ONCE):
        for incident in _incidents_of(connection, days):
            by_day[incident.started_at.date().isoformat()].append(incident)
    return tuple(ChangedDay(day, tokens[day], tuple(of_day)) for day, of_day in by_day.items())


def _began_on(days: Iterable[str]) -> ColumnElement[bool]:
    started = incidents.c.started_at
    firsts = [date.fromisoformat(day) for day in days]
    return or_(
        *(started.between(datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)) for day in firsts)
    )


def _count_incidents(connection: Connection, days: Sequence[str]) -> Sequence[int]:
    """Return the number of incidents of each day, all in one statement."""
    counts = [select(func.count()).select_from(incidents).where(_began_on([day])).scalar_subquery() for day in days]
    return tuple(connection.execute(select(*counts)).one())


def _incidents_of(connection: Connection, days: Sequence[str]) -> Iterator[DayIncident]:
    columns = incidents.c
    fields = (
        columns.id, columns.title, columns.description, columns.service,
        columns.started_at, columns.resolved_at, columns.status,
    )  # fmt: skip
    causes = _causes_of(connection, days)
    links_by_incident = _links_of(connection, days)
    for row in connection.execute(select(*fields).where(_began_on(days))):
        cause, root_cause = causes.get(row.id, (None, None))
        yield DayIncident(*row, cause=cause, root_cause=root_cause, links=links_by_incident.get(row.id, ()))


def _causes_of(connection: Connection, days: Sequence[str]) -> dict[str, tuple[str | None, str]]:
    """Return label and root cause of each incident whose newest valid resolution is confirmed."""
    columns = resolutions.c
    query = (
        select(columns.incident, columns.provenance, columns.cause, columns.root_cause)
        .join(incidents, incidents.c.id == columns.incident)
        .where(_began_on(days), columns.superseded_at.is_(None), columns.revoked_at.is_(None))
        .order_by(columns.version)
    )
    newest = {row.incident: row for row in connection.execute(query)}
    return {name: (row.cause, row.root_cause) for name, row in newest.items() if row.provenance in CONFIRMED}


def _links_of(connection: Connection, days: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    columns = links.c
    query = (
        select(columns.incident, columns.kind, columns.target)
        .join(incidents, incidents.c.id == columns.incident)
        .where(_began_on(days), columns.revoked_at.is_(None))
        .order_by(columns.incident, columns.n)
    )
    by_incident = groupby(connection.execute(query), key=lambda row: row.incident)
    return {incident: tuple((row.kind, row.target) for row in rows) for incident, rows in by_incident}


def _to_day(row: Row[Any]) -> StoredDay:
    return StoredDay(row.day, row.incidents, row.facts, row.links, row.ids, row.texts)


def _to_row(day: StoredDay) -> dict[str, object]:
    return {
        "day": day.day,
        "incidents": day.incidents,
        "facts": day.facts,
        "links": day.links,
        "ids": day.ids,
        "texts": day.texts,
    }
