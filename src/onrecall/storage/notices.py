"""Notices: messages that belong to no incident, such as a requested decision, and their delivery status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select

from onrecall.domain.errors import Invalid, NotFound
from onrecall.storage import paging, sequences, validation
from onrecall.storage.database import Database
from onrecall.storage.tables import deliveries, notices, recommendations

NoticeType = Literal["slack", "email", "webhook", "websocket", "in_app"]
NoticeStatus = Literal["queued", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be sent."""

    id: str
    type: NoticeType
    title: str
    message: str
    target: str | None = None
    """Where its sender wanted it to go. It is never sent there, but to the configured channels."""
    decision: str | None = None
    """The answer it reports."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    failed_reason: str | None = None
    """Why nothing can be sent, if no channel is configured."""


@dataclass(frozen=True, slots=True)
class NoticePost:
    """A notice and its rendering for each channel that sends it."""

    notice: NewNotice
    bodies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Message by channel."""


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice and its delivery status."""

    id: str
    number: int
    """Its number in the order of posting."""
    type: NoticeType
    title: str
    message: str
    target: str | None
    decision: str | None
    metadata: Mapping[str, Any]
    status: NoticeStatus
    failed_reason: str | None
    channel: str | None
    """The channel that sends it; None if none does."""
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notices:
    """Reads notices. Each method is one transaction."""

    database: Database

    def get(self, notice_id: str) -> StoredNotice:
        """Return one notice. Raises NotFound."""
        with self.database.read() as connection:
            return get(connection, notice_id)

    def newest(self, limit: int, decision: str | None = None) -> tuple[StoredNotice, ...]:
        """Return notices, newest first, optionally only those about one answer."""
        query = _SELECT_NOTICE.order_by(notices.c.n.desc()).limit(paging.check_limit(limit))
        if decision is not None:
            query = query.where(notices.c.decision == validation.require_text(decision, "decision"))
        with self.database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def newest_number(self) -> int:
        """Return the number of the newest notice."""
        with self.database.read() as connection:
            return sequences.current_value(connection, "notice")

    def after(self, number: int, limit: int) -> tuple[StoredNotice, ...]:
        """Return notices after a number, in the order in which they were posted."""
        query = _SELECT_NOTICE.where(notices.c.n > number).order_by(notices.c.n).limit(paging.check_limit(limit))
        with self.database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))


def add(connection: Connection, notice: NewNotice, now: datetime) -> int:
    """Store a notice and return its number; an existing one stays unchanged."""
    stored_number = connection.scalar(select(notices.c.n).where(notices.c.id == notice.id))
    if stored_number is not None:
        return int(stored_number)
    if notice.decision is not None and not _is_decision(connection, notice.decision):
        raise Invalid(
            f"there is no decision {notice.decision[:80]}; give the id of one, or leave it out", "decision_id"
        )
    number = sequences.allocate(connection, "notice")[0]
    row = validation.to_storable(notice) | {"n": number, "created_at": now}
    connection.execute(insert(notices).values(row))
    return number


def get(connection: Connection, notice_id: str) -> StoredNotice:
    """Return one notice. Raises NotFound."""
    row = (
        connection.execute(_SELECT_NOTICE.where(notices.c.id == notice_id)).first()
        if validation.is_storable(notice_id)
        else None
    )
    if row is None:
        raise NotFound(f"there is no notification {notice_id}")
    return _from_row(row)


def _is_decision(connection: Connection, name: str) -> bool:
    query = select(recommendations.c.id).where(recommendations.c.id == name)
    return validation.is_storable(name) and connection.scalar(query) is not None


_SELECT_NOTICE: Select[Any] = select(
    notices, deliveries.c.channel, deliveries.c.state, deliveries.c.last_error, deliveries.c.sent_at
).outerjoin(deliveries, deliveries.c.notice == notices.c.id)


def _from_row(row: Row[Any]) -> StoredNotice:
    status, reason = _status_of(row)
    return StoredNotice(
        id=row.id,
        number=row.n,
        type=row.type,
        title=row.title,
        message=row.message,
        target=row.target,
        decision=row.decision,
        metadata=row.metadata,
        status=status,
        failed_reason=reason,
        channel=row.channel,
        created_at=row.created_at,
        sent_at=row.sent_at if row.channel else None if reason else row.created_at,
    )


def _status_of(row: Row[Any]) -> tuple[NoticeStatus, str | None]:
    """Return status and failure reason; a notice without a channel counts as sent once stored."""
    if row.failed_reason is not None:
        return "failed", row.failed_reason
    if row.state == "dead":
        return "failed", row.last_error
    return ("sent" if row.state in (None, "sent") else "queued"), None
