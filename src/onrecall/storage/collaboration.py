"""What people do while they work on an incident: who takes it, and what they write about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from onrecall.domain.alert import Note
from onrecall.domain.incident import Incident
from onrecall.domain.incident_edit import changed_fields
from onrecall.domain.passage import Passage
from onrecall.storage import events, incident_rows, notes, validation
from onrecall.storage.apply_plan import queue_refresh
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.ingest_results import StoredNote
from onrecall.storage.passages import replace_passages
from onrecall.storage.tables import notes as note_rows

SOURCE = "onrecall"
"""The source of notes that are written here, beside the names of the tools that notes come from."""
MAX_ASSIGNEES = 200


class CollaborationRepository:
    """Assigns incidents and stores notes that are written here. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def assign(self, incident_id: str, assignee: str | None, at: datetime, by: str | None) -> Incident:
        """Assign an incident, or unassign it with None. The same name again changes nothing. Raises NotFound."""
        for name, value in (("assignee", assignee), ("by", by)):
            validation.require_text(value or "", name)
            validation.check_key(value, name)
        at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            stored = incident_rows.get(connection, incident_id)
            if stored.assignee == assignee:
                return stored
            incident_rows.assign(connection, incident_id, assignee)
            events.add(connection, [NewEvent(incident_id, "assigned", at, by, {"assignee": assignee})], at)
            return replace(stored, assignee=assignee)

    def edit(
        self, before: Incident, after: Incident, passages: Sequence[Passage], at: datetime, by: str | None
    ) -> bool:
        """Write an edited incident and the passages it is recalled by; returns False where it changed meanwhile."""
        validation.require_text(by or "", "by")
        validation.check_key(by, "by")
        validation.check_key(after.assignee, "assignee")
        validation.to_storable(after)
        at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            if incident_rows.get(connection, before.id) != before:
                return False
            if after != before:
                _write_edit(connection, before, after, passages, at)
                events.add(connection, _edit_events(before, after, at, by), at)
            return True

    def add_note(self, incident_id: str, text: str, at: datetime, by: str | None) -> tuple[StoredNote, bool]:
        """Store a note and put it on the timeline; the second value says whether it was new. Raises NotFound.

        The same text by the same person about the same incident is one note, so a retry adds nothing.
        """
        at = validation.require_utc(at, "at")
        note = Note(source=SOURCE, id=_note_id(incident_id, text, by), key=incident_id, text=text, at=at, by=by)
        row = notes.to_row(note) | {"incident": incident_id, "waiting": False}
        with self._database.write() as connection:
            incident_rows.get(connection, incident_id)
            (is_new,) = notes.insert_new(connection, [row])
            if is_new:
                detail = {"source": SOURCE, "note": note.id, "text": text}
                events.add(connection, [NewEvent(incident_id, "noted", at, by, detail)], at)
            return _stored_note(connection, note.id), is_new

    def assignees(self) -> tuple[str, ...]:
        """Return the names incidents are assigned to, sorted."""
        with self._database.read() as connection:
            return incident_rows.assignees(connection, MAX_ASSIGNEES)


def _write_edit(
    connection: Connection, before: Incident, after: Incident, passages: Sequence[Passage], at: datetime
) -> None:
    incident_rows.update_state(connection, after)
    incident_rows.write_edit(connection, after)
    moved = (before.service, before.labels) != (after.service, after.labels)
    replace_passages(connection, ("incident", after.id), passages, moved=moved)
    described = [(state.text, state.service, state.severity, state.labels) for state in (before, after)]
    if after.status != "resolved" and described[0] != described[1]:
        queue_refresh(connection, after.id, at)


def _edit_events(before: Incident, after: Incident, at: datetime, by: str | None) -> list[NewEvent]:
    happenings = []
    if changes := changed_fields(before, after):
        happenings.append(NewEvent(after.id, "edited", at, by, changes))
    if before.assignee != after.assignee:
        happenings.append(NewEvent(after.id, "assigned", at, by, {"assignee": after.assignee}))
    return happenings


def _note_id(incident_id: str, text: str, by: str | None) -> str:
    """Return the id of a note: the same person, incident and text always give the same id."""
    return sha256("\0".join((incident_id, by or "", text)).encode(errors="replace")).hexdigest()[:32]


def _stored_note(connection: Connection, note_id: str) -> StoredNote:
    query = select(note_rows).where(note_rows.c.source == SOURCE, note_rows.c.id == note_id)
    return notes.from_row(connection.execute(query).one())
