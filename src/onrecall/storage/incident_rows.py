"""Incidents: rows to objects and back, as they are now or as they were known at a time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, bindparam, exists, select, text, update

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Incident, Resolution, Severity, Status
from onrecall.storage import incident_reports, links, paging, resolutions, sequences, validation
from onrecall.storage.batching import bind_names
from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS
from onrecall.storage.incident_order import NEWEST_FIRST, IncidentOrder
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import incidents, recommendations

COLUMNS = (
    "id", "title", "description", "service", "environment", "severity", "status",
    "started_at", "acknowledged_at", "resolved_at", "source", "source_id", "document",
)  # fmt: skip
SELECT_INCIDENT = select(*(incidents.c[name] for name in (*COLUMNS, "assignee", "tags", "edited", "labels", "report")))
"""Selects an incident's own fields only: retrieval reads dozens of incidents per question."""
MAX_QUERY_LENGTH = 1000
RECENT_WINDOW = timedelta(days=7)
"""An open incident older than this is hardly being worked on."""
EARLIEST = datetime.min.replace(tzinfo=UTC)
MINTED_ID = re.compile(r"INC-(\d{1,9})")
_QUEUE_ANSWERED = (
    update(incidents)
    .where(
        incidents.c.status.in_(("open", "acknowledged"))
        & (incidents.c.started_at > bindparam("since", type_=Utc()))
        & incidents.c.waiting.is_(False),
        exists().where(recommendations.c.incident == incidents.c.id),
    )
    .values(waiting=True)
)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Filters for listing incidents; all given ones must match."""

    status: Status | Literal["unresolved"] | None = None
    service: str | None = None
    severity: Severity | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def get(connection: Connection, incident_id: str, as_of: datetime | None = None) -> Incident:
    """Return an incident, now or as it was known at `as_of`. Raises NotFound."""
    stored = by_id(connection, [incident_id], as_of).get(incident_id)
    if stored is None:
        raise NotFound(f"there is no incident {incident_id}" + (f" as of {as_of.isoformat()}" if as_of else ""))
    return stored


_PAGE_NUMBER = {
    "sqlite": "coalesce(json_extract(labels, '$.incident'), json_extract(labels, '$.incident_id'))",
    "postgresql": "coalesce(labels ->> 'incident', labels ->> 'incident_id')",
}
"""The id that a postmortem gives its incident."""


def with_page_number(connection: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the incidents of documents that their pages know under these names, oldest first."""
    values = bind_names(connection, names)
    if not values:
        return ()
    rows = connection.execute(_select_by_page_number(connection.dialect.name), values).all()
    return tuple(row.id for row in sorted(rows, key=lambda row: (row.started_at, row.id)))


@cache
def _select_by_page_number(dialect: str) -> Select[Any]:
    """By the index of documents; to have SQLite sort the rows would make it go through all incidents instead."""
    has_name = text(BACKENDS[dialect].in_names(_PAGE_NUMBER[dialect]))
    return select(incidents.c.started_at, incidents.c.id).where(incidents.c.document > "", has_name)


def by_id(connection: Connection, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Incident]:
    """Return incidents by id; unknown ones (or unknown at `as_of`) are absent."""
    values = bind_names(connection, ids)
    if not values:
        return {}
    query = _select_by_ids(connection.dialect.name, dated=as_of is not None)
    rows = connection.execute(query, values if as_of is None else values | {"as_of": as_of}).all()
    return {incident.id: incident for incident in _from_rows(connection, rows, as_of)}


def newest_ids_of_services(
    connection: Connection, services: Sequence[str], limit: int, as_of: datetime | None = None
) -> list[str]:
    """Return ids of the newest incidents of these services, newest first; each service is one read of its index."""
    rows: list[tuple[datetime, str]] = []
    for service in dict.fromkeys(services):
        if validation.is_storable(service):
            query = select(incidents.c.started_at, incidents.c.id).where(incidents.c.service == service)
            query = query if as_of is None else query.where(incidents.c.started_at <= as_of)
            newest = query.order_by(incidents.c.started_at.desc(), incidents.c.id.desc()).limit(limit)
            rows += [(row.started_at, row.id) for row in connection.execute(newest)]
    return [name for _, name in sorted(rows, reverse=True)[:limit]]


@cache
def _select_by_ids(dialect: str, *, dated: bool) -> Select[Any]:
    """Built once per dialect: building the statement takes longer than running it."""
    query = SELECT_INCIDENT.where(text(BACKENDS[dialect].in_names("incidents.id")))
    return query.where(incidents.c.started_at <= bindparam("as_of", type_=Utc())) if dated else query


def page(
    connection: Connection, filters: IncidentFilter, cursor: str | None, limit: int, order: IncidentOrder = NEWEST_FIRST
) -> ResultPage[Incident]:
    """Return a page of incidents, newest first or in another order."""
    query = _select_matching(filters).order_by(*order.apply()).limit(paging.check_limit(limit) + 1)
    if cursor is not None:
        query = query.where(order.after(cursor))
    rows = connection.execute(query).all()
    next_cursor = paging.next_cursor(rows, limit, order.position)
    return ResultPage(tuple(_from_rows(connection, rows[:limit], None)), next_cursor)


def due(connection: Connection, limit: int) -> tuple[str, ...]:
    """Return ids of incidents that wait for their first recommendation, longest waiting first."""
    query = (
        select(incidents.c.id).where(incidents.c.waiting).order_by(incidents.c.started_at, incidents.c.id).limit(limit)
    )
    return tuple(connection.scalars(query))


def next_id(connection: Connection) -> str:
    """Return an id that no incident has or had."""
    return f"INC-{sequences.allocate(connection, 'incident')[0]}"


def to_row(incident: Incident, given_hash: str, *, waiting: bool) -> dict[str, object]:
    """Return the row of a new incident, without its resolution and links."""
    hashed = {"given_hash": given_hash, "state_hash": validation.content_hash(incident)}
    return _to_columns(incident) | hashed | {"waiting": waiting}


def hashes(written: Mapping[str, object]) -> frozenset[str]:
    """Return the hashes an incident is known by: of its input and of its current state."""
    return frozenset({str(written["given_hash"]), str(written["state_hash"])})


def skip_ids(connection: Connection, incident_ids: Iterable[str]) -> None:
    """Advance the id sequence beyond these ids."""
    numbers = [int(match[1]) for match in map(MINTED_ID.fullmatch, incident_ids) if match]
    if numbers:
        sequences.advance_to(connection, "incident", max(numbers))


def update_imported(connection: Connection, incident: Incident, given_hash: str) -> frozenset[str]:
    """Update an incident by an import. Returns the hashes it is known by."""
    hashed = {"given_hash": given_hash, "state_hash": validation.content_hash(incident)}
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(_to_columns(incident) | hashed))
    return hashes(hashed)


def update_state(connection: Connection, incident: Incident, *, waiting: bool | None = None) -> None:
    """Write an incident's new state; with `waiting` it is also queued for an answer at once, or taken off the queue."""
    values = _to_columns(incident) | {"state_hash": validation.content_hash(incident)}
    if waiting is not None:
        values |= {"waiting": waiting, "due_at": None}
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(values))


def assign(connection: Connection, incident: str, assignee: str | None) -> None:
    """Assign an incident. Imports and alerts never call this, so neither unassigns anybody."""
    connection.execute(update(incidents).where(incidents.c.id == incident).values(assignee=assignee))


def write_edit(connection: Connection, incident: Incident) -> None:
    """Write what only people say of an incident: who works on it, its tags, and which fields they edited."""
    marks = {"tags": list(incident.tags) or None, "edited": list(incident.edited) or None}
    values = {"assignee": incident.assignee} | marks
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(values))


def assignees(connection: Connection, limit: int) -> tuple[str, ...]:
    """Return the names incidents are assigned to, sorted."""
    assignee = incidents.c.assignee
    return tuple(
        connection.scalars(select(assignee).where(assignee.is_not(None)).distinct().order_by(assignee).limit(limit))
    )


def mark_answered(connection: Connection, incident: str) -> None:
    """Take an incident off the queue after an answer; a leased one stays queued because of what came in since."""
    columns = incidents.c
    statement = update(incidents).where(columns.id == incident, columns.waiting, columns.claimed_by.is_(None))
    connection.execute(statement.values(waiting=False))


def queue_answered(connection: Connection, now: datetime) -> None:
    """Queue open, recent, answered incidents again: memory has grown, so a better answer may exist."""
    connection.execute(_QUEUE_ANSWERED, {"since": max(now, EARLIEST + RECENT_WINDOW) - RECENT_WINDOW})


def fold_text(incident: Incident) -> str:
    """Return title and description case-folded, for the `q` filter and for comparing incidents."""
    return f"{incident.title}\n{incident.description}".casefold()


def _to_columns(incident: Incident) -> dict[str, object]:
    encoded = {
        "labels": dict(incident.labels),
        "report": incident_reports.encode(incident),
        "folded": fold_text(incident),
    }
    return {name: getattr(incident, name) for name in COLUMNS} | encoded


def _from_rows(connection: Connection, rows: Sequence[Row[Any]], as_of: datetime | None) -> list[Incident]:
    ids = [row.id for row in rows]
    resolution_by_incident = resolutions.valid_at(connection, ids, as_of)
    links_by_incident = links.by_incident(connection, ids, as_of)
    result = []
    for row in rows:
        incident_id, *plain, assignee, tags, edited, labels, report = tuple(row)
        fields: dict[str, Any] = dict(zip(COLUMNS[1:], plain, strict=True)) | incident_reports.decode(report)
        if as_of is None:  # past assignees, tags and edits are only on the timeline
            fields |= {"assignee": assignee, "tags": tuple(tags or ()), "edited": tuple(edited or ())}
        incident = Incident(
            incident_id,
            **fields,
            labels=labels,
            resolution=resolution_by_incident.get(incident_id),
            links=links_by_incident.get(incident_id, ()),
        )
        result.append(incident if as_of is None else _as_known(incident, as_of))
    return result


def _as_known(incident: Incident, as_of: datetime) -> Incident:
    """Return the incident in its state at `as_of`, given the resolution valid then."""
    acknowledged = incident.acknowledged_at if _is_before(incident.acknowledged_at, as_of) else None
    resolved = _resolved_at(incident.resolution, incident.resolved_at, as_of)
    status: Status = "resolved" if resolved else "acknowledged" if acknowledged else "open"
    return replace(incident, status=status, acknowledged_at=acknowledged, resolved_at=resolved)


def _resolved_at(resolution: Resolution | None, resolved_at: datetime | None, as_of: datetime) -> datetime | None:
    if _is_before(resolved_at, as_of):
        return resolved_at
    return resolution.at if resolution else None


def _is_before(at: datetime | None, as_of: datetime) -> bool:
    return at is not None and at <= as_of


def _select_matching(filters: IncidentFilter) -> Select[Any]:
    query = SELECT_INCIDENT
    if filters.status == "unresolved":
        query = query.where(incidents.c.status != "resolved")
        filters = replace(filters, status=None)
    for name in ("status", "service", "severity"):
        value = getattr(filters, name)
        if value is not None:
            query = query.where(incidents.c[name] == validation.require_text(value, name))
    if filters.since is not None:
        query = query.where(incidents.c.started_at >= validation.require_utc(filters.since, "since"))
    if filters.until is not None:
        query = query.where(incidents.c.started_at < validation.require_utc(filters.until, "until"))
    for word in _query_words(filters.q or ""):
        query = query.where(incidents.c.folded.contains(word, autoescape=True))
    return query


def _query_words(q: str) -> list[str]:
    if len(q) > MAX_QUERY_LENGTH:
        raise Invalid(f"q is {len(q)} characters long; at most {MAX_QUERY_LENGTH} are allowed", "q")
    return validation.require_text(q, "q").casefold().split()
