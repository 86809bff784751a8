"""Which documents of this store other teams have copies of, and the copies that this store has of others'."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Row, Table, delete, insert, select

from onrecall.storage import audit, document_rows
from onrecall.storage.columns import TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import documents, metadata

document_shares = Table(
    "document_shares",
    metadata,
    Column("document", TextType, primary_key=True),
    Column("team", TextType, primary_key=True),  # that has a copy
    Column("at", Utc, nullable=False),
    Column("by", TextType),
)


@dataclass(frozen=True, slots=True)
class DocumentShare:
    """A document that a team has a copy of."""

    document: str
    team: str
    at: datetime
    by: str | None


class DocumentShares:
    """Shares of documents. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, team: str | None = None) -> tuple[DocumentShare, ...]:
        """Return the shares with all teams or with one, by document."""
        query = select(document_shares).order_by(document_shares.c.document, document_shares.c.team)
        if team is not None:
            query = query.where(document_shares.c.team == team)
        with self._database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def add(self, share: DocumentShare) -> bool:
        """Share a document with a team; False where it is shared already. Raises NotFound."""
        with self._database.write() as connection:
            document_rows.get(connection, share.document)
            known = select(document_shares).where(_is(share.document, share.team))
            if connection.execute(known).first() is not None:
                return False
            values = {"document": share.document, "team": share.team, "at": share.at, "by": share.by}
            connection.execute(insert(document_shares).values(values))
            audit.add(connection, "document shared", share.document, {"team": share.team}, share.by)
            return True

    def remove(self, document: str, team: str, by: str | None = None) -> bool:
        """End a share; False where there is none."""
        with self._database.write() as connection:
            ended = connection.execute(delete(document_shares).where(_is(document, team))).rowcount > 0
            if ended:
                audit.add(connection, "document unshared", document, {"team": team}, by)
            return ended

    def copies(self, prefix: str) -> tuple[tuple[str, str | None], ...]:
        """Return id and source of the documents whose ids begin with a prefix."""
        query = select(documents.c.id, documents.c.source).where(documents.c.id.startswith(prefix, autoescape=True))
        with self._database.read() as connection:
            return tuple((row.id, row.source) for row in connection.execute(query.order_by(documents.c.id)))


def _is(document: str, team: str) -> ColumnElement[bool]:
    return (document_shares.c.document == document) & (document_shares.c.team == team)


def _from_row(row: Row[tuple[object, ...]]) -> DocumentShare:
    return DocumentShare(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public
