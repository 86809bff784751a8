"""Apply a grouping plan: assign alerts to incidents, and open, change, reopen, merge or split these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from onrecall.domain.incident import Incident, IncidentLink
from onrecall.domain.passage import Passage
from onrecall.storage import alerts, events, incident_rows, links, passages, records, sequences, validation
from onrecall.storage.events import NewEvent
from onrecall.storage.grouping_snapshot import Kinds
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import incidents as incident_table
from onrecall.storage.tables import links as link_rows
from onrecall.storage.tables import notes, pairings

BY_ALERTS: Mapping[str, Any] = {"by_alerts": True}
"""Event detail that marks changes made by alerts rather than a person."""


@dataclass(frozen=True, slots=True)
class AlertAssignment:
    """An alert to mark as processed; with `joined` it is assigned to the incident, and `joined` says why."""

    alert: StoredAlert
    joined: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewIncident:
    """A new incident with its first alerts."""

    incident: Incident
    passages: tuple[Passage, ...]
    alerts: tuple[AlertAssignment, ...]
    events: tuple[NewEvent, ...] = ()
    """Events on its timeline from the start; the incident's id is filled in."""
    out_of: str | None = None
    """The incident it was split from."""


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident that alerts joined, left or updated."""

    before: Incident
    """The incident as it was read; if it has changed since, nothing is written."""
    after: Incident
    passages: tuple[Passage, ...] | None = None
    """The new passages for retrieval; None keeps the current ones."""
    alerts: tuple[AlertAssignment, ...] = ()
    events: tuple[NewEvent, ...] = ()
    refresh: bool = False
    """Whether its content changed so that a new answer is needed."""
    unlinked: str | None = None
    """The incident it is no longer merged into."""


@dataclass(frozen=True, slots=True)
class IncidentMerge:
    """Merges an incident into another: alerts and notes move; the merged incident stays and can still be read."""

    absorbed: Incident
    """The incident as it was read."""
    into: str
    at: datetime
    by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupingWrite:
    """A grouping plan to be applied as a whole, if the snapshot it was made from is still current."""

    number: int
    opened: tuple[NewIncident, ...] = ()
    changed: tuple[IncidentChange, ...] = ()
    merged: tuple[IncidentMerge, ...] = ()
    done: tuple[AlertAssignment, ...] = ()
    """Alerts to mark as processed that change nothing."""
    pairings: Mapping[Kinds, bool] = field(default_factory=dict)
    by: str | None = None
    """The person who asked for it; None if alerts caused it."""


def apply(connection: Connection, work: GroupingWrite, now: datetime, settle: timedelta) -> tuple[str, ...] | None:
    """Write the plan and return the ids of the incidents it opened.

    Returns None if another transaction changed these incidents first; the caller should re-plan.
    """
    if not _is_current(connection, work):
        return None
    sequences.increment(connection, "grouping", 1)
    opened = tuple(_open_incident(connection, new_incident, now, settle, work.by) for new_incident in work.opened)
    for merge in work.merged:
        _merge_incident(connection, merge, now)
    for change in work.changed:
        _change_incident(connection, change, now, settle)
    _assign_alerts(connection, None, work.done)
    _save_pairings(connection, work.pairings, now, work.by)
    for incident_id in (*opened, *(change.after.id for change in work.changed)):
        _update_quiet_since(connection, incident_id, now)
    return opened


def _is_current(connection: Connection, work: GroupingWrite) -> bool:
    if sequences.current_value(connection, "grouping") != work.number:
        return False
    read = [change.before for change in work.changed] + [merge.absorbed for merge in work.merged]
    stored = incident_rows.by_id(connection, [incident.id for incident in read])
    return all(stored.get(incident.id) == incident for incident in read)


def _open_incident(
    connection: Connection, new_incident: NewIncident, now: datetime, settle: timedelta, by: str | None
) -> str:
    incident, _ = records.open_incident(connection, new_incident.incident, new_incident.passages, now)
    if incident.status == "resolved":
        incident_rows.update_state(connection, incident, waiting=False)
    else:
        connection.execute(update(incident_table).where(incident_table.c.id == incident.id).values(due_at=now + settle))
    _assign_alerts(connection, incident.id, new_incident.alerts)
    events.add(connection, [replace(event, incident=incident.id) for event in new_incident.events], now)
    if new_incident.out_of is not None:
        split_events = [
            NewEvent(new_incident.out_of, "split", now, by, {"incident": incident.id}),
            NewEvent(incident.id, "split", now, by, {"out_of": new_incident.out_of}),
        ]
        events.add(connection, split_events, now)
        _move_notes(connection, new_incident.alerts, new_incident.out_of, incident.id)
    return incident.id


def _change_incident(connection: Connection, change: IncidentChange, now: datetime, settle: timedelta) -> None:
    after = change.after
    if change.unlinked is not None:
        _remove_merge_link(connection, after.id, change.unlinked)
        _move_notes(connection, change.alerts, change.unlinked, after.id)
    stored = incident_rows.by_id(connection, [after.id])[after.id]
    incident_rows.update_state(connection, replace(after, links=stored.links))
    if change.passages is not None:
        moved = (change.before.service, change.before.labels) != (after.service, after.labels)
        passages.replace_passages(connection, ("incident", after.id), change.passages, moved=moved)
    _assign_alerts(connection, after.id, change.alerts)
    events.add(connection, change.events, now)
    if change.refresh:
        queue_refresh(connection, after.id, now + settle)


def queue_refresh(connection: Connection, incident_id: str, soonest: datetime) -> None:
    """Queue an incident for a new answer, not before `soonest`; one that is queued already keeps its due time."""
    row = connection.execute(
        select(incident_table.c.waiting, incident_table.c.due_at).where(incident_table.c.id == incident_id)
    ).one()
    if not row.waiting:
        due = max(row.due_at or soonest, soonest)
        connection.execute(
            update(incident_table).where(incident_table.c.id == incident_id).values(waiting=True, due_at=due)
        )


_BY_ID = alert_rows.c.id == bindparam("its")
_MARK_PROCESSED = update(alert_rows).where(_BY_ID).values(waiting=bindparam("later"))
_ASSIGN = (
    update(alert_rows)
    .where(_BY_ID)
    .values(
        waiting=bindparam("later"), incident=bindparam("to"), joined=bindparam("how"), maintenance=bindparam("window")
    )
)
_MOVE = update(alert_rows).where(_BY_ID).values(incident=bindparam("to"), joined=bindparam("how"))


def _assign_alerts(connection: Connection, incident: str | None, assignments: Sequence[AlertAssignment]) -> None:
    """Take alerts off the queue; those that changed since they were read stay queued."""
    if not assignments:
        return
    hashes = alerts.pending_hashes(connection, [assignment.alert.id for assignment in assignments])
    processed, moved = [], []
    for assignment in assignments:
        row = {"its": assignment.alert.id, "later": hashes[assignment.alert.id] not in (None, assignment.alert.hash)}
        if assignment.joined is None:
            processed.append(row)
        else:
            moved.append(row | {"to": incident, "how": assignment.joined, "window": assignment.joined.get("window")})
    for statement, rows in ((_MARK_PROCESSED, processed), (_ASSIGN, moved)):
        if rows:
            connection.execute(statement, rows)


def _update_quiet_since(connection: Connection, incident_id: str, now: datetime) -> None:
    """Update `quiet_since`: None while any alert fires, else when the last one stopped."""
    alert_columns = alert_rows.c
    fires = connection.scalar(
        select(exists().where(alert_columns.incident == incident_id, alert_columns.status == "firing"))
    )
    has_alerts = fires or connection.scalar(select(exists().where(alert_columns.incident == incident_id)))
    incident_columns = incident_table.c
    if fires or not has_alerts:
        connection.execute(update(incident_table).where(incident_columns.id == incident_id).values(quiet_since=None))
    else:
        still = update(incident_table).where(
            incident_columns.id == incident_id,
            incident_columns.quiet_since.is_(None),
            incident_columns.status != "resolved",
        )
        connection.execute(still.values(quiet_since=now))


def _merge_incident(connection: Connection, merge: IncidentMerge, now: datetime) -> None:
    moved = _move_alerts(connection, merge)
    connection.execute(update(notes).where(notes.c.incident == merge.absorbed.id).values(incident=merge.into))
    link = IncidentLink("merged", merge.into)
    links.add(connection, merge.absorbed.id, [link], merge.at)
    merged_incident = replace(
        merge.absorbed,
        status="resolved",
        resolved_at=merge.absorbed.resolved_at or max(merge.at, merge.absorbed.started_at),
        links=tuple(dict.fromkeys((*merge.absorbed.links, link))),
    )
    incident_rows.update_state(connection, merged_incident, waiting=False)
    connection.execute(update(incident_table).where(incident_table.c.id == merged_incident.id).values(quiet_since=None))
    absorbed = {"into": merge.into, "alerts": moved, **merge.detail}
    absorbing = {"incident": merged_incident.id, "alerts": moved, **merge.detail}
    merge_events = [
        NewEvent(merged_incident.id, "merged", merge.at, merge.by, absorbed),
        NewEvent(merge.into, "merged", merge.at, merge.by, absorbing),
    ]
    events.add(connection, merge_events, now)


def _move_alerts(connection: Connection, merge: IncidentMerge) -> int:
    """Move the alerts of the absorbed incident, noting where they were; returns how many there were."""
    columns = alert_rows.c
    query = select(columns.id, columns.joined).where(columns.incident == merge.absorbed.id)
    moves = [
        {"its": row.id, "to": merge.into, "how": {**(row.joined or {}), "from": merge.absorbed.id}}
        for row in connection.execute(query)
    ]
    if moves:
        connection.execute(_MOVE, moves)
    return len(moves)


def _move_notes(connection: Connection, assignments: Sequence[AlertAssignment], origin: str, to: str) -> None:
    """Move the notes about these alerts to the incident the alerts move to."""
    for source, key in {(assignment.alert.alert.source, assignment.alert.alert.key) for assignment in assignments}:
        note_columns = notes.c
        about = update(notes).where(
            note_columns.incident == origin, note_columns.source == source, note_columns.key == key
        )
        connection.execute(about.values(incident=to))


def _remove_merge_link(connection: Connection, incident_id: str, target: str) -> None:
    columns = link_rows.c
    connection.execute(
        delete(link_rows).where(columns.incident == incident_id, columns.kind == "merged", columns.target == target)
    )


def _save_pairings(connection: Connection, decisions: Mapping[Kinds, bool], now: datetime, by: str | None) -> None:
    """Save a person's decision about pairs of alert kinds; the latest decision wins."""
    for kinds, together in sorted(decisions.items(), key=lambda pair: sorted(pair[0])):
        first, second = sorted(kinds)
        columns = pairings.c
        connection.execute(delete(pairings).where(columns.one == first, columns.other == second))
        row = {"one": first, "other": second, "together": together, "at": now, "by": by}
        validation.check_key(first, "kind")
        validation.check_key(second, "kind")
        connection.execute(insert(pairings).values(row))
