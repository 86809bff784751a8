"""Incident events: a timeline per incident and one feed of all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from onrecall.domain.incident import IncidentLink
from onrecall.storage import audit, incident_rows, paging, sequences
from onrecall.storage.batching import chunk_keys
from onrecall.storage.database import Database
from onrecall.storage.postgres import NOTICE_CHANNEL
from onrecall.storage.results import EventType, IncidentEvent
from onrecall.storage.tables import events


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that has no number yet."""

    incident: str
    type: EventType
    at: datetime
    by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class EventRepository:
    """Incident events: a timeline per incident, and one feed of all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def timeline(self, incident: str) -> tuple[IncidentEvent, ...]:
        """Return the events of an incident, in the order they happened. Raises NotFound."""
        with self._database.read() as connection:
            incident_rows.get(connection, incident)
            return timeline(connection, incident)

    def feed(self, after: int = 0, limit: int = 100) -> tuple[IncidentEvent, ...]:
        """Return events of all incidents, in the order they were recorded; continue after the last `seq`."""
        query = select(events).where(events.c.seq > after).order_by(events.c.seq).limit(paging.check_limit(limit))
        with self._database.read() as connection:
            return tuple(_from_row(row) for row in connection.execute(query))

    def newest_before(self, recorded: datetime) -> int:
        """Return the `seq` of the newest event recorded before a time; 0 if there is none."""
        query = select(events.c.seq).where(events.c.recorded_at < recorded).order_by(events.c.seq.desc()).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) or 0


def link_detail(link: IncidentLink) -> Mapping[str, Any]:
    """Return the detail of a `linked` event."""
    return {"kind": link.kind, "incident": link.incident}


def add(connection: Connection, new_events: Sequence[NewEvent], now: datetime) -> None:
    """Append events to the timelines and the feed."""
    if not new_events:
        return
    seqs = sequences.allocate(connection, "event", len(new_events))
    rows = [
        {"seq": seq, "recorded_at": now}
        | {name: getattr(event, name) for name in ("incident", "type", "at", "by", "detail")}
        for seq, event in zip(seqs, new_events, strict=True)
    ]
    connection.execute(insert(events), rows)
    _audit(connection, new_events, seqs)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(NOTICE_CHANNEL, "")))  # sent once, on commit


def _audit(connection: Connection, new_events: Sequence[NewEvent], seqs: range) -> None:
    subjects = audit.summarize_ids([event.incident for event in new_events])
    people = {event.by for event in new_events}
    audit.add(
        connection,
        "incident changed",
        new_events[0].incident if subjects["count"] == 1 else None,
        {**subjects, "events": Counter(event.type for event in new_events), "seq": [seqs[0], seqs[-1]]},
        who=people.pop() if len(people) == 1 else None,
    )


def timeline(connection: Connection, incident: str) -> tuple[IncidentEvent, ...]:
    """Return the events of an incident, in the order they happened."""
    query = select(events).where(events.c.incident == incident).order_by(events.c.at, events.c.seq)
    return tuple(_from_row(row) for row in connection.execute(query))


def all_imported(connection: Connection, incident: str) -> bool:
    """Return whether all events of an incident came from an import, so nobody has touched it since."""
    details = connection.scalars(select(events.c.detail).where(events.c.incident == incident)).all()
    return bool(details) and all(detail.get("imported") for detail in details)


def newest_by_incident(connection: Connection, incident_ids: Sequence[str]) -> dict[str, IncidentEvent]:
    """Return the last recorded event of each incident."""
    by_incident: dict[str, IncidentEvent] = {}
    for chunk in chunk_keys(incident_ids):
        last = select(func.max(events.c.seq)).where(events.c.incident.in_(chunk)).group_by(events.c.incident)
        by_incident |= {
            row.incident: _from_row(row) for row in connection.execute(select(events).where(events.c.seq.in_(last)))
        }
    return by_incident


def _from_row(row: Row[tuple[object, ...]]) -> IncidentEvent:
    return IncidentEvent(row.seq, row.incident, row.type, row.at, row.recorded_at, row.by, row.detail)
