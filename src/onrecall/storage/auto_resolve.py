"""What is settled once alerts are in their incidents: the end of an incident, notes, acknowledgements, changes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.incident import Incident
from onrecall.storage import alerts, change_events, events, incidents, notes
from onrecall.storage.apply_plan import BY_ALERTS, refresh
from onrecall.storage.events import NewEvent
from onrecall.storage.grouping_snapshot import ALERTS
from onrecall.storage.ingest_results import StoredNote
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import change_events as change_rows
from onrecall.storage.tables import incidents as incident_rows
from onrecall.storage.tables import notes as note_rows

LAST = 500
"""So many of the newest alerts tell when it was over."""
AFTER = timedelta(minutes=5)
"""A change this much after an incident's first alert may still have come first: clocks differ, and alerts take time."""


def quiet(connection: Connection, since: datetime, name: str | None = None) -> tuple[str, ...]:
    """Incidents that alerts opened, of which none has fired since a time, and which nobody resolved."""
    its = incident_rows.c
    query = select(its.id).where(its.quiet_since <= since, its.status != "resolved", its.source == ALERTS)
    if name is not None:
        query = query.where(its.id == name)
    return tuple(connection.scalars(query.order_by(its.quiet_since, its.id)))


def resolve(connection: Connection, name: str, since: datetime, now: datetime) -> Incident | None:
    """End an incident whose alerts are all over, when the last one was; what it was is for people to say."""
    if not quiet(connection, since, name):
        return None
    stored = incidents.one(connection, name)
    at = ended(connection, stored, now)
    resolved = replace(stored, status="resolved", resolved_at=at)
    incidents.move(connection, resolved)
    events.add(connection, [NewEvent(name, "resolved", at, detail=BY_ALERTS)], now)
    return resolved


def ended(connection: Connection, incident: Incident, now: datetime) -> datetime:
    """When the last of its alerts was over, if their senders all said so; else when that was heard."""
    heard = connection.scalar(select(incident_rows.c.quiet_since).where(incident_rows.c.id == incident.id))
    said = [one.alert.ends_at for one in alerts.of(connection, incident.id, LAST)]
    known = [one for one in said if one is not None]
    last = max(known) if known and len(known) == len(said) else heard or now
    return max(incident.started_at, min(last, now))


def notes_to_tell(connection: Connection, limit: int) -> list[tuple[StoredNote, str]]:
    """Notes and acknowledgements that wait, each with the incident that its alert is in."""
    found = (
        select(alert_rows.c.incident)
        .where(
            alert_rows.c.source == note_rows.c.source,
            alert_rows.c.key == note_rows.c.key,
            alert_rows.c.incident.is_not(None),
        )
        .order_by(alert_rows.c.starts_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    its = note_rows.c
    query = select(note_rows, found.label("its_incident")).where(its.waiting, found.is_not(None))
    rows = connection.execute(query.order_by(its.at, its.source, its.id).limit(limit)).all()
    return [(notes.stored(row), row.its_incident) for row in rows]


def tell_note(connection: Connection, note: StoredNote, incident: str, now: datetime) -> None:
    """Put a note on the incident's timeline, or have an acknowledgement count for it; told twice, it counts once."""
    its = note_rows.c
    this = and_(its.source == note.source, its.id == note.id)
    if not connection.scalar(select(its.waiting).where(this)):
        return
    connection.execute(update(note_rows).where(this).values(incident=incident, waiting=False))
    if note.type == "note":
        detail = {"source": note.source, "note": note.id, "text": note.text or ""}
        events.add(connection, [NewEvent(incident, "noted", note.at, note.by, detail)], now)
        return
    stored = incidents.one(connection, incident)
    if stored.status == "open":
        incidents.move(connection, stored.acknowledge(note.at))
        told = NewEvent(incident, "acknowledged", note.at, note.by, {"source": note.source})
        events.add(connection, [told], now)


def changes_to_look_at(connection: Connection, limit: int) -> tuple[ChangeEvent, ...]:
    """Changes of which nobody looked yet which incidents they concern."""
    query = select(change_rows).where(change_rows.c.waiting).order_by(change_rows.c.at).limit(limit)
    return tuple(change_events.told(row) for row in connection.execute(query))


def open_after(connection: Connection, change: ChangeEvent, window: timedelta) -> tuple[str, ...]:
    """Open incidents that began within a time after a change of one of their services, or of none in particular."""
    its, alert = incident_rows.c, alert_rows.c
    query = select(its.id).where(
        its.status != "resolved", its.started_at >= change.at - AFTER, its.started_at <= change.at + window
    )
    if change.service is not None:
        of_service = select(alert.incident).where(alert.incident == its.id, alert.service == change.service).exists()
        query = query.where(or_(its.service == change.service, of_service))
    return tuple(connection.scalars(query.order_by(its.id)))


def looked_at(
    connection: Connection, changes: Sequence[ChangeEvent], concerned: Iterable[str], soonest: datetime
) -> None:
    """Have the incidents that changes concern answered anew, and the changes wait no longer."""
    its = change_rows.c
    for change in changes:
        connection.execute(
            update(change_rows).where(its.source == change.source, its.key == change.key).values(waiting=False)
        )
    for name in dict.fromkeys(concerned):
        refresh(connection, name, soonest)
