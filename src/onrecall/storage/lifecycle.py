"""What happens to an incident after it opened: acknowledged, resolved, reopened, tied to others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onrecall.domain.incident import Incident, IncidentLink, Passage, Resolution, StepExecution
from onrecall.storage import events, incidents, links, outcomes, resolutions, trust
from onrecall.storage import step_executions as performed
from onrecall.storage import validation as guard
from onrecall.storage.events import NewEvent
from onrecall.storage.passages import PassageChanges


def acknowledge(connection: Connection, name: str, at: datetime, by: str | None) -> Incident:
    """Somebody looks at it; only the first time counts."""
    stored = incidents.one(connection, name)
    acknowledged = stored.acknowledge(at)
    if acknowledged != stored:
        incidents.move(connection, acknowledged)
        events.add(connection, [NewEvent(name, "acknowledged", at, by)], at)
    return acknowledged


def resolve(  # noqa: PLR0917
    connection: Connection,
    name: str,
    resolution: Resolution,
    found: Sequence[Passage],
    tries: Sequence[StepExecution],
    ties: Sequence[IncidentLink],
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
    links.withdraw(connection, name, resolution.at)
    tied = _tie(connection, name, ties, resolution.at, f"resolution {version}")
    happened = [
        NewEvent(name, "resolved", resolution.at, resolution.by, {"version": version}),
        *(NewEvent(name, "linked", resolution.at, resolution.by, events.tied(tie)) for tie in tied),
    ]
    _place(connection, name, found)
    resolved = replace(resolved, links=links.of(connection, [name]).get(name, ()))
    incidents.move(connection, resolved, waiting=False)
    incidents.ask_again(connection, now)
    events.add(connection, happened, now)
    return resolved


def attach_report(
    connection: Connection, described: Incident, found: Sequence[Passage], tries: Sequence[StepExecution], now: datetime
) -> bool:
    """Write what a postmortem adds to a stored incident; whether anything of it was new.

    What was given last stays as it was, so that the export that the incident came from still changes nothing.
    """
    stored = incidents.one(connection, described.id)
    if stored == described:
        return False
    guard.plain(described, "")
    incidents.move(connection, described)
    if described.resolution is not None and described.resolution != stored.resolution:
        resolutions.add(connection, described.id, described.resolution, tries)
        incidents.ask_again(connection, now)
    _place(connection, described.id, found)
    return True


def reopen(connection: Connection, name: str, found: Sequence[Passage], at: datetime, by: str | None) -> Incident:
    """It was not over: the resolution, the ties it told and whatever the answers to it earned no longer count."""
    stored = incidents.one(connection, name)
    if stored.status != "resolved":
        return stored
    resolutions.revoke(connection, name, at)
    performed.revoke(connection, name, at)
    outcomes.revoke(connection, name, at)
    links.withdraw(connection, name, at)
    trust.unjudge(connection, name)
    _place(connection, name, found)
    reopened = replace(stored.reopen(), links=links.of(connection, [name]).get(name, ()))
    incidents.move(connection, reopened, waiting=True)
    events.add(connection, [NewEvent(name, "reopened", at, by)], at)
    return reopened


def link(connection: Connection, name: str, tie: IncidentLink, at: datetime, by: str | None) -> Incident:
    """Tie it to an earlier incident; the same tie again changes nothing."""
    stored = incidents.one(connection, name)
    tied = _tie(connection, name, [tie], at)
    if not tied:
        return stored
    linked = replace(stored, links=stored.links + tied)
    incidents.move(connection, linked)
    events.add(connection, [NewEvent(name, "linked", at, by, events.tied(tie))], at)
    return linked


def _tie(
    connection: Connection, name: str, ties: Sequence[IncidentLink], at: datetime, told_in: str | None = None
) -> tuple[IncidentLink, ...]:
    for tie in ties:
        incidents.one(connection, tie.incident)
    return links.add(connection, name, ties, at, told_in)


def _place(connection: Connection, name: str, found: Sequence[Passage]) -> None:
    shelf = PassageChanges()
    shelf.put(("incident", name), found)
    shelf.fill(connection)
