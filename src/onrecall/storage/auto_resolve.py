"""Settle incidents after grouping: end them when quiet, apply notes and acknowledgements, find related changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ScalarSelect, and_, or_, select, update

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident
from onrecall.storage import alerts, change_events, events, incident_rows, notes
from onrecall.storage.apply_plan import BY_ALERTS, queue_refresh
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.grouping_snapshot import ALERTS_SOURCE
from onrecall.storage.ingest_results import StoredNote
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import change_events as change_rows
from onrecall.storage.tables import incidents as incident_table
from onrecall.storage.tables import notes as note_rows

LAST_ALERTS = 500
"""The end time is computed from at most this many of the newest alerts."""
CHANGE_TOLERANCE = timedelta(minutes=5)
"""A change this much after an incident's first alert may still have come first: clocks differ, and alerts take time."""


class AutoResolveRepository:
    """What the worker settles: quiet incidents, and the notes and changes that wait for their incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def quiet_incidents(self, since: datetime) -> tuple[str, ...]:
        """Return unresolved incidents opened by alerts of which none has fired since a time."""
        with self._database.read() as connection:
            return _quiet_incidents(connection, since)

    def resolve_quiet(self, incident_id: str, since: datetime, now: datetime) -> Incident | None:
        """Resolve an incident whose alerts are all over, as of the last alert's end; the cause is left to people."""
        with self._database.write() as connection:
            if not _quiet_incidents(connection, since, incident_id):
                return None
            stored = incident_rows.get(connection, incident_id)
            at = _end_time(connection, stored, now)
            resolved = replace(stored, status="resolved", resolved_at=at)
            incident_rows.update_state(connection, resolved)
            events.add(connection, [NewEvent(incident_id, "resolved", at, detail=BY_ALERTS)], now)
            return resolved

    def end_time(self, incident: Incident, now: datetime) -> datetime:
        """Return when the last alert of an incident ended."""
        with self._database.read() as connection:
            return _end_time(connection, incident, now)

    def waiting_notes(self, limit: int) -> list[tuple[StoredNote, str]]:
        """Return waiting notes and acknowledgements, each with the incident of its alert."""
        with self._database.read() as connection:
            note_columns, newest_incident = note_rows.c, _newest_incident_of_alert()
            query = select(note_rows, newest_incident.label("its_incident")).where(
                note_columns.waiting, newest_incident.is_not(None)
            )
            rows = connection.execute(
                query.order_by(note_columns.at, note_columns.source, note_columns.id).limit(limit)
            ).all()
            return [(notes.from_row(row), row.its_incident) for row in rows]

    def apply_note(self, note: StoredNote, incident: str, now: datetime) -> None:
        """Put a note on the timeline, or acknowledge the incident. Applying it twice has no further effect."""
        with self._database.write() as connection:
            note_columns = note_rows.c
            is_note = and_(note_columns.source == note.source, note_columns.id == note.id)
            if not connection.scalar(select(note_columns.waiting).where(is_note)):
                return
            connection.execute(update(note_rows).where(is_note).values(incident=incident, waiting=False))
            if note.type == "note":
                detail = {"source": note.source, "note": note.id, "text": note.text or ""}
                events.add(connection, [NewEvent(incident, "noted", note.at, note.by, detail)], now)
                return
            stored = incident_rows.get(connection, incident)
            if stored.status == "open":
                incident_rows.update_state(connection, stored.acknowledge(note.at))
                event = NewEvent(incident, "acknowledged", note.at, note.by, {"source": note.source})
                events.add(connection, [event], now)

    def waiting_changes(self, limit: int, window: timedelta) -> list[tuple[ChangeEvent, tuple[str, ...]]]:
        """Return unprocessed changes, each with the open incidents that began within `window` after it."""
        query = select(change_rows).where(change_rows.c.waiting).order_by(change_rows.c.at).limit(limit)
        with self._database.read() as connection:
            changes = [change_events.from_row(row) for row in connection.execute(query)]
            return [(change, _incidents_after_change(connection, change, window)) for change in changes]

    def mark_changes_processed(
        self, changes: Sequence[ChangeEvent], concerned: Iterable[str], soonest: datetime
    ) -> None:
        """Queue the affected incidents for new answers, and mark the changes as processed."""
        with self._database.write() as connection:
            columns = change_rows.c
            for change in changes:
                connection.execute(
                    update(change_rows)
                    .where(columns.source == change.source, columns.key == change.key)
                    .values(waiting=False)
                )
            for incident_id in dict.fromkeys(concerned):
                queue_refresh(connection, incident_id, soonest)


def _newest_incident_of_alert() -> ScalarSelect[Any]:
    """Return the query for the newest incident of the alert that a note is about."""
    columns = alert_rows.c
    of_alert = columns.source == note_rows.c.source, columns.key == note_rows.c.key, columns.incident.is_not(None)
    newest_first = select(columns.incident).where(*of_alert).order_by(columns.starts_at.desc())
    return newest_first.limit(1).scalar_subquery()


def _quiet_incidents(connection: Connection, since: datetime, incident_id: str | None = None) -> tuple[str, ...]:
    """Return unresolved incidents opened by alerts of which none has fired since a time."""
    columns = incident_table.c
    query = select(columns.id).where(
        columns.quiet_since <= since, columns.status != "resolved", columns.source == ALERTS_SOURCE
    )
    if incident_id is not None:
        query = query.where(columns.id == incident_id)
    return tuple(connection.scalars(query.order_by(columns.quiet_since, columns.id)))


def _end_time(connection: Connection, incident: Incident, now: datetime) -> datetime:
    """Return when the last alert ended if every alert has an end time, else when the incident became quiet."""
    quiet_since = connection.scalar(select(incident_table.c.quiet_since).where(incident_table.c.id == incident.id))
    end_times = [
        stored_alert.alert.ends_at for stored_alert in alerts.of_incident(connection, incident.id, LAST_ALERTS)
    ]
    known_times = [at for at in end_times if at is not None]
    last = max(known_times) if known_times and len(known_times) == len(end_times) else quiet_since or now
    return max(incident.started_at, min(last, now))


def _incidents_after_change(connection: Connection, change: ChangeEvent, window: timedelta) -> tuple[str, ...]:
    """Return open incidents that began within `window` after a change of one of their services (or of no service)."""
    incident_columns, alert_columns = incident_table.c, alert_rows.c
    query = select(incident_columns.id).where(
        incident_columns.status != "resolved",
        incident_columns.started_at >= change.at - CHANGE_TOLERANCE,
        incident_columns.started_at <= change.at + window,
    )
    if change.service is not None:
        of_service = (
            select(alert_columns.incident)
            .where(alert_columns.incident == incident_columns.id, alert_columns.service == change.service)
            .exists()
        )
        query = query.where(or_(incident_columns.service == change.service, of_service))
    return tuple(connection.scalars(query.order_by(incident_columns.id)))
