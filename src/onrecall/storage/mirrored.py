"""Which incidents have a document elsewhere, so that it goes when they go; and what was brought in from there.

A row outlives its incident: one without an incident is a document that is yet to be deleted there.
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
    """An incident's document on a channel."""

    incident: str
    document: str


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The documents that incidents have elsewhere. Each method is one transaction."""

    database: Database

    def add(self, channel: str, documents: Iterable[MirroredDocument]) -> None:
        """Note documents before they are sent; those that are noted stay as they are."""
        document_by_incident = {document.incident: document.document for document in documents}
        with self.database.write() as connection:
            for chunk in chunk_keys(document_by_incident):
                stored = select(mirrored.c.incident).where(mirrored.c.channel == channel, mirrored.c.incident.in_(chunk))
                missing = set(chunk) - set(connection.scalars(stored))
                rows = [{"channel": channel, "incident": name, "document": document_by_incident[name]} for name in sorted(missing)]
                if rows:
                    connection.execute(insert(mirrored), rows)

    def pulled(self, channel: str) -> dict[str, str]:
        """The versions of the documents that were brought in, by their ids."""
        with self.database.read() as connection:
            query = select(pulled.c.document, pulled.c.version).where(pulled.c.channel == channel)
            return {row.document: row.version for row in connection.execute(query)}

    def note_pulled(self, channel: str, versions: Mapping[str, str]) -> None:
        """Note what documents said when they were brought in."""
        rows = [{"channel": channel, "document": name, "version": version} for name, version in versions.items()]
        with self.database.write() as connection:
            for chunk in chunk_keys(versions):
                matching = and_(pulled.c.channel == channel, pulled.c.document.in_(chunk))
                connection.execute(delete(pulled).where(matching))
            if rows:
                connection.execute(insert(pulled), rows)

    def orphans(self, channel: str, limit: int) -> tuple[MirroredDocument, ...]:
        """Documents whose incident is gone, at most so many."""
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
        """Its document is gone."""
        with self.database.write() as connection:
            matching = and_(mirrored.c.channel == channel, mirrored.c.incident == incident)
            connection.execute(delete(mirrored).where(matching))
