"""Runbooks, postmortems and RCAs."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, or_, select, update

from onrecall.errors import NotFound
from onrecall.incident import Document, DocumentKind
from onrecall.store import guard, paging
from onrecall.store.parts import keys
from onrecall.store.results import Page
from onrecall.store.tables import documents

COLUMNS = ("id", "title", "text", "kind", "service", "labels", "source", "dated")


def one(connection: Connection, document: str) -> Document:
    """The document with this id."""
    found = by_id(connection, [document]).get(document)
    if found is None:
        raise NotFound(f"there is no document {document}")
    return found


def by_id(connection: Connection, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Document]:
    """Documents by id; one that is unknown, or was unknown then, is absent."""
    found: dict[str, Document] = {}
    for part in keys(ids):
        query = select(documents).where(documents.c.id.in_(part))
        if as_of is not None:
            query = query.where(or_(documents.c.dated.is_(None), documents.c.dated <= as_of))
        for row in connection.execute(query).mappings():
            found[row["id"]] = _document(row)
    return found


def hashes(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The content hash of each document."""
    found: dict[str, str] = {}
    for part in keys(ids):
        rows = connection.execute(select(documents.c.id, documents.c.hash).where(documents.c.id.in_(part)))
        found.update((row.id, row.hash) for row in rows)
    return found


def page(
    connection: Connection, kind: DocumentKind | None, service: str | None, cursor: str | None, limit: int
) -> Page[Document]:
    """A page of documents in the order of their ids."""
    query = select(documents).order_by(documents.c.id).limit(paging.check(limit) + 1)
    if kind is not None:
        query = query.where(documents.c.kind == guard.text(kind, "kind"))
    if service is not None:
        query = query.where(documents.c.service == guard.text(service, "service"))
    if cursor is not None:
        query = query.where(documents.c.id > paging.place(cursor, 1)[0])
    rows = connection.execute(query).mappings().all()
    shown = rows[:limit]
    more = paging.cursor((shown[-1]["id"],)) if len(rows) > limit else None
    return Page(tuple(_document(row) for row in shown), more)


def change(connection: Connection, document: Document, digest: str) -> None:
    """Write what a document is now."""
    connection.execute(update(documents).where(documents.c.id == document.id).values(row(document, digest)))


def remove(connection: Connection, document: str) -> None:
    """Forget a document, its passages apart."""
    one(connection, document)
    connection.execute(delete(documents).where(documents.c.id == document))


def row(document: Document, digest: str) -> dict[str, object]:
    """A document as it is written."""
    return {name: getattr(document, name) for name in COLUMNS} | {"labels": dict(document.labels), "hash": digest}


def _document(row: RowMapping) -> Document:
    return Document(**{name: row[name] for name in COLUMNS})
