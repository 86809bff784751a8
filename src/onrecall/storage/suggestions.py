"""Suggestions: resolutions and documents that sources propose, and what responders decided on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Row,
    Table,
    and_,
    insert,
    or_,
    select,
    update,
)

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, NotFound
from onrecall.domain.incident import Resolution
from onrecall.domain.passage import Passage
from onrecall.domain.suggestion import Suggestion, SuggestionState
from onrecall.storage import audit, events, paging, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.passages import replace_passages
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import metadata

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", TextType, primary_key=True),  # made of its content, so that the same again is the same one
    Column("kind", TextType, nullable=False),  # resolution or document
    Column("source", TextType, nullable=False),
    Column("by", TextType, nullable=False),
    Column("at", Utc, nullable=False),
    Column("title", TextType, nullable=False),
    Column("text", TextType, nullable=False),
    Column("service", TextType),
    Column("incident", TextType, ForeignKey("incidents.id")),
    Column("resolution", Json),
    Column("document_id", TextType),
    Column("document", Json),
    Column("state", TextType, nullable=False),  # pending, confirmed, dismissed, superseded
    Column("received_at", Utc, nullable=False),
    Column("decided_at", Utc),
    Column("decided_by", TextType),
    Index("suggestions_state", "state", "received_at", "id"),
    Index("suggestions_incident", "incident", "state"),
    Index("suggestions_document", "source", "document_id"),
)
COLUMNS = (
    "id",
    "kind",
    "source",
    "by",
    "at",
    "title",
    "text",
    "service",
    "incident",
    "state",
    "decided_at",
    "decided_by",
)
_AUDIT_ACTIONS: dict[SuggestionState, audit.AuditAction] = {
    "confirmed": "suggestion confirmed",
    "dismissed": "suggestion dismissed",
}


def add(connection: Connection, suggestion: Suggestion, passages: Sequence[Passage], now: datetime) -> bool:
    """Store a suggestion with its passages; returns whether it is new, even if it was decided on since."""
    if connection.scalar(select(suggestions.c.id).where(suggestions.c.id == suggestion.id)) is not None:
        return False
    if suggestion.document is not None:
        _supersede(connection, suggestion.source, suggestion.document.id, now)
    connection.execute(insert(suggestions).values(_to_row(suggestion, now)))
    replace_passages(connection, ("suggestion", suggestion.id), passages)
    document = suggestion.document.id if suggestion.document else None
    detail = {"source": suggestion.source, "by": suggestion.by, "incident": suggestion.incident, "document": document}
    audit.add(connection, "suggestion made", suggestion.id, detail, who=suggestion.by)
    if suggestion.incident is not None:
        event = NewEvent(suggestion.incident, "suggested", suggestion.at, suggestion.by, {"suggestion": suggestion.id})
        events.add(connection, [event], now)
    return True


def get(connection: Connection, suggestion_id: str) -> Suggestion:
    """Return the suggestion with this id."""
    suggestion = by_id(connection, [suggestion_id]).get(suggestion_id)
    if suggestion is None:
        raise NotFound(f"there is no suggestion {suggestion_id}")
    return suggestion


def by_id(connection: Connection, ids: Iterable[str], as_of: datetime | None = None) -> dict[str, Suggestion]:
    """Return suggestions by id; unknown ones (or unknown at `as_of`) are absent."""
    suggestion_by_id: dict[str, Suggestion] = {}
    for chunk in chunk_keys(ids):
        query = select(suggestions).where(suggestions.c.id.in_(chunk))
        if as_of is not None:
            query = query.where(suggestions.c.at <= as_of)
        suggestion_by_id |= {row.id: _from_row(row) for row in connection.execute(query)}
    return suggestion_by_id


def decide(
    connection: Connection, suggestion_id: str, state: SuggestionState, by: str | None, at: datetime
) -> Suggestion:
    """Decide on a suggestion; the same decision again changes nothing. Raises Conflict for another decision."""
    stored = get(connection, suggestion_id)
    if stored.state == state:
        return stored
    if stored.state != "pending":
        raise Conflict(f"suggestion {suggestion_id} was {stored.state} already")
    columns = suggestions.c
    values = {"state": state, "decided_at": at, "decided_by": by}
    connection.execute(
        update(suggestions).where(columns.id == suggestion_id, columns.state == "pending").values(values)
    )
    replace_passages(connection, ("suggestion", suggestion_id), ())
    audit.add(
        connection, _AUDIT_ACTIONS[state], suggestion_id, {"incident": stored.incident, "source": stored.source}, who=by
    )
    if stored.incident is not None and state == "dismissed":
        events.add(connection, [NewEvent(stored.incident, "dismissed", at, by, {"suggestion": suggestion_id})], at)
    return get(connection, suggestion_id)


def _supersede(connection: Connection, source: str, document: str, now: datetime) -> None:
    """Mark undecided older versions of the same document as superseded."""
    columns = suggestions.c
    older = and_(columns.source == source, columns.document_id == document, columns.state == "pending")
    for suggestion_id in connection.scalars(select(columns.id).where(older)).all():
        values = {"state": "superseded", "decided_at": now}
        connection.execute(update(suggestions).where(columns.id == suggestion_id).values(values))
        replace_passages(connection, ("suggestion", suggestion_id), ())


def _to_row(suggestion: Suggestion, now: datetime) -> dict[str, object]:
    validation.check_key(suggestion.service, "service")
    validation.require_text(suggestion.text, "text")
    return {
        **{name: getattr(suggestion, name) for name in COLUMNS},
        "resolution": validation.to_storable(suggestion.resolution, "resolution") if suggestion.resolution else None,
        "document_id": suggestion.document.id if suggestion.document else None,
        "document": validation.to_storable(suggestion.document, "document") if suggestion.document else None,
        "received_at": now,
    }


def _from_row(row: Row[tuple[object, ...]]) -> Suggestion:
    return Suggestion(
        **{name: getattr(row, name) for name in COLUMNS},
        resolution=_resolution_adapter().validate_python(row.resolution) if row.resolution else None,
        document=_document_adapter().validate_python(row.document) if row.document else None,
    )


@cache
def _resolution_adapter() -> TypeAdapter[Resolution]:
    return TypeAdapter(Resolution)


@cache
def _document_adapter() -> TypeAdapter[Document]:
    return TypeAdapter(Document)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The suggestions of the store. Each method is one transaction."""

    database: Database

    def add(self, suggestion: Suggestion, passages: Sequence[Passage], now: datetime) -> bool:
        """Store a suggestion; returns whether it is new."""
        with self.database.write() as connection:
            return add(connection, suggestion, passages, validation.require_utc(now, "now"))

    def get(self, suggestion_id: str) -> Suggestion:
        """Return one suggestion."""
        with self.database.read() as connection:
            return get(connection, suggestion_id)

    def pending(self, *incident_ids: str) -> tuple[Suggestion, ...]:
        """Return undecided suggestions for these incidents, last received first."""
        columns = suggestions.c
        rows: list[Row[Any]] = []
        with self.database.read() as connection:
            for chunk in chunk_keys(incident_ids):
                query = select(suggestions).where(columns.incident.in_(chunk), columns.state == "pending")
                rows += connection.execute(query).all()
        in_order = sorted(rows, key=lambda row: (row.received_at, row.id), reverse=True)
        return tuple(_from_row(row) for row in in_order)

    def any_pending(self) -> bool:
        """Return whether any suggestion is undecided."""
        with self.database.read() as connection:
            query = select(suggestions.c.id).where(suggestions.c.state == "pending").limit(1)
            return connection.scalar(query) is not None

    def page(
        self,
        state: SuggestionState | None = None,
        incident_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[Suggestion]:
        """Return suggestions matching all filters, last received first."""
        columns = suggestions.c
        newest_first = select(suggestions).order_by(columns.received_at.desc(), columns.id.desc())
        query = newest_first.limit(paging.check_limit(limit) + 1)
        if state is not None:
            query = query.where(columns.state == state)
        if incident_id is not None:
            query = query.where(columns.incident == validation.require_text(incident_id, "incident"))
        if cursor is not None:
            query = query.where(_received_before(cursor))
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        next_cursor = paging.next_cursor(rows, limit, lambda row: (row.received_at.isoformat(), row.id))
        return ResultPage(tuple(_from_row(row) for row in rows[:limit]), next_cursor)

    def decide(self, suggestion_id: str, state: SuggestionState, by: str | None, at: datetime) -> Suggestion:
        """Decide on a suggestion."""
        with self.database.write() as connection:
            return decide(connection, suggestion_id, state, by, validation.require_utc(at, "at"))


def _received_before(cursor: str) -> ColumnElement[bool]:
    """Return the condition for suggestions after the one that a cursor names."""
    columns = suggestions.c
    received, name = paging.decode_cursor(cursor, 2)
    at = paging.parse_time(received)
    return or_(columns.received_at < at, and_(columns.received_at == at, columns.id < name))
