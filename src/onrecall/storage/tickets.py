"""Tickets: one-time substitutes for a key, for browsers, which can't send a key when they open a WebSocket."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Table, delete, insert

from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import metadata

tickets = Table(
    "tickets",
    metadata,
    Column("hash", TextType, primary_key=True),
    Column("key_id", TextType, ForeignKey("api_keys.id"), nullable=False),
    Column("expires_at", Utc, nullable=False),
)


@dataclass(frozen=True, slots=True)
class TicketRepository:
    """Tickets by their hashes. Each method is one transaction."""

    database: Database

    def add(self, ticket_hash: str, key_id: str, expires_at: datetime, now: datetime) -> None:
        """Store a new ticket and delete expired ones."""
        with self.database.write() as connection:
            connection.execute(delete(tickets).where(tickets.c.expires_at <= now))
            connection.execute(insert(tickets).values(hash=ticket_hash, key_id=key_id, expires_at=expires_at))

    def redeem(self, ticket_hash: str, now: datetime) -> str | None:
        """Delete a ticket and return the key it stands for; None if there is none or it has expired."""
        statement = (
            delete(tickets).where(tickets.c.hash == ticket_hash).returning(tickets.c.key_id, tickets.c.expires_at)
        )
        with self.database.write() as connection:
            row = connection.execute(statement).one_or_none()
        return str(row.key_id) if row is not None and row.expires_at > now else None
