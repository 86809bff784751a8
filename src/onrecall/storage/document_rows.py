"""Runbooks, postmortems and RCAs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Text, bindparam, cast, delete, or_, select, text, update

from onrecall.domain.document import Document, DocumentKind
from onrecall.domain.errors import NotFound
from onrecall.domain.incident import EXAMPLE
from onrecall.storage import paging, validation
from onrecall.storage.batching import bind_names, chunk_keys
from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS
from onrecall.storage.examples import namespaced
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import documents

COLUMNS = ("id", "title", "text", "kind", "service", "labels", "source", "dated")


def get(connection: Connection, document_id: str) -> Document:
    """Return a document. Raises NotFound."""
    stored = by_id(connection, [document_id]).get(document_id)
    if stored is None:
        raise NotFound(f"there is no document {document_id}")
    return stored


def by_id(connection: Connection, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Document]:
    """Return documents by id, as known at `as_of`; unknown ones are absent."""
    values = bind_names(connection, ids)
    if not values:
        return {}
    query = _select_by_ids(connection.dialect.name, dated=as_of is not None)
    rows = connection.execute(query, values if as_of is None else values | {"as_of": as_of})
    return {row["id"]: _document(row) for row in rows.mappings()}


@cache
def _select_by_ids(dialect: str, *, dated: bool) -> Select[Any]:
    """Built once per dialect, because retrieval waits for it."""
    query = select(*(documents.c[name] for name in COLUMNS)).where(text(BACKENDS[dialect].in_names("documents.id")))
    then = bindparam("as_of", type_=Utc())
    return query.where(or_(documents.c.dated.is_(None), documents.c.dated <= then)) if dated else query


@dataclass(frozen=True, slots=True)
class DocumentFingerprint:
    """Identifies a stored document and its content."""

    hash: str
    source: str | None


def fingerprints(connection: Connection, candidates: Iterable[Document]) -> dict[str, DocumentFingerprint]:
    """Return fingerprints of the stored documents that these may be, by id."""
    ids = {
        name
        for document in candidates
        for name in (document.id, namespaced(document.id) if document.source == EXAMPLE else None)
        if name
    }
    columns = (documents.c.id, documents.c.hash, documents.c.source)
    stored_by_id: dict[str, DocumentFingerprint] = {}
    for chunk in chunk_keys(sorted(ids)):
        rows = connection.execute(select(*columns).where(documents.c.id.in_(chunk)))
        stored_by_id.update((row.id, DocumentFingerprint(row.hash, row.source)) for row in rows)
    return stored_by_id


def stored_id(document: Document, stored: Mapping[str, DocumentFingerprint]) -> str:
    """Return the id to store a document under: its own, unless it is an example and another document has it."""
    existing = stored.get(document.id)
    is_taken = document.source == EXAMPLE and existing is not None and existing.source != EXAMPLE
    return namespaced(document.id) if is_taken else document.id


def page(
    connection: Connection, kind: DocumentKind | None, service: str | None, cursor: str | None, limit: int
) -> ResultPage[Document]:
    """Return a page of documents, by id."""
    query = select(documents).order_by(documents.c.id).limit(paging.check_limit(limit) + 1)
    if kind is not None:
        query = query.where(documents.c.kind == validation.require_text(kind, "kind"))
    if service is not None:
        query = query.where(documents.c.service == validation.require_text(service, "service"))
    if cursor is not None:
        query = query.where(documents.c.id > paging.decode_cursor(cursor, 1)[0])
    rows = connection.execute(query).mappings().all()
    next_cursor = paging.next_cursor(rows, limit, lambda row: (row["id"],))
    return ResultPage(tuple(_document(row) for row in rows[:limit]), next_cursor)


def reports(connection: Connection, limit: int, as_of: datetime | None) -> tuple[Document, ...]:
    """Return postmortems and RCAs whose labels name an incident or a cause, newest first."""
    columns = documents.c
    labels = cast(columns.labels, Text)
    query = select(*(columns[name] for name in COLUMNS)).where(
        columns.kind.in_(("postmortem", "rca")), or_(labels.contains('"incident"'), labels.contains('"cause"'))
    )
    if as_of is not None:
        query = query.where(or_(columns.dated.is_(None), columns.dated <= as_of))
    ordered = query.order_by(columns.dated.is_(None), columns.dated.desc(), columns.id).limit(limit)
    return tuple(_document(row) for row in connection.execute(ordered).mappings())


def change(connection: Connection, document: Document, digest: str) -> None:
    """Update a document's row."""
    connection.execute(update(documents).where(documents.c.id == document.id).values(row(document, digest)))


def remove(connection: Connection, document: str) -> None:
    """Delete a document's row; its passages are removed separately."""
    get(connection, document)
    connection.execute(delete(documents).where(documents.c.id == document))


def row(document: Document, digest: str) -> dict[str, object]:
    """Return a document's row."""
    return {name: getattr(document, name) for name in COLUMNS} | {"labels": dict(document.labels), "hash": digest}


def _document(row: RowMapping) -> Document:
    return Document(**{name: row[name] for name in COLUMNS})
