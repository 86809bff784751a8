"""Runbooks, postmortems and RCAs."""

from collections.abc import Sequence
from datetime import datetime

from onrecall.domain.document import Document, DocumentKind
from onrecall.domain.passage import Passage
from onrecall.storage import audit, document_rows, records, validation
from onrecall.storage.database import Database
from onrecall.storage.passages import replace_passages
from onrecall.storage.records import DocumentState
from onrecall.storage.results import ResultPage


class DocumentRepository:
    """The documents. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, document_id: str) -> Document:
        """Return a document. Raises NotFound."""
        with self._database.read() as connection:
            return document_rows.get(connection, document_id)

    def page(
        self, kind: DocumentKind | None = None, service: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ResultPage[Document]:
        """Return documents matching all filters, by id."""
        with self._database.read() as connection:
            return document_rows.page(connection, kind, service, cursor, limit)

    def reports(self, limit: int, as_of: datetime | None = None) -> tuple[Document, ...]:
        """Return postmortems and RCAs whose labels name an incident or a cause, newest first.

        `as_of`: without those that are dated later.
        """
        with self._database.read() as connection:
            return document_rows.reports(connection, limit, validation.optional_utc(as_of, "as_of"))

    def put(self, document: Document, passages: Sequence[Passage], now: datetime) -> DocumentState:
        """Store a document under its id."""
        with self._database.write() as connection:
            return records.put_document(connection, document, passages, validation.require_utc(now, "now"))

    def delete(self, document_id: str) -> None:
        """Delete a document and its passages; recommendations that cite it keep their quotes."""
        with self._database.write() as connection:
            document_rows.remove(connection, document_id)
            audit.add(connection, "document deleted", document_id)
            replace_passages(connection, ("document", document_id), ())
