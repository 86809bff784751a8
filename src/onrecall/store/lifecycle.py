"""What happens to an incident after it opened: acknowledged, resolved, reopened, tied to others."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from onrecall.incident import Incident, Link, Passage, Performed, Resolution
from onrecall.store import events, guard, incidents, links, outcomes, performed, resolutions
from onrecall.store.events import Happening
from onrecall.store.passages import Shelf


def acknowledge(connection: Connection, name: str, at: datetime, by: str | None) -> Incident:
    """Somebody looks at it; only the first time counts."""
    stored = incidents.one(connection, name)
    acknowledged = stored.acknowledge(at)
    if acknowledged != stored:
        incidents.change(connection, acknowledged)
        events.add(connection, [Happening(name, "acknowledged", at, by)], at)
    return acknowledged


def resolve(  # noqa: PLR0913, PLR0917
    connection: Connection,
    name: str,
    resolution: Resolution,
    found: Sequence[Passage],
    tries: Sequence[Performed],
    ties: Sequence[Link],
    now: datetime,
) -> Incident:
    """Keep what fixed it as a new version; the same again changes nothing."""
    stored = incidents.one(connection, name)
    if stored.resolution is not None and stored.resolution.same_as(resolution):
        return stored
    guard.plain(resolution, "resolution")
    performed.check(tries)
    resolved = stored.resolve(resolution)
    version = resolutions.add(connection, name, resolution, tries)
    happened = [Happening(name, "resolved", resolution.at, resolution.by, {"version": version})]
    happened += _tie(connection, name, ties, resolution.at, resolution.by)
    return _changed(connection, resolved, found, happened, now, waiting=False)


def reopen(connection: Connection, name: str, found: Sequence[Passage], at: datetime, by: str | None) -> Incident:
    """It was not over: the resolution, and whatever the answers to it earned, no longer count."""
    stored = incidents.one(connection, name)
    if stored.status != "resolved":
        return stored
    resolutions.revoke(connection, name, at)
    performed.revoke(connection, name, at)
    outcomes.revoke(connection, name, at)
    return _changed(connection, stored.reopen(), found, [Happening(name, "reopened", at, by)], at, waiting=True)


def link(connection: Connection, name: str, tie: Link, at: datetime, by: str | None) -> Incident:
    """Tie it to an earlier incident; the same tie again changes nothing."""
    incidents.one(connection, name)
    happened = _tie(connection, name, [tie], at, by)
    tied = incidents.one(connection, name)
    if happened:
        incidents.change(connection, tied)
        events.add(connection, happened, at)
    return tied


def _tie(connection: Connection, name: str, ties: Sequence[Link], at: datetime, by: str | None) -> list[Happening]:
    for tie in ties:
        incidents.one(connection, tie.incident)
    tied = links.add(connection, name, ties, at)
    return [Happening(name, "linked", at, by, events.tied(one)) for one in tied]


def _changed(  # noqa: PLR0913
    connection: Connection,
    incident: Incident,
    found: Sequence[Passage],
    happened: Sequence[Happening],
    now: datetime,
    *,
    waiting: bool,
) -> Incident:
    """Write the new state, its passages and its events."""
    shelf = Shelf()
    shelf.put(("incident", incident.id), found)
    shelf.fill(connection)
    incidents.change(connection, incident, waiting=waiting)
    events.add(connection, happened, now)
    now_stored = incidents.one(connection, incident.id)
    incidents.change(connection, now_stored)
    return now_stored
