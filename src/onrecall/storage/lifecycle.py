"""Changes of an incident after it opened: acknowledged, resolved, reopened, linked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from onrecall.domain.incident import Incident, IncidentLink, Passage, Resolution, StepExecution
from onrecall.storage import events, incidents, links, outcomes, resolutions, step_executions, trust, validation
from onrecall.storage.events import NewEvent
from onrecall.storage.passages import PassageChanges


def acknowledge(connection: Connection, incident_id: str, at: datetime, by: str | None) -> Incident:
    """Acknowledge an incident; only the first time counts."""
    stored = incidents.get(connection, incident_id)
    acknowledged = stored.acknowledge(at)
    if acknowledged != stored:
        incidents.update_state(connection, acknowledged)
        events.add(connection, [NewEvent(incident_id, "acknowledged", at, by)], at)
    return acknowledged


def resolve(  # noqa: PLR0917
    connection: Connection,
    incident_id: str,
    resolution: Resolution,
    new_passages: Sequence[Passage],
    executions: Sequence[StepExecution],
    new_links: Sequence[IncidentLink],
    now: datetime,
) -> Incident:
    """Save a resolution as a new version; the same resolution again changes nothing."""
    stored = incidents.get(connection, incident_id)
    if stored.resolution is not None and stored.resolution.same_as(resolution):
        return stored
    validation.to_storable(resolution, "resolution")
    step_executions.check(executions)
    resolved = stored.resolve(resolution)
    version = resolutions.add(connection, incident_id, resolution, executions)
    links.withdraw(connection, incident_id, resolution.at)
    added_links = _add_links(connection, incident_id, new_links, resolution.at, f"resolution {version}")
    new_events = [
        NewEvent(incident_id, "resolved", resolution.at, resolution.by, {"version": version}),
        *(
            NewEvent(incident_id, "linked", resolution.at, resolution.by, events.link_detail(link))
            for link in added_links
        ),
    ]
    _replace_passages(connection, incident_id, new_passages)
    resolved = replace(resolved, links=links.by_incident(connection, [incident_id]).get(incident_id, ()))
    incidents.update_state(connection, resolved, waiting=False)
    incidents.queue_answered(connection, now)
    events.add(connection, new_events, now)
    return resolved


def attach_report(
    connection: Connection,
    described: Incident,
    new_passages: Sequence[Passage],
    executions: Sequence[StepExecution],
    now: datetime,
) -> bool:
    """Add what a postmortem says to a stored incident; returns whether anything was new.

    The hash of the last input stays the same, so that importing the incident's export again still changes nothing.
    """
    stored = incidents.get(connection, described.id)
    if stored == described:
        return False
    validation.to_storable(described, "")
    incidents.update_state(connection, described)
    if described.resolution is not None and described.resolution != stored.resolution:
        resolutions.add(connection, described.id, described.resolution, executions)
        incidents.queue_answered(connection, now)
    _replace_passages(connection, described.id, new_passages)
    return True


def reopen(
    connection: Connection, incident_id: str, new_passages: Sequence[Passage], at: datetime, by: str | None
) -> Incident:
    """Reopen an incident: revoke its resolution, the links it reported, and the outcomes of its answers."""
    stored = incidents.get(connection, incident_id)
    if stored.status != "resolved":
        return stored
    resolutions.revoke(connection, incident_id, at)
    step_executions.revoke(connection, incident_id, at)
    outcomes.revoke(connection, incident_id, at)
    links.withdraw(connection, incident_id, at)
    trust.delete_verdict(connection, incident_id)
    _replace_passages(connection, incident_id, new_passages)
    reopened = replace(stored.reopen(), links=links.by_incident(connection, [incident_id]).get(incident_id, ()))
    incidents.update_state(connection, reopened, waiting=True)
    events.add(connection, [NewEvent(incident_id, "reopened", at, by)], at)
    return reopened


def link(connection: Connection, incident_id: str, new_link: IncidentLink, at: datetime, by: str | None) -> Incident:
    """Link an incident to an earlier one; the same link again changes nothing."""
    stored = incidents.get(connection, incident_id)
    added_links = _add_links(connection, incident_id, [new_link], at)
    if not added_links:
        return stored
    linked = replace(stored, links=stored.links + added_links)
    incidents.update_state(connection, linked)
    events.add(connection, [NewEvent(incident_id, "linked", at, by, events.link_detail(new_link))], at)
    return linked


def _add_links(
    connection: Connection,
    incident_id: str,
    new_links: Sequence[IncidentLink],
    at: datetime,
    told_in: str | None = None,
) -> tuple[IncidentLink, ...]:
    for new_link in new_links:
        incidents.get(connection, new_link.incident)
    return links.add(connection, incident_id, new_links, at, told_in)


def _replace_passages(connection: Connection, incident_id: str, new_passages: Sequence[Passage]) -> None:
    passage_changes = PassageChanges()
    passage_changes.set_passages(("incident", incident_id), new_passages)
    passage_changes.write(connection)
