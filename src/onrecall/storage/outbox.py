"""The outbox: messages to be sent per channel. Pending rows are the queue.

Enqueueing deliveries and advancing in the event feed are one transaction, so no event is lost or enqueued twice.
Sending is at least once: an attempt is counted before it is made, and its key is the same each time.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.storage import audit, notices, paging, sequences, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.database import Database
from onrecall.storage.notices import NoticePost, StoredNotice
from onrecall.storage.rejected import replace_unstorable
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import channels, deliveries, threads

LEASE = timedelta(seconds=60)
"""A sending process keeps its channel for this long; an attempt takes much less."""
MAX_ERROR_LENGTH = 500
DeliveryState = Literal["pending", "sent", "dead", "superseded"]


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message about one incident, to be enqueued."""

    incident: str
    seq: int
    kind: str
    body: Mapping[str, Any]
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutboundDelivery:
    """A message or notice being delivered, and its state."""

    id: int
    channel: str
    incident: str | None
    notice: str | None
    seq: int
    kind: str
    key: str
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelThread:
    """The state of an incident's thread in a channel."""

    remote: Mapping[str, Any]
    told: Mapping[str, Any]
    sent: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ChannelBacklog:
    """What waits in a channel, since when and why, and what was given up."""

    pending: int
    dead: int
    since: datetime | None
    last_error: str | None


class Outbox:
    """Deliveries, threads and the feed position of each channel. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # from events to deliveries

    def position(self, channel: str) -> int:
        """Return the last event a channel has processed; a new channel starts with events from now on."""
        with self._database.read() as connection:
            seq = connection.scalar(select(channels.c.seq).where(channels.c.name == channel))
        if seq is not None:
            return int(seq)
        validation.check_key(channel, "channel")
        with self._database.write() as connection:
            return _position(connection, channel)

    def threads(self, channel: str, incidents: Iterable[str]) -> dict[str, ChannelThread]:
        """Return the threads of incidents in a channel."""
        thread_by_incident = {}
        with self._database.read() as connection:
            for chunk in chunk_keys(incidents):
                query = select(threads).where(threads.c.channel == channel, threads.c.incident.in_(chunk))
                for row in connection.execute(query):
                    thread_by_incident[row.incident] = ChannelThread(row.remote, row.told, row.sent)
        return thread_by_incident

    def enqueue(self, channel: str, after: int, upto: int, messages: Sequence[PendingMessage], now: datetime) -> bool:
        """Enqueue the messages for events after one number up to another; False if another process has done so already.

        Pending deliveries of the same incident are superseded: the newest message has the full state.
        """
        now = validation.require_utc(now, "now")
        rows = [validation.to_storable(message, "letter") for message in messages]
        with self._database.write() as connection:
            is_unchanged = and_(channels.c.name == channel, channels.c.seq == after)
            if connection.execute(update(channels).where(is_unchanged).values(seq=upto)).rowcount != 1:
                return False
            for row in rows:
                _enqueue(connection, channel, row, now)
            return True

    def decision_position(self, channel: str) -> int:
        """Return the last answer without an incident that a channel has processed; a new channel starts from now on."""
        self.position(channel)
        with self._database.read() as connection:
            return int(connection.scalar(select(channels.c.decision).where(channels.c.name == channel)) or 0)

    def enqueue_decisions(
        self, channel: str, after: int, upto: int, posts: Sequence[NoticePost], now: datetime
    ) -> bool:
        """Process answers up to a number; returns False if another process has done so already."""
        now = validation.require_utc(now, "now")
        with self._database.write() as connection:
            is_unchanged = and_(channels.c.name == channel, channels.c.decision == after)
            if connection.execute(update(channels).where(is_unchanged).values(decision=upto)).rowcount != 1:
                return False
            for post in posts:
                _enqueue_notice(connection, post, now)
            return True

    def enqueue_notice(self, post: NoticePost, now: datetime) -> StoredNotice:
        """Store a notice and enqueue it on the channels it is rendered for."""
        now = validation.require_utc(now, "now")
        with self._database.write() as connection:
            _enqueue_notice(connection, post, now)
            return notices.get(connection, post.notice.id)

    # sending

    def start_attempt(
        self, channel: str, holder: str, now: datetime, retry_after: timedelta
    ) -> OutboundDelivery | None:
        """Begin an attempt of the delivery due longest; None if nothing is due or another process is sending.

        Unless its result is recorded, the delivery is queued again after `retry_after`.
        """
        now = validation.require_utc(now, "now")
        with self._database.read() as connection:
            if not _is_free(connection, channel, holder, now) or _next_due(connection, channel, now) is None:
                return None  # without taking the write lock
        with self._database.write() as connection:
            if not _is_free(connection, channel, holder, now) or (row := _next_due(connection, channel, now)) is None:
                return None
            lease = {"held_by": holder, "held_until": now + LEASE}
            connection.execute(update(channels).where(channels.c.name == channel).values(lease))
            values = {"attempts": row.attempts + 1, "next_at": now + retry_after}
            connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
            return _from_row(row, attempts=row.attempts + 1)

    def sent(self, delivery: OutboundDelivery, remote: Mapping[str, Any], now: datetime) -> None:
        """Mark the delivery sent, even if it was superseded in the meantime, and save the state of its thread."""
        now, thread_state = validation.require_utc(now, "now"), validation.to_storable(remote, "remote")
        with self._database.write() as connection:
            is_delivery = deliveries.c.id == delivery.id
            connection.execute(update(deliveries).where(is_delivery).values(state="sent", sent_at=now, last_error=None))
            if delivery.incident is not None:
                state = connection.scalar(select(deliveries.c.told).where(is_delivery))
                is_thread = and_(threads.c.channel == delivery.channel, threads.c.incident == delivery.incident)
                connection.execute(update(threads).where(is_thread).values(remote=thread_state, sent=state))
            _audit(connection, "delivery sent", delivery)

    def failed(self, delivery: OutboundDelivery, error: str, next_at: datetime, paused_until: datetime) -> None:
        """Schedule a retry, and pause the channel as long as it asked for."""
        with self._database.write() as connection:
            _update_pending(
                connection,
                delivery,
                {"next_at": validation.require_utc(next_at, "next_at"), "last_error": _short_error(error)},
            )
            until = validation.require_utc(paused_until, "paused_until")
            connection.execute(update(channels).where(channels.c.name == delivery.channel).values(paused_until=until))

    def dead_letter(self, delivery: OutboundDelivery, error: str) -> None:
        """Mark the delivery dead: it is not tried again."""
        with self._database.write() as connection:
            _update_pending(connection, delivery, {"state": "dead", "last_error": _short_error(error)})
            _audit(connection, "delivery dead", delivery)

    def release(self, channel: str, holder: str) -> None:
        """Let another process send at once."""
        with self._database.write() as connection:
            is_holder = and_(channels.c.name == channel, channels.c.held_by == holder)
            connection.execute(update(channels).where(is_holder).values(held_by=None, held_until=None))

    # for people

    def page(
        self, state: str | None = None, channel: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ResultPage[OutboundDelivery]:
        """Return matching deliveries, newest first."""
        if state is not None and state not in get_args(DeliveryState):
            raise Invalid(f"state must be one of {', '.join(get_args(DeliveryState))}", "state")
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(paging.check_limit(limit) + 1)
        query = query if state is None else query.where(deliveries.c.state == state)
        query = (
            query
            if channel is None
            else query.where(deliveries.c.channel == validation.require_text(channel, "channel"))
        )
        if cursor is not None:
            query = query.where(deliveries.c.id < paging.parse_number(paging.decode_cursor(cursor, 1)[0]))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        next_cursor = paging.next_cursor(rows, limit, lambda row: (str(row.id),))
        return ResultPage(tuple(_from_row(row) for row in rows[:limit]), next_cursor)

    def resend(self, number: int, now: datetime) -> OutboundDelivery:
        """Send a delivery again with the same key. Raises Conflict if a newer one replaced it."""
        now = validation.require_utc(now, "now")
        with self._database.write() as connection:
            row = _get(connection, number)
            columns = deliveries.c
            newer = select(func.max(columns.id)).where(columns.channel == row.channel, columns.incident == row.incident)
            last = number if row.incident is None else connection.scalar(newer)
            if last != number:
                raise Conflict(f"delivery {last} is newer and has the latest state of the incident; resend that one")
            values = {"state": "pending", "attempts": 0, "next_at": now}
            connection.execute(update(deliveries).where(columns.id == number).values(values))
            resent = _from_row(_get(connection, number))
            _audit(connection, "delivery resent", resent)
            return resent

    def backlog(self, channel: str) -> ChannelBacklog:
        """Return what waits in a channel."""
        columns = deliveries.c
        with self._database.read() as connection:
            counted = select(columns.state, func.count(), func.min(columns.created_at)).where(
                columns.channel == channel, columns.state.in_(("pending", "dead"))
            )
            rows = {row[0]: (row[1], row[2]) for row in connection.execute(counted.group_by(columns.state))}
            errors = select(columns.last_error).where(
                columns.channel == channel, columns.state == "pending", columns.last_error.is_not(None)
            )
            error = connection.scalar(errors.order_by(columns.id.desc()).limit(1))
        pending, since = rows.get("pending", (0, None))
        return ChannelBacklog(pending, rows.get("dead", (0, None))[0], since, error)


def _position(connection: Connection, channel: str) -> int:
    seq = connection.scalar(select(channels.c.seq).where(channels.c.name == channel))
    if seq is None:
        seq = sequences.current_value(connection, "event")
        decision = sequences.current_value(connection, "recommendation")
        connection.execute(insert(channels).values(name=channel, seq=seq, decision=decision))
    return int(seq)


def _enqueue(connection: Connection, channel: str, message: Mapping[str, Any], now: datetime) -> None:
    columns = deliveries.c
    is_replaced = and_(columns.channel == channel, columns.incident == message["incident"], columns.state == "pending")
    connection.execute(update(deliveries).where(is_replaced).values(state="superseded"))
    connection.execute(insert(deliveries).values({**message, **_pending_columns(connection, channel, now)}))
    state, is_thread = message["told"], and_(threads.c.channel == channel, threads.c.incident == message["incident"])
    if connection.execute(update(threads).where(is_thread).values(told=state)).rowcount == 0:
        new = {"channel": channel, "incident": message["incident"], "remote": {}, "told": state}
        connection.execute(insert(threads).values(new))


def _enqueue_notice(connection: Connection, post: NoticePost, now: datetime) -> None:
    """Store the notice if it is new, and enqueue it on each channel that has no delivery of it yet."""
    number = notices.add(connection, post.notice, now)
    for channel, body in post.bodies.items():
        _position(connection, channel)
        is_posted = and_(deliveries.c.channel == channel, deliveries.c.notice == post.notice.id)
        if connection.scalar(select(deliveries.c.id).where(is_posted)) is None:
            message = {"notice": post.notice.id, "seq": number, "kind": "notice", "told": {}}
            row = message | {"body": validation.to_storable(body, "body")} | _pending_columns(connection, channel, now)
            connection.execute(insert(deliveries).values(row))


def _pending_columns(connection: Connection, channel: str, now: datetime) -> dict[str, object]:
    """Return the columns of a delivery that is due at once."""
    return {
        "id": sequences.allocate(connection, "delivery")[0],
        "channel": channel,
        "key": secrets.token_hex(16),
        "state": "pending",
        "attempts": 0,
        "next_at": now,
        "created_at": now,
    }


def _is_free(connection: Connection, channel: str, holder: str, now: datetime) -> bool:
    """Return whether this process may send on the channel now."""
    columns = channels.c
    query = select(columns.name).where(
        columns.name == channel,
        or_(columns.paused_until.is_(None), columns.paused_until <= now),
        or_(columns.held_by.is_(None), columns.held_by == holder, columns.held_until <= now),
    )
    return connection.scalar(query) is not None


def _next_due(connection: Connection, channel: str, now: datetime) -> Row[Any] | None:
    columns = deliveries.c
    query = select(deliveries).where(columns.channel == channel, columns.state == "pending", columns.next_at <= now)
    return connection.execute(query.order_by(columns.next_at, columns.id).limit(1)).first()


def _update_pending(connection: Connection, delivery: OutboundDelivery, values: Mapping[str, Any]) -> None:
    """Update a delivery after an attempt, unless it was superseded or sent in the meantime."""
    is_pending = and_(deliveries.c.id == delivery.id, deliveries.c.state == "pending")
    connection.execute(update(deliveries).where(is_pending).values(values))


def _audit(connection: Connection, action: audit.AuditAction, delivery: OutboundDelivery) -> None:
    detail = {"channel": delivery.channel, "kind": delivery.kind, "seq": delivery.seq, "delivery": delivery.id}
    audit.add(connection, action, delivery.incident or delivery.notice, detail)


def _get(connection: Connection, number: int) -> Row[Any]:
    possible = 0 < number < 2**31
    row = connection.execute(select(deliveries).where(deliveries.c.id == number)).first() if possible else None
    if row is None:
        raise NotFound(f"there is no delivery {number}")
    return row


def _from_row(row: Row[Any], **overrides: Any) -> OutboundDelivery:
    fields = {name: getattr(row, name) for name in OutboundDelivery.__slots__}
    return OutboundDelivery(**fields | overrides)


def _short_error(error: str) -> str:
    return replace_unstorable(error)[:MAX_ERROR_LENGTH]
