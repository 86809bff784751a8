"""Services: how many incidents each has, and what is on record about one. Every read has a limit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, and_, case, func, literal, null, or_, select, union_all

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.document import DocumentKind
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.storage import change_events, incident_rows, paging, validation
from onrecall.storage.database import Database
from onrecall.storage.incident_rows import IncidentFilter
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import alerts, documents
from onrecall.storage.tables import incidents as incident_table

UNRESOLVED_SHOWN = 50
CHANGES_SHOWN = 10
RUNBOOKS_SHOWN = 20
SOURCES_SHOWN = 50
INCIDENTS_COUNTED = 1000
"""The most incidents of one service that its hours are counted over."""
_IS_UNRESOLVED = case((incident_table.c.status != "resolved", 1), else_=0)
"""1 for an incident that is open or acknowledged, to be summed up."""


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """How many incidents a service has."""

    name: str
    unresolved: int
    incidents: int
    last_started_at: datetime | None
    """When the newest of them began; None: it has none, and only documents name it."""


@dataclass(frozen=True, slots=True)
class DocumentTitle:
    """A document without its text."""

    id: str
    title: str
    kind: DocumentKind


@dataclass(frozen=True, slots=True)
class AlertSourceCount:
    """How many alerts about a service one source sent."""

    source: str
    alerts: int
    firing: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """What is on record about one service, newest first."""

    count: ServiceCount
    unresolved: tuple[Incident, ...]
    counted: tuple[Incident, ...]
    """Incidents that began in the period, at most 1,000."""
    is_complete: bool
    """Whether `counted` holds all incidents of the period."""
    documents: tuple[DocumentTitle, ...]
    changes: tuple[ChangeEvent, ...]
    alert_sources: tuple[AlertSourceCount, ...]


class ServiceRepository:
    """Reads over services. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, q: str | None, cursor: str | None, limit: int) -> ResultPage[ServiceCount]:
        """Return services that incidents or documents name: most unresolved first, then most incidents, then by name.

        `q` is a part of the name, in any case. Raises Invalid for a cursor of another list.
        """
        query = _ordered(_counts(q), cursor).limit(paging.check_limit(limit) + 1)
        with self._database.read() as connection:
            counts = [ServiceCount(*row) for row in connection.execute(query)]
        return ResultPage(tuple(counts[:limit]), paging.next_cursor(counts, limit, _position))

    def record(self, name: str, since: datetime, alerts_since: datetime) -> ServiceRecord | None:
        """Return what is on record about a service, or None where nothing names it.

        Args:
            name: The name as incidents, alerts, changes and documents have it.
            since: Incidents that began then or later are counted.
            alerts_since: Alerts that began then or later are counted.
        """
        service = validation.require_text(name, "name")
        with self._database.read() as connection:
            count = _count(connection, service)
            sources = _alert_sources(connection, service, validation.require_utc(alerts_since, "alerts_since"))
            changes = change_events.page(connection, change_events.ChangeFilter(service), None, CHANGES_SHOWN).items
            titles = _documents(connection, service)
            if not (count.incidents or sources or changes or titles):
                return None
            counted = incident_rows.page(
                connection, IncidentFilter(service=service, since=since), None, INCIDENTS_COUNTED
            )
            unresolved = IncidentFilter("unresolved", service)
            return ServiceRecord(
                count,
                incident_rows.page(connection, unresolved, None, UNRESOLVED_SHOWN).items,
                counted.items,
                counted.next_cursor is None,
                titles,
                changes,
                sources,
            )


def _counts(q: str | None) -> Select[Any]:
    named = _named().subquery()
    unresolved = func.sum(named.c.unresolved).label("unresolved")
    total = func.sum(named.c.incidents).label("incidents")
    query = select(named.c.service, unresolved, total, func.max(named.c.started_at).label("last"))
    if q:
        query = query.where(
            func.lower(named.c.service).contains(validation.require_text(q, "q").lower(), autoescape=True)
        )
    return query.group_by(named.c.service)


def _named() -> CompoundSelect[Any]:
    """Select a row for each incident, one more for each unresolved one, and one for each document that names a service.

    All incidents are read from an index alone; their status is in another one.
    """
    rows = incident_table.c
    of_incidents = select(
        rows.service, literal(0).label("unresolved"), literal(1).label("incidents"), rows.started_at
    ).where(rows.service.is_not(None))
    of_unresolved = select(rows.service, literal(1), literal(0), null()).where(
        rows.status.in_(("open", "acknowledged")), rows.service.is_not(None)
    )
    of_documents = select(documents.c.service, literal(0), literal(0), null()).where(documents.c.service.is_not(None))
    return union_all(of_incidents, of_unresolved, of_documents)


def _ordered(query: Select[Any], cursor: str | None) -> Select[Any]:
    counts = query.subquery().c
    ordered = select(counts.service, counts.unresolved, counts.incidents, counts.last)
    ordered = ordered.order_by(counts.unresolved.desc(), counts.incidents.desc(), counts.service)
    if cursor is None:
        return ordered
    unresolved, total, name = _place(cursor)
    same_unresolved = counts.unresolved == unresolved
    return ordered.where(
        or_(
            counts.unresolved < unresolved,
            and_(same_unresolved, counts.incidents < total),
            and_(same_unresolved, counts.incidents == total, counts.service > name),
        )
    )


def _position(count: ServiceCount) -> tuple[str, ...]:
    return str(count.unresolved), str(count.incidents), count.name


def _place(cursor: str) -> tuple[int, int, str]:
    unresolved, total, name = paging.decode_cursor(cursor, 3)
    if not (unresolved.isdecimal() and total.isdecimal() and len(unresolved + total) <= 18):
        raise Invalid("this cursor belongs to another list; omit it to start from the beginning", "cursor")
    return int(unresolved), int(total), name


def _count(connection: Connection, service: str) -> ServiceCount:
    rows = incident_table.c
    unresolved = func.coalesce(func.sum(_IS_UNRESOLVED), 0)
    query = select(unresolved, func.count(), func.max(rows.started_at)).where(rows.service == service)
    return ServiceCount(service, *connection.execute(query).one())


def _documents(connection: Connection, service: str) -> tuple[DocumentTitle, ...]:
    """Return the titles of a service's documents, runbooks first."""
    table = documents.c
    order = case((table.kind == "runbook", 0), else_=1)
    query = select(table.id, table.title, table.kind).where(table.service == service)
    rows = connection.execute(query.order_by(order, table.id).limit(RUNBOOKS_SHOWN))
    return tuple(DocumentTitle(*row) for row in rows)


def _alert_sources(connection: Connection, service: str, since: datetime) -> tuple[AlertSourceCount, ...]:
    table = alerts.c
    count, last = func.count().label("alerts"), func.max(table.starts_at)
    firing = func.sum(case((table.status == "firing", 1), else_=0))
    query = select(table.source, count, firing, last).where(table.service == service, table.starts_at >= since)
    query = query.group_by(table.source).order_by(count.desc(), table.source).limit(SOURCES_SHOWN)
    return tuple(AlertSourceCount(*row) for row in connection.execute(query))
