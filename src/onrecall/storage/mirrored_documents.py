"""Incidents that have a document in another system, to be deleted with them, and documents imported from there.

A row outlives its incident: one without an incident is a document still to be deleted there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Table, and_, delete, insert, select

from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import TextType
from onrecall.storage.database import Database
from onrecall.storage.tables import incidents, metadata

mirrored = Table(
    "mirrored",
    metadata,
    Column("channel", TextType, primary_key=True),
    Column("incident", TextType, primary_key=True),
    Column("document", TextType, nullable=False),
)

pulled = Table(
    "pulled",
    metadata,
    Column("channel", TextType, primary_key=True),
    Column("document", TextType, primary_key=True),
    Column("version", TextType, nullable=False),  # of what it said when it was brought in
)


@dataclass(frozen=True, slots=True)
class MirroredDocument:
    """An incident's document in a channel."""

    incident: str
    document: str


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Documents of incidents in other systems. Each method is one transaction."""

    database: Database

    def add(self, channel: str, documents: Iterable[MirroredDocument]) -> None:
        """Record documents before they are sent; those recorded already stay unchanged."""
        document_by_incident = {document.incident: document.document for document in documents}
        with self.database.write() as connection:
            for chunk in chunk_keys(document_by_incident):
                stored = select(mirrored.c.incident).where(
                    mirrored.c.channel == channel, mirrored.c.incident.in_(chunk)
                )
                missing = set(chunk) - set(connection.scalars(stored))
                rows = [
                    {"channel": channel, "incident": name, "document": document_by_incident[name]}
                    for name in sorted(missing)
                ]
                if rows:
                    connection.execute(insert(mirrored), rows)

    def pulled(self, channel: str) -> dict[str, str]:
        """Return the versions of imported documents, by id."""
        with self.database.read() as connection:
            query = select(pulled.c.document, pulled.c.version).where(pulled.c.channel == channel)
            return {row.document: row.version for row in connection.execute(query)}

    def note_pulled(self, channel: str, versions: Mapping[str, str]) -> None:
        """Record the versions of imported documents."""
        rows = [{"channel": channel, "document": name, "version": version} for name, version in versions.items()]
        with self.database.write() as connection:
            for chunk in chunk_keys(versions):
                matching = and_(pulled.c.channel == channel, pulled.c.document.in_(chunk))
                connection.execute(delete(pulled).where(matching))
            if rows:
                connection.execute(insert(pulled), rows)

    def orphans(self, channel: str, limit: int) -> tuple[MirroredDocument, ...]:
        """Return at most `limit` documents whose incident has been deleted."""
        joined = mirrored.outerjoin(incidents, incidents.c.id == mirrored.c.incident)
        query = (
            select(mirrored.c.incident, mirrored.c.document)
            .select_from(joined)
            .where(mirrored.c.channel == channel, incidents.c.id.is_(None))
            .order_by(mirrored.c.incident)
            .limit(limit)
        )
        with self.database.read() as connection:
            return tuple(MirroredDocument(row.incident, row.document) for row in connection.execute(query))

    def remove(self, channel: str, incident: str) -> None:
        """Forget a document that was deleted there."""
        with self.database.write() as connection:
            matching = and_(mirrored.c.channel == channel, mirrored.c.incident == incident)
            connection.execute(delete(mirrored).where(matching))
