"""API keys, stored as hashes only. They belong to one installation and are not part of the archive."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Index, Row, Table, insert, or_, select, update

from onrecall.domain.access import Key
from onrecall.domain.errors import Conflict, NotFound
from onrecall.storage import audit, validation
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

USE_WRITE_INTERVAL = timedelta(minutes=1)
"""The last use is written at most once in this time."""


api_keys = Table(
    "api_keys",
    metadata,
    Column("id", TextType, primary_key=True),  # the part of the key that is no secret
    Column("name", TextType, nullable=False),
    Column("hash", TextType, nullable=False),
    Column("role", TextType, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
    Column("replaced_by", TextType, ForeignKey("api_keys.id")),
    Index("api_keys_name", "name"),
)


class KeyRepository:
    """The API keys. None is ever deleted, so that past actions stay attributable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Key, ...]:
        """Return every key ever created, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
            return tuple(_from_row(row) for row in rows)

    def add(self, key: Key) -> None:
        """Store a new key. Raises Conflict if an active key has the same name."""
        with self._database.write() as connection:
            _check_name_is_free(connection, key)
            _create(connection, key)

    def ensure(self, key: Key) -> bool:
        """Store a key unless its id is known, whatever became of it; returns whether it was new.

        Its owner may have other keys that open: whoever changes a configured key needs both for a while.
        """
        with self._database.write() as connection:
            if connection.execute(select(api_keys.c.id).where(api_keys.c.id == key.id)).first():
                return False
            _create(connection, key)
            return True

    def revoke(self, key_id: str, at: datetime) -> Key:
        """Revoke a key; a second time changes nothing."""
        with self._database.write() as connection:
            key = _get(connection, key_id)
            if key.revoked_at is None:
                _update(connection, key_id, revoked_at=at)
                audit.add(connection, "key revoked", key_id, {"name": key.name})
            return _get(connection, key_id)

    def replace(self, key_id: str, new: Key, until: datetime) -> None:
        """Add a new key to replace this one, which stays valid until `until` so that its users can switch."""
        with self._database.write() as connection:
            old = _get(connection, key_id)
            if old.revoked_at is not None:
                raise Conflict(f"key {key_id} is revoked; create a new one with `onrecall keys create`")
            if old.replaced_by is not None:
                raise Conflict(f"key {key_id} was already replaced by {old.replaced_by}; rotate that one")
            connection.execute(insert(api_keys).values(**_to_row(new)))
            ends = until if old.expires_at is None else min(until, old.expires_at)
            _update(connection, key_id, replaced_by=new.id, expires_at=ends)
            audit.add(connection, "key replaced", key_id, {"name": old.name, "by": new.id, "role": new.role})

    def used(self, key_id: str, at: datetime) -> None:
        """Record that a key was used, at most once a minute."""
        stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= at - USE_WRITE_INTERVAL)
        with self._database.write() as connection:
            used = update(api_keys).where(api_keys.c.id == key_id, stale).values(last_used_at=at)
            if connection.execute(used).rowcount:
                audit.add(connection, "key used", key_id)


def _check_name_is_free(connection: Connection, key: Key) -> None:
    same_name = connection.execute(select(api_keys).where(api_keys.c.name == key.name))
    for existing in map(_from_row, same_name):
        if existing.state(key.created_at) == "active":
            raise Conflict(
                f"{key.name} already has a key, {existing.prefix}…; `onrecall keys rotate {existing.id}` replaces it, "
                f"`onrecall keys revoke {existing.id}` ends it"
            )


def _create(connection: Connection, key: Key) -> None:
    connection.execute(insert(api_keys).values(**_to_row(key)))
    audit.add(connection, "key created", key.id, {"name": key.name, "role": key.role})


def _get(connection: Connection, key_id: str) -> Key:
    row = None
    if validation.is_storable(key_id):
        row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no key {key_id}; `onrecall keys list` shows all keys")
    return _from_row(row)


def _update(connection: Connection, key_id: str, **values: object) -> None:
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(**values))


def _to_row(key: Key) -> dict[str, object]:
    return {column.name: getattr(key, column.name) for column in api_keys.columns}


def _from_row(row: Row[tuple[object, ...]]) -> Key:
    return Key(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public
