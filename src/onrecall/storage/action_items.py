"""Action items of incidents, and the list of them over all incidents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    func,
    insert,
    select,
    tuple_,
    update,
)

from onrecall.domain.action_item import ActionState, TrackedAction, changed_fields
from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.markdown_page import fold_words
from onrecall.storage import events, incident_rows, paging, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import incidents, metadata

MOST_ACTIONS = 200
"""Action items of one incident that people may add."""
MAX_OWNERS = 200
NO_DUE = "9999-99-99"
"""Sorts action items without a due date last."""

action_items = Table(
    "action_items",
    metadata,
    Column("incident", TextType, ForeignKey("incidents.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", TextType, nullable=False),
    Column("owner", TextType),
    Column("due", TextType),  # a day, such as 2026-12-24
    Column("state", TextType, nullable=False),
    Column("url", TextType),
    Column("imported_text", TextType),  # what the postmortem calls it; none: a person added it
    Column("edited", Boolean, nullable=False),
    Column("created_at", Utc),
    Column("created_by", TextType),
    Column("updated_at", Utc),
    Column("updated_by", TextType),
    Column("closed_at", Utc),
    Index("action_items_due", "state", "due"),
)
_DUE_KEY = func.coalesce(action_items.c.due, NO_DUE)


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which action items to list; None and False leave a filter out."""

    state: ActionState | None = None
    overdue_on: date | None = None
    """Only open ones whose due date is before this day."""
    owner: str | None = None
    service: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions for a query over action items and incidents."""
        conditions: list[ColumnElement[bool]] = []
        if self.state is not None:
            conditions.append(action_items.c.state == self.state)
        if self.overdue_on is not None:
            conditions += [action_items.c.state == "open", action_items.c.due < self.overdue_on.isoformat()]
        if self.owner is not None:
            conditions.append(action_items.c.owner == self.owner)
        if self.service is not None:
            conditions.append(incidents.c.service == self.service)
        return conditions


@dataclass(frozen=True, slots=True)
class ListedAction:
    """An action item with what a list over all incidents shows of its incident."""

    action: TrackedAction
    title: str
    service: str | None
    source: str
    """The source of the incident."""


class ActionItems:
    """Adds, changes and lists action items. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: TrackedAction, at: datetime) -> tuple[TrackedAction, bool]:
        """Store an action item under the next number; the second value says whether it was new.

        An open one with the same text on the same incident is returned as it is. Raises NotFound, and Conflict where
        the incident has 200.
        """
        at = validation.require_utc(at, "at")
        new = replace(new, created_at=at)
        _check(new)
        with self._database.write() as connection:
            incident_rows.get(connection, new.incident)
            present = of_incidents(connection, [new.incident])
            for action in present:
                if action.state == "open" and fold_words(action.text) == fold_words(new.text):
                    return action, False
            if len(present) >= MOST_ACTIONS:
                raise Conflict(f"incident {new.incident} has {MOST_ACTIONS} action items, which is the maximum")
            added = replace(new, number=max((action.number for action in present), default=0) + 1)
            connection.execute(insert(action_items).values(to_row(added)))
            detail = {"number": added.number, "text": added.text, "owner": added.owner, "due": _day(added.due)}
            events.add(connection, [NewEvent(added.incident, "action_added", at, added.created_by, detail)], at)
            return added, True

    def change(self, before: TrackedAction, after: TrackedAction, at: datetime, by: str | None) -> bool:
        """Write an edited action item; returns False where it changed meanwhile."""
        at = validation.require_utc(at, "at")
        _check(after)
        with self._database.write() as connection:
            if _get(connection, before.incident, before.number) != before:
                return False
            if after != before:
                write(connection, after)
                event = NewEvent(after.incident, "action_changed", at, by, _edit_detail(before, after))
                events.add(connection, [event], at)
            return True

    def get(self, incident: str, number: int) -> TrackedAction:
        """Return one action item. Raises NotFound."""
        with self._database.read() as connection:
            return _get(connection, incident, number)

    def of_incident(self, incident: str) -> tuple[TrackedAction, ...]:
        """Return the action items of an incident by number. Raises NotFound."""
        with self._database.read() as connection:
            incident_rows.get(connection, incident)
            return of_incidents(connection, [incident])

    def of_incidents(self, names: Iterable[str]) -> tuple[TrackedAction, ...]:
        """Return the action items of these incidents, by incident and number."""
        with self._database.read() as connection:
            return of_incidents(connection, names)

    def page(self, selection: ActionFilter, limit: int = 100, cursor: str | None = None) -> ResultPage[ListedAction]:
        """Return action items of all incidents, those due first at the top, those without a due date last."""
        columns = action_items.c
        place = (_DUE_KEY, columns.incident, columns.number)
        query = _listed().where(*selection.conditions()).order_by(*place).limit(paging.check_limit(limit) + 1)
        if cursor is not None:
            due, incident, number = paging.decode_cursor(cursor, 3)
            after = (due, incident, paging.parse_number(number, paging.MAX_INTEGER))
            query = query.where(tuple_(*place) > after)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        next_cursor = paging.next_cursor(rows, limit, lambda row: (row.due or NO_DUE, row.incident, str(row.number)))
        return ResultPage(tuple(_to_listed(row) for row in rows[:limit]), next_cursor)

    def count(self, selection: ActionFilter) -> int:
        """Return how many action items match."""
        query = select(func.count()).select_from(action_items.join(incidents)).where(*selection.conditions())
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def owners(self) -> tuple[str, ...]:
        """Return the owners of open action items, sorted."""
        columns = action_items.c
        query = select(columns.owner).where(columns.state == "open", columns.owner.is_not(None)).distinct()
        with self._database.read() as connection:
            names = connection.scalars(query.order_by(columns.owner).limit(MAX_OWNERS))
            return tuple(name for name in names if name is not None)


def write(connection: Connection, action: TrackedAction) -> None:
    """Write a stored action item anew."""
    columns = action_items.c
    is_same = (columns.incident == action.incident) & (columns.number == action.number)
    connection.execute(update(action_items).where(is_same).values(to_row(action)))


def _edit_detail(before: TrackedAction, after: TrackedAction) -> dict[str, Any]:
    names = changed_fields(before, after)
    return {
        "number": after.number,
        "text": after.text,
        "fields": list(names),
        "from": {name: _plain(getattr(before, name)) for name in names},
        "to": {name: _plain(getattr(after, name)) for name in names},
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _day(due: date | None) -> str | None:
    return due.isoformat() if due else None


def _check(action: TrackedAction) -> None:
    for name in ("text", "owner", "url", "created_by", "updated_by"):
        validation.require_text(getattr(action, name) or "", name)
    for name in ("owner", "created_by", "updated_by"):
        validation.check_key(getattr(action, name), name)


def to_row(action: TrackedAction) -> dict[str, Any]:
    """Return the row of an action item."""
    row = {column.name: getattr(action, column.name) for column in action_items.columns}
    return row | {"due": _day(action.due)}


def _from_row(row: Row[Any]) -> TrackedAction:
    values = {column.name: getattr(row, column.name) for column in action_items.columns}
    return TrackedAction(**values | {"due": date.fromisoformat(row.due) if row.due else None})


def _get(connection: Connection, incident: str, number: int) -> TrackedAction:
    columns = action_items.c
    query = select(action_items).where(columns.incident == incident, columns.number == number)
    row = connection.execute(query).first() if validation.is_storable(incident) and 0 < number < 2**31 else None
    if row is None:
        raise NotFound(f"incident {incident} has no action item {number}")
    return _from_row(row)


def of_incidents(connection: Connection, names: Iterable[str]) -> tuple[TrackedAction, ...]:
    """Return the action items of incidents, by incident and number."""
    columns = action_items.c
    actions: list[TrackedAction] = []
    for chunk in chunk_keys(names):
        query = select(action_items).where(columns.incident.in_(chunk)).order_by(columns.incident, columns.number)
        actions += [_from_row(row) for row in connection.execute(query)]
    return tuple(actions)


def _listed() -> Select[Any]:
    shown = incidents.c.title.label("incident_title"), incidents.c.service, incidents.c.source
    return select(action_items, *shown).select_from(action_items.join(incidents))


def _to_listed(row: Row[Any]) -> ListedAction:
    return ListedAction(_from_row(row), row.incident_title, row.service, row.source)
