"""Deliberate changes such as deployments, and those that came shortly before an incident."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, func, insert, or_, select, update

from onrecall.domain.alert import ChangeEvent
from onrecall.storage import paging, validation
from onrecall.storage.batching import chunked, group_by_first
from onrecall.storage.database import Database
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import change_events, incidents

BODY_FIELDS = ("title", "kind", "environment", "labels", "links")
EMPTY_VALUES: tuple[Any, ...] = (None, "", {}, ())
HOURS_BEFORE = 2.0
"""How long before an incident a change may have been made to be shown beside it."""
MAX_NEARBY = 20
"""The most changes shown beside one incident."""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Filters for listing changes."""

    service: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class ChangeEventRepository:
    """Deliberate changes that sources reported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def near(self, service: str | None, at: datetime, hours: float = HOURS_BEFORE) -> tuple[ChangeEvent, ...]:
        """Return changes of a service (or of no service) in the hours before a time, newest first."""
        columns, until = change_events.c, validation.require_utc(at, "at")
        query = select(change_events).where(columns.at > until - timedelta(hours=hours), columns.at <= until)
        if service is not None:
            query = query.where(or_(columns.service == service, columns.service.is_(None)))
        query = query.order_by(columns.at.desc(), columns.source, columns.key).limit(MAX_NEARBY)
        with self._database.read() as connection:
            return tuple(from_row(row) for row in connection.execute(query))

    def page(
        self,
        service: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[ChangeEvent]:
        """Return changes, newest first."""
        with self._database.read() as connection:
            return page(connection, ChangeFilter(service, since, until), cursor, limit)


def newest_before(connection: Connection, incident_ids: Sequence[str]) -> dict[str, ChangeEvent]:
    """Return the newest change shortly before each incident, of its service or of no service, in two statements."""
    newest: dict[str, Row[Any]] = {}
    for chunk in chunked(list(incident_ids)):
        times = {
            row.id: (row.service, at)
            for row in connection.execute(_select_newest_times().where(incidents.c.id.in_(chunk)))
            if (at := max(filter(None, (row.own, row.general, row.any)), default=None)) is not None
            and at > row.started_at - timedelta(hours=HOURS_BEFORE)
        }
        by_time = _by_time(connection, {at for _, at in times.values()})
        for name, (service, at) in times.items():
            newest[name] = next(row for row in by_time[at] if service is None or row.service in (service, None))
    return {name: from_row(row) for name, row in newest.items()}


@cache
def _select_newest_times() -> Select[Any]:
    """Select for each incident when the newest change up to its start was made, read from the ends of indexes."""
    columns, service = change_events.c, incidents.c.service
    newest = select(func.max(columns.at)).where(columns.at <= incidents.c.started_at)
    return select(
        incidents.c.id,
        incidents.c.started_at,
        service,
        newest.where(columns.service == service).scalar_subquery().label("own"),
        case((service.is_not(None), newest.where(columns.service.is_(None)).scalar_subquery())).label("general"),
        case((service.is_(None), newest.scalar_subquery())).label("any"),
    )


def _by_time(connection: Connection, times: Collection[datetime]) -> dict[datetime, list[Row[Any]]]:
    """Return the changes made at these times, in the order of their sources and keys."""
    columns = change_events.c
    by_time: dict[datetime, list[Row[Any]]] = {at: [] for at in times}
    for row in connection.execute(
        select(change_events).where(columns.at.in_(times)).order_by(columns.source, columns.key)
    ):
        by_time[row.at].append(row)
    return by_time


def to_row(change: ChangeEvent) -> dict[str, Any]:
    """Return the row for a change. Raises Invalid if it can't be stored."""
    for name in ("source", "key", "service"):
        value = getattr(change, name)
        validation.check_key(value, name)
        validation.require_text(value or "", name)
    at = validation.require_utc(change.at, "at")
    body = {
        name: validation.to_storable(value, name)
        for name in BODY_FIELDS
        if (value := getattr(change, name)) not in EMPTY_VALUES
    }
    content = json.dumps([at.isoformat(), change.service, body], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {
        "source": change.source, "key": change.key, "at": at, "service": change.service, "body": body, "hash": digest,
    }  # fmt: skip


def upsert(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Upsert changes; the last row per key wins. Returns for each whether it was news."""
    row_keys = [(row["source"], row["key"]) for row in rows]
    hashes: dict[tuple[str, str], str] = {}
    for source, keys in group_by_first(row_keys):
        query = select(change_events).where(change_events.c.source == source, change_events.c.key.in_(keys))
        hashes.update(((row.source, row.key), row.hash) for row in connection.execute(query))
    stored = set(hashes)
    news, last = [], {}
    for name, row in zip(row_keys, rows, strict=True):
        news.append(hashes.get(name) != row["hash"])
        if news[-1]:
            hashes[name] = row["hash"]
            last[name] = row
    if new := [row for name, row in last.items() if name not in stored]:
        connection.execute(insert(change_events), new)
    if old := [_update_parameters(row) for name, row in last.items() if name in stored]:
        connection.execute(_UPDATE, old)
    return news


_UPDATE = (
    update(change_events)
    .where(change_events.c.source == bindparam("its_source"), change_events.c.key == bindparam("its_key"))
    .values(at=bindparam("at"), service=bindparam("service"), body=bindparam("body"), hash=bindparam("hash"))
)


def _update_parameters(row: dict[str, Any]) -> dict[str, Any]:
    changed = {name: row[name] for name in ("at", "service", "body", "hash")}
    return changed | {"its_source": row["source"], "its_key": row["key"]}


def page(connection: Connection, filters: ChangeFilter, cursor: str | None, limit: int) -> ResultPage[ChangeEvent]:
    """Return a page of changes, newest first."""
    columns = change_events.c
    query = (
        select(change_events)
        .order_by(columns.at.desc(), columns.source, columns.key)
        .limit(paging.check_limit(limit) + 1)
    )
    if filters.service is not None:
        query = query.where(columns.service == validation.require_text(filters.service, "service"))
    if filters.since is not None:
        query = query.where(columns.at >= validation.require_utc(filters.since, "since"))
    if filters.until is not None:
        query = query.where(columns.at < validation.require_utc(filters.until, "until"))
    if cursor is not None:
        query = query.where(_follows(cursor))
    rows = connection.execute(query).all()
    next_cursor = paging.next_cursor(rows, limit, lambda row: (row.at.isoformat(), row.source, row.key))
    return ResultPage(tuple(from_row(row) for row in rows[:limit]), next_cursor)


def _follows(cursor: str) -> ColumnElement[bool]:
    """Return the condition for changes after the one that a cursor names."""
    columns = change_events.c
    at, source, key = paging.decode_cursor(cursor, 3)
    cursor_at = paging.parse_time(at)
    return or_(
        columns.at < cursor_at,
        and_(columns.at == cursor_at, columns.source > source),
        and_(columns.at == cursor_at, columns.source == source, columns.key > key),
    )


def from_row(row: Row[Any]) -> ChangeEvent:
    """Convert a row to a ChangeEvent."""
    body = dict(row.body)
    body["links"] = tuple(body.get("links", ()))
    return ChangeEvent(source=row.source, key=row.key, at=row.at, service=row.service, **body)
