"""Devices that receive push notifications. Like sessions they are in no archive or backup."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Row, Table, delete, func, insert, select, update

from onrecall.domain.access import Key
from onrecall.domain.errors import Conflict
from onrecall.domain.push_subscription import MAX_DELIVERED_KEYS, PushSubscription
from onrecall.storage import audit
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.keys import KeyRepository
from onrecall.storage.sessions import sessions
from onrecall.storage.tables import metadata

MAX_SUBSCRIPTIONS = 1_000
"""Devices of all people together: each is called for each incident that it wants."""

TUPLES = ("services", "delivered_keys")
"""Columns whose JSON arrays are tuples in the domain."""

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("endpoint", TextType, nullable=False),
    Column("p256dh", TextType, nullable=False),
    Column("auth", TextType, nullable=False),
    Column("services", Json, nullable=False),
    Column("name", TextType),
    Column("key_id", TextType, ForeignKey("api_keys.id")),
    Column("session_id", TextType),
    Column("delivered_keys", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PushSubscriptionRepository:
    """Push subscriptions. Each method is one transaction."""

    database: Database

    def put(self, subscription: PushSubscription) -> None:
        """Store a device, or what its browser says anew; whoever uses the browser now is notified on it."""
        values = _to_row(subscription)
        with self.database.write() as connection:
            changed = {name: values[name] for name in values if name not in ("id", "delivered_keys", "created_at")}
            known = push_subscriptions.c.id == subscription.id
            if connection.execute(update(push_subscriptions).where(known).values(**changed)).rowcount:
                return
            if (
                connection.execute(select(func.count()).select_from(push_subscriptions)).scalar_one()
                >= MAX_SUBSCRIPTIONS
            ):
                raise Conflict(f"{MAX_SUBSCRIPTIONS} devices are notified already; remove one of them first")
            connection.execute(insert(push_subscriptions).values(**values))
            audit.add(
                connection,
                "push subscribed",
                subscription.id,
                {"services": list(subscription.services)},
                subscription.name,
            )

    def all(self) -> tuple[PushSubscription, ...]:
        """Return all devices, oldest first."""
        query = select(push_subscriptions).order_by(push_subscriptions.c.created_at, push_subscriptions.c.id)
        with self.database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def remove(self, subscription_id: str, reason: str, by: str | None = None) -> bool:
        """Remove a device; returns whether it was there."""
        with self.database.write() as connection:
            removed = connection.execute(
                delete(push_subscriptions).where(push_subscriptions.c.id == subscription_id)
            ).rowcount
            if removed:
                audit.add(connection, "push unsubscribed", subscription_id, {"reason": reason}, by)
            return bool(removed)

    def entitled(self, now: datetime) -> tuple[PushSubscription, ...]:
        """Return the devices of people who may still see incidents, oldest first; those of others are removed.

        Whoever came with a key may as long as it is valid. Whoever signed in may until the session is ended on
        purpose, and for as long as an expired one stays listed. Whoever needed neither
        may until there is one of them.
        """
        devices = self.all()  # first: the keys and sessions that they name were there before them
        keys = {key.id: key for key in KeyRepository(self.database).all()}
        with self.database.read() as connection:
            ended = {row.id: row.ended_at for row in connection.execute(select(sessions.c.id, sessions.c.ended_at))}
        allowed = []
        for subscription in devices:
            if reason := _refusal(subscription, keys, ended, now):
                self.remove(subscription.id, reason)
            else:
                allowed.append(subscription)
        return tuple(allowed)

    def delivered(self, subscription_id: str, message_key: str) -> None:
        """Record that the device's push service accepted a message."""
        with self.database.write() as connection:
            matching = push_subscriptions.c.id == subscription_id
            keys = connection.execute(select(push_subscriptions.c.delivered_keys).where(matching)).scalar_one_or_none()
            if keys is not None and message_key not in keys:
                latest = [*keys, message_key][-MAX_DELIVERED_KEYS:]
                connection.execute(update(push_subscriptions).where(matching).values(delivered_keys=latest))


def _refusal(
    subscription: PushSubscription,
    keys: dict[str, Key],
    ended: dict[str, datetime | None],
    now: datetime,
) -> str | None:
    """Return why a device's person may no longer see incidents; None if they may."""
    if subscription.session_id is not None and ended.get(subscription.session_id, now) is not None:
        return "the session ended"
    if subscription.key_id is not None:
        return None if keys[subscription.key_id].state(now) == "active" else "the key is no longer valid"
    if subscription.session_id is None and (keys or ended):
        return "people sign in now"
    return None


def _to_row(subscription: PushSubscription) -> dict[str, object]:
    row: dict[str, Any] = {column.name: getattr(subscription, column.name) for column in push_subscriptions.columns}
    return row | {name: list(row[name]) for name in TUPLES}


def _from_row(row: Row[tuple[object, ...]]) -> PushSubscription:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public
    return PushSubscription(**values | {name: tuple(values[name]) for name in TUPLES})
