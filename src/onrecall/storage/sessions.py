"""Sessions of the console, stored as hashes only. They belong to one installation and are in no archive or backup."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, Row, Table, UniqueConstraint, delete, insert, select
from sqlalchemy import update as update_rows

from onrecall.domain.access import Role
from onrecall.domain.session import Session
from onrecall.storage import audit
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

USE_WRITE_INTERVAL = timedelta(minutes=1)
"""The last use is written at most once in this time."""
RETENTION = timedelta(days=30)
"""How long a session stays listed after it expired; the audit log keeps it for good."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("hash", TextType, nullable=False),
    Column("name", TextType, nullable=False),
    Column("role", TextType, nullable=False),
    Column("key_id", TextType, ForeignKey("api_keys.id")),
    Column("issuer", TextType),
    Column("subject", TextType),
    Column("provider_session", TextType),
    Column("client", TextType),
    Column("created_at", Utc, nullable=False),
    Column("last_used_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("ended_at", Utc),
    UniqueConstraint("hash"),
    Index("sessions_name", "name"),
)


@dataclass(frozen=True, slots=True)
class SessionRepository:
    """Sessions. Each method is one transaction."""

    database: Database

    def add(self, session: Session, replaced_hash: str | None = None) -> None:
        """Store a new session, end the one that it replaces on the same device, and delete long expired ones."""
        with self.database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= session.created_at - RETENTION))
            if replaced_hash is not None:
                open_before = sessions.c.hash == replaced_hash, sessions.c.ended_at.is_(None)
                connection.execute(update_rows(sessions).where(*open_before).values(ended_at=session.created_at))
            connection.execute(insert(sessions).values(**_to_row(session)))
            detail = {"role": session.role, "with": session.issuer or f"key {session.key_id}"}
            audit.add(connection, "signed in", session.id, detail, session.name)

    def by_hash(self, token_hash: str) -> Session | None:
        """Return the session of a token's hash, whatever its state."""
        return self._matching(sessions.c.hash == token_hash)

    def by_id(self, session_id: str) -> Session | None:
        """Return the session with an id, whatever its state."""
        return self._matching(sessions.c.id == session_id)

    def all(self, name: str | None = None) -> tuple[Session, ...]:
        """Return the sessions of everybody or of one name, newest first."""
        query = select(sessions).order_by(sessions.c.created_at.desc(), sessions.c.id)
        if name is not None:
            query = query.where(sessions.c.name == name)
        with self.database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def end(self, ids: Iterable[str], at: datetime) -> None:
        """End sessions; ending one a second time changes nothing."""
        with self.database.write() as connection:
            for session_id in ids:
                still_open = sessions.c.id == session_id, sessions.c.ended_at.is_(None)
                ended = connection.execute(
                    update_rows(sessions).where(*still_open).values(ended_at=at).returning(sessions.c.name)
                ).one_or_none()
                if ended is not None:
                    audit.add(connection, "session ended", session_id, {"name": ended.name})

    def used(self, session_id: str, at: datetime) -> None:
        """Record that a session was used, at most once a minute."""
        stale = sessions.c.id == session_id, sessions.c.last_used_at <= at - USE_WRITE_INTERVAL
        with self.database.write() as connection:
            connection.execute(update_rows(sessions).where(*stale).values(last_used_at=at))

    def change_role(self, issuer: str, subject: str, role: Role) -> None:
        """Give all sessions of a person the role that the identity provider says now."""
        person = sessions.c.issuer == issuer, sessions.c.subject == subject
        with self.database.write() as connection:
            connection.execute(update_rows(sessions).where(*person).values(role=role))

    def of_person(self, issuer: str, subject: str | None, provider_session: str | None) -> tuple[Session, ...]:
        """Return the sessions that a provider means by a subject, by its own session id, or by both."""
        query = select(sessions).where(sessions.c.issuer == issuer)
        if subject is not None:
            query = query.where(sessions.c.subject == subject)
        if provider_session is not None:
            query = query.where(sessions.c.provider_session == provider_session)
        with self.database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def _matching(self, condition: ColumnElement[bool]) -> Session | None:
        with self.database.read() as connection:
            row = connection.execute(select(sessions).where(condition)).one_or_none()
            return None if row is None else _from_row(row)


def _to_row(session: Session) -> dict[str, object]:
    return {column.name: getattr(session, column.name) for column in sessions.columns}


def _from_row(row: Row[tuple[object, ...]]) -> Session:
    return Session(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public
