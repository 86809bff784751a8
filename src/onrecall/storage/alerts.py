"""Alerts, one row per episode. Rows with `waiting` set (new or changed) are the queue. `alert_writes` writes them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from onrecall.domain.alert import Alert
from onrecall.storage import incident_rows, paging, validation
from onrecall.storage.batching import chunked
from onrecall.storage.database import Database
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import alerts

BODY_FIELDS = (
    "title", "description", "environment", "severity", "labels", "annotations", "ends_at", "values", "links", "group",
    "starts_known", "link_kinds", "purpose_reason", "end_reason", "end_description", "described_at",
    "problems", "continues",
)  # fmt: skip
"""Alert fields stored in the JSON body; all others have columns."""
UNHASHED_FIELDS = frozenset({"group", "problems", "described_at"})
"""Body fields whose change does not count as news."""
EMPTY_VALUES: tuple[Any, ...] = (None, "", {}, (), True)
Episode = tuple[str, str, datetime]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert ready to be written."""

    alert: Alert
    body: Mapping[str, Any]
    hash: str

    @property
    def episode(self) -> Episode:
        """The episode's natural key: source, key and start time."""
        return self.alert.source, self.alert.key, self.alert.starts_at


class AlertRepository:
    """The alerts of all sources, one row per episode."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int) -> tuple[StoredAlert, ...]:
        """Return alerts that are new or changed, oldest first."""
        with self._database.read() as connection:
            return waiting(connection, limit)

    def of_incident(self, incident: str, limit: int | None = None) -> tuple[StoredAlert, ...]:
        """Return the alerts of an incident, newest first. Raises NotFound."""
        with self._database.read() as connection:
            incident_rows.get(connection, incident)
            return of_incident(connection, incident, limit)

    def count(self, incident: str) -> int:
        """Return the number of alerts of an incident; 0 for an unknown one."""
        with self._database.read() as connection:
            return count_by_incident(connection, [incident]).get(incident, 0)

    def expired(self, now: datetime, limit: int) -> tuple[StoredAlert, ...]:
        """Return firing alerts whose expiry has passed, first to expire first."""
        with self._database.read() as connection:
            due = alerts.c.expires_at <= now, alerts.c.status == "firing"
            return fetch(connection, select(alerts).where(*due).order_by(alerts.c.expires_at).limit(limit))

    def set_aside(
        self, purpose: str | None, source: str | None, cursor: str | None, limit: int
    ) -> ResultPage[StoredAlert]:
        """Return alerts that belong to no incident, newest first, by purpose or source; `joined` says why."""
        with self._database.read() as connection:
            query = select(alerts).where(alerts.c.incident.is_(None), alerts.c.waiting.is_(False))
            if purpose is not None:
                query = query.where(_has_purpose(purpose))
            if source is not None:
                query = query.where(alerts.c.source == source)
            if cursor is not None:
                at, number = _parse_cursor(cursor)
                query = query.where(or_(alerts.c.starts_at < at, and_(alerts.c.starts_at == at, alerts.c.id < number)))
            newest = query.order_by(alerts.c.starts_at.desc(), alerts.c.id.desc()).limit(paging.check_limit(limit) + 1)
            page_alerts = fetch(connection, newest)
        next_cursor = paging.next_cursor(
            page_alerts, limit, lambda stored: (stored.alert.starts_at.isoformat(), str(stored.id))
        )
        return ResultPage(page_alerts[:limit], next_cursor)


def to_row(alert: Alert) -> AlertRow:
    """Return the row for an alert. Raises Invalid if something in it can't be stored."""
    for name in ("source", "key", "service"):
        value = getattr(alert, name)
        validation.check_key(value, name)
        validation.require_text(value or "", name)
    validation.require_utc(alert.starts_at, "starts_at")
    if alert.told_at is not None:
        validation.require_utc(alert.told_at, "told_at")
    body = {
        name: _to_storable(value, name) for name in BODY_FIELDS if (value := getattr(alert, name)) not in EMPTY_VALUES
    }
    hashed = {name: value for name, value in body.items() if name not in UNHASHED_FIELDS}
    if alert.purpose != "incident":
        hashed["purpose"] = alert.purpose
    content = json.dumps([alert.status, alert.service, hashed], sort_keys=True, separators=(",", ":"))
    return AlertRow(alert, body, hashlib.sha256(content.encode()).hexdigest())


def _to_storable(value: Any, name: str) -> Any:
    """Like `validation.to_storable`, with a fast path for ASCII names and texts."""
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        texts = "".join((*value, *value.values()))
        if texts.isascii() and "\0" not in texts:
            return value
    return validation.to_storable(value, name)


def waiting(connection: Connection, limit: int) -> tuple[StoredAlert, ...]:
    """Return alerts that wait for grouping, oldest first."""
    return fetch(connection, select(alerts).where(alerts.c.waiting).order_by(alerts.c.id).limit(limit))


def of_incident(connection: Connection, incident: str, limit: int | None = None) -> tuple[StoredAlert, ...]:
    """Return the alerts of an incident, newest first."""
    query = (
        select(alerts)
        .where(alerts.c.incident == incident)
        .order_by(alerts.c.starts_at.desc(), alerts.c.id.desc())
        .limit(limit)
    )
    return fetch(connection, query)


def count_by_incident(connection: Connection, incident_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of alerts per incident; incidents without alerts are absent."""
    counts: dict[str, int] = {}
    for chunk in chunked(list(incident_ids)):
        query = select(alerts.c.incident, func.count()).where(alerts.c.incident.in_(chunk)).group_by(alerts.c.incident)
        counts |= {row[0]: row[1] for row in connection.execute(query)}
    return counts


def inserted_since(connection: Connection, source: str, after: int, limit: int) -> tuple[StoredAlert, ...]:
    """Return the alerts of a source with an id greater than `after`, in order of arrival."""
    fitting = (alerts.c.source == source) & (alerts.c.id > after)
    return fetch(connection, select(alerts).where(fitting).order_by(alerts.c.id).limit(limit))


def _has_purpose(purpose: str) -> ColumnElement[bool]:
    """Match alerts of a purpose; those received during one of our maintenance windows count as planned."""
    if purpose == "planned":
        return or_(alerts.c.purpose == purpose, alerts.c.maintenance.is_not(None))
    if purpose == "incident":
        return and_(alerts.c.purpose.is_(None), alerts.c.maintenance.is_(None))
    return alerts.c.purpose == purpose


def _parse_cursor(cursor: str) -> tuple[datetime, int]:
    at, number = paging.decode_cursor(cursor, 2)
    return paging.parse_time(at), paging.parse_number(number)


def fetch(connection: Connection, query: Select[Any]) -> tuple[StoredAlert, ...]:
    """Run a query and return its alerts in order."""
    return tuple(from_row(row) for row in connection.execute(query))


def from_row(row: Row[Any]) -> StoredAlert:
    """Convert a row to a StoredAlert."""
    return StoredAlert(
        id=row.id,
        alert=_alert(row),
        incident=row.incident,
        received_at=row.received_at,
        updated_at=row.updated_at,
        waiting=row.waiting,
        joined=row.joined,
        hash=row.hash,
        expires_at=row.expires_at,
    )


def _alert(row: Row[Any]) -> Alert:
    body = dict(row.body)
    for name in ("ends_at", "described_at"):
        if name in body:
            body[name] = datetime.fromisoformat(body[name])
    for name in ("links", "problems"):
        body[name] = tuple(body.get(name, ()))
    return Alert(
        source=row.source,
        key=row.key,
        starts_at=row.starts_at,
        status=row.status,
        service=row.service,
        told_at=row.told_at,
        purpose=row.purpose or "incident",
        identity=row.identity,
        **body,
    )


def pending_hashes(connection: Connection, ids: Iterable[int]) -> dict[int, str | None]:
    """Return the hash per alert id; None for alerts that do not wait."""
    columns = alerts.c
    hashes: dict[int, str | None] = {}
    for chunk in chunked(ids):
        query = select(columns.id, columns.waiting, columns.hash).where(columns.id.in_(chunk))
        hashes.update((row.id, row.hash if row.waiting else None) for row in connection.execute(query))
    return hashes
