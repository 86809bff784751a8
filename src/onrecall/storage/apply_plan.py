"""Writing what grouping decided: alerts go to their incidents, which open, change, reopen, merge or split with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from onrecall.domain.incident import Incident, IncidentLink, Passage
from onrecall.storage import alerts, events, incidents, links, passages
from onrecall.storage import sequences as counting
from onrecall.storage import upsert as saving
from onrecall.storage import validation as guard
from onrecall.storage.events import NewEvent
from onrecall.storage.grouping_snapshot import Kinds
from onrecall.storage.ingest_results import StoredAlert
from onrecall.storage.tables import alerts as alert_rows
from onrecall.storage.tables import incidents as incident_rows
from onrecall.storage.tables import links as link_rows
from onrecall.storage.tables import notes, pairings

BY_ALERTS: Mapping[str, Any] = {"by_alerts": True}
"""What an event says that no person brought about."""


@dataclass(frozen=True, slots=True)
class AlertAssignment:
    """An alert whose news is taken in; with `joined` it goes to the incident, and that says how it came there."""

    alert: StoredAlert
    joined: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewIncident:
    """An incident that opens with these alerts."""

    incident: Incident
    passages: tuple[Passage, ...]
    alerts: tuple[AlertAssignment, ...]
    told: tuple[NewEvent, ...] = ()
    """What is on its timeline from the start; the incident's id is filled in."""
    out_of: str | None = None
    """The incident that it was split from."""


@dataclass(frozen=True, slots=True)
class IncidentChange:
    """An incident that alerts joined, left, or told news of."""

    before: Incident
    """As it was read: when somebody changed it meanwhile, nothing is written."""
    after: Incident
    passages: tuple[Passage, ...] | None = None
    """What it is recalled by from now on; None: as before."""
    alerts: tuple[AlertAssignment, ...] = ()
    told: tuple[NewEvent, ...] = ()
    refresh: bool = False
    """It says something new, so it is to be answered anew."""
    untied: str | None = None
    """It is no longer merged into this incident."""


@dataclass(frozen=True, slots=True)
class IncidentMerge:
    """One incident is part of another: its alerts and notes go there, it stays to be found."""

    gone: Incident
    """As it was read."""
    into: str
    at: datetime
    by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupingWrite:
    """What is to be written, all or nothing, if it still rests on the newest."""

    number: int
    opened: tuple[NewIncident, ...] = ()
    changed: tuple[IncidentChange, ...] = ()
    merged: tuple[IncidentMerge, ...] = ()
    done: tuple[AlertAssignment, ...] = ()
    """Alerts whose news changes nothing."""
    pairings: Mapping[Kinds, bool] = field(default_factory=dict)
    by: str | None = None
    """Whose work it is; nobody's in particular when alerts bring it about."""


def write(connection: Connection, work: GroupingWrite, now: datetime, settle: timedelta) -> tuple[str, ...] | None:
    """Write the plan and return the ids of the incidents it opened.

    Returns None if another transaction changed these incidents first; the caller should re-plan.
    """
    if not _still(connection, work):
        return None
    counting.add(connection, "grouping", 1)
    opened = tuple(_open(connection, one, now, settle, work.by) for one in work.opened)
    for merge in work.merged:
        _merge(connection, merge, now)
    for change in work.changed:
        _change(connection, change, now, settle)
    _place(connection, None, work.done)
    _pair(connection, work.pairings, now, work.by)
    for name in (*opened, *(one.after.id for one in work.changed)):
        _quieten(connection, name, now)
    return opened


def _still(connection: Connection, work: GroupingWrite) -> bool:
    if counting.value(connection, "grouping") != work.number:
        return False
    read = [one.before for one in work.changed] + [one.gone for one in work.merged]
    stored = incidents.by_id(connection, [one.id for one in read])
    return all(stored.get(one.id) == one for one in read)


def _open(connection: Connection, one: NewIncident, now: datetime, settle: timedelta, by: str | None) -> str:
    incident, _ = saving.open_one(connection, one.incident, one.passages, now)
    if incident.status == "resolved":
        incidents.move(connection, incident, waiting=False)
    else:
        connection.execute(update(incident_rows).where(incident_rows.c.id == incident.id).values(due_at=now + settle))
    _place(connection, incident.id, one.alerts)
    events.add(connection, [replace(told, incident=incident.id) for told in one.told], now)
    if one.out_of is not None:
        parted = [
            NewEvent(one.out_of, "split", now, by, {"incident": incident.id}),
            NewEvent(incident.id, "split", now, by, {"out_of": one.out_of}),
        ]
        events.add(connection, parted, now)
        _move_notes(connection, one.alerts, one.out_of, incident.id)
    return incident.id


def _change(connection: Connection, one: IncidentChange, now: datetime, settle: timedelta) -> None:
    after = one.after
    if one.untied is not None:
        _untie(connection, after.id, one.untied)
        _move_notes(connection, one.alerts, one.untied, after.id)
    stored = incidents.by_id(connection, [after.id])[after.id]
    incidents.move(connection, replace(after, links=stored.links))
    if one.passages is not None:
        shelf = passages.PassageChanges()
        moved = (one.before.service, one.before.labels) != (after.service, after.labels)
        shelf.put(("incident", after.id), one.passages, moved=moved)
        shelf.fill(connection)
    _place(connection, after.id, one.alerts)
    events.add(connection, one.told, now)
    if one.refresh:
        refresh(connection, after.id, now + settle)


def refresh(connection: Connection, name: str, soonest: datetime) -> None:
    """Have it answered anew, once it is due; one that waits already is answered when it would have been."""
    row = connection.execute(
        select(incident_rows.c.waiting, incident_rows.c.due_at).where(incident_rows.c.id == name)
    ).one()
    if not row.waiting:
        due = max(row.due_at or soonest, soonest)
        connection.execute(update(incident_rows).where(incident_rows.c.id == name).values(waiting=True, due_at=due))


_ITS = alert_rows.c.id == bindparam("its")
_TAKE = update(alert_rows).where(_ITS).values(waiting=bindparam("later"))
_PLACE = (
    update(alert_rows)
    .where(_ITS)
    .values(
        waiting=bindparam("later"), incident=bindparam("to"), joined=bindparam("how"), maintenance=bindparam("window")
    )
)
_MOVE = update(alert_rows).where(_ITS).values(incident=bindparam("to"), joined=bindparam("how"))


def _place(connection: Connection, incident: str | None, placed: Sequence[AlertAssignment]) -> None:
    """Take alerts off the queue; one that has news since it was read stays there."""
    if not placed:
        return
    now = alerts.standing(connection, [one.alert.id for one in placed])
    taken, moved = [], []
    for one in placed:
        row = {"its": one.alert.id, "later": now[one.alert.id] not in (None, one.alert.hash)}
        if one.joined is None:
            taken.append(row)
        else:
            moved.append(row | {"to": incident, "how": one.joined, "window": one.joined.get("window")})
    for statement, rows in ((_TAKE, taken), (_PLACE, moved)):
        if rows:
            connection.execute(statement, rows)


def _quieten(connection: Connection, name: str, now: datetime) -> None:
    """Note whether any of its alerts fires, and since when none does."""
    its = alert_rows.c
    fires = connection.scalar(select(exists().where(its.incident == name, its.status == "firing")))
    has = fires or connection.scalar(select(exists().where(its.incident == name)))
    row = incident_rows.c
    if fires or not has:
        connection.execute(update(incident_rows).where(row.id == name).values(quiet_since=None))
    else:
        still = update(incident_rows).where(row.id == name, row.quiet_since.is_(None), row.status != "resolved")
        connection.execute(still.values(quiet_since=now))


def _merge(connection: Connection, one: IncidentMerge, now: datetime) -> None:
    its = alert_rows.c
    moved = connection.execute(select(its.id, its.joined).where(its.incident == one.gone.id)).all()
    if moved:
        how = [{"its": row.id, "to": one.into, "how": {**(row.joined or {}), "from": one.gone.id}} for row in moved]
        connection.execute(_MOVE, how)
    connection.execute(update(notes).where(notes.c.incident == one.gone.id).values(incident=one.into))
    tie = IncidentLink("merged", one.into)
    links.add(connection, one.gone.id, [tie], one.at)
    gone = replace(
        one.gone,
        status="resolved",
        resolved_at=one.gone.resolved_at or max(one.at, one.gone.started_at),
        links=tuple(dict.fromkeys((*one.gone.links, tie))),
    )
    incidents.move(connection, gone, waiting=False)
    connection.execute(update(incident_rows).where(incident_rows.c.id == gone.id).values(quiet_since=None))
    said = [
        NewEvent(gone.id, "merged", one.at, one.by, {"into": one.into, "alerts": len(moved), **one.detail}),
        NewEvent(one.into, "merged", one.at, one.by, {"incident": gone.id, "alerts": len(moved), **one.detail}),
    ]
    events.add(connection, said, now)


def _move_notes(connection: Connection, placed: Sequence[AlertAssignment], origin: str, to: str) -> None:
    """What was written about alerts goes where they go."""
    for source, key in {(one.alert.alert.source, one.alert.alert.key) for one in placed}:
        its = notes.c
        about = update(notes).where(its.incident == origin, its.source == source, its.key == key)
        connection.execute(about.values(incident=to))


def _untie(connection: Connection, name: str, other: str) -> None:
    tied = link_rows.c
    connection.execute(delete(link_rows).where(tied.incident == name, tied.kind == "merged", tied.target == other))


def _pair(connection: Connection, said: Mapping[Kinds, bool], now: datetime, by: str | None) -> None:
    """Remember what a person said of two kinds of alerts; the last word counts."""
    for kinds, together in sorted(said.items(), key=lambda pair: sorted(pair[0])):
        one, other = sorted(kinds)
        its = pairings.c
        connection.execute(delete(pairings).where(its.one == one, its.other == other))
        row = {"one": one, "other": other, "together": together, "at": now, "by": by}
        guard.key(one, "kind")
        guard.key(other, "kind")
        connection.execute(insert(pairings).values(row))
