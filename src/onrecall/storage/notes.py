"""Notes and acknowledgements by people at the sources, each stored once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from onrecall.domain.alert import Acknowledgement, Note
from onrecall.storage import incident_rows, validation
from onrecall.storage.batching import group_by_first
from onrecall.storage.database import Database
from onrecall.storage.ingest_results import StoredNote
from onrecall.storage.tables import notes


class NoteRepository:
    """What people wrote at the sources about alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int) -> tuple[StoredNote, ...]:
        """Return notes and acknowledgements not applied to an incident yet, oldest first."""
        query = select(notes).where(notes.c.waiting).order_by(notes.c.at, notes.c.source, notes.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(from_row(row) for row in connection.execute(query))

    def of_incident(self, incident: str) -> tuple[StoredNote, ...]:
        """Return the notes about the alerts of an incident. Raises NotFound."""
        query = select(notes).where(notes.c.incident == incident).order_by(notes.c.at, notes.c.source, notes.c.id)
        with self._database.read() as connection:
            incident_rows.get(connection, incident)
            return tuple(from_row(row) for row in connection.execute(query))


def to_row(note: Note | Acknowledgement) -> dict[str, Any]:
    """Return the row of a note or an acknowledgement. Raises Invalid if it can't be stored."""
    row = {
        "source": note.source,
        "id": note.id if isinstance(note, Note) else _acknowledgement_id(note),
        "type": "note" if isinstance(note, Note) else "acknowledgement",
        "key": note.key,
        "at": validation.require_utc(note.at, "at"),
        "by": note.by,
        "text": note.text if isinstance(note, Note) else None,
        "incident": None,
        "waiting": True,
    }
    for name in ("source", "id", "key", "by", "text"):
        validation.require_text(str(row[name] or ""), name)
    for name in ("source", "id", "key"):
        validation.check_key(str(row[name]), name)
    return row


def insert_new(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Insert notes that are new; returns for each whether it was."""
    row_ids = [(row["source"], row["id"]) for row in rows]
    stored_ids: set[tuple[str, str]] = set()
    for source, ids in group_by_first(row_ids):
        query = select(notes.c.source, notes.c.id).where(notes.c.source == source, notes.c.id.in_(ids))
        stored_ids.update((row.source, row.id) for row in connection.execute(query))
    new = []
    for name in row_ids:
        new.append(name not in stored_ids)
        stored_ids.add(name)
    fresh = [row for row, is_new in zip(rows, new, strict=True) if is_new]
    if fresh:
        connection.execute(insert(notes), fresh)
    return new


def from_row(row: Row[Any]) -> StoredNote:
    """Convert a row to a StoredNote."""
    return StoredNote(
        row.source, row.id, row.type, row.key, row.at, row.by, row.text, row.incident, waiting=row.waiting
    )


def _acknowledgement_id(acknowledgement: Acknowledgement) -> str:
    """Return an id for an acknowledgement: the same for the same content, and never that of a note."""
    at: datetime = validation.require_utc(acknowledgement.at, "at")
    content = "\n".join((acknowledgement.key, at.isoformat(), acknowledgement.by or ""))
    return f"acknowledgement:{hashlib.sha256(content.encode(errors='replace')).hexdigest()[:32]}"
