"""The life of an incident: opened, acknowledged, resolved, reopened, linked; and how incidents are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import Incident, IncidentLink, Resolution, Severity, Status
from onrecall.domain.passage import Passage
from onrecall.storage import (
    events,
    incident_reports,
    incident_rows,
    links,
    outcomes,
    postmortem_actions,
    records,
    resolutions,
    step_executions,
    trust,
    validation,
)
from onrecall.storage.database import Database
from onrecall.storage.events import NewEvent
from onrecall.storage.incident_rows import IncidentFilter
from onrecall.storage.passages import replace_passages
from onrecall.storage.results import ResultPage


class IncidentRepository:
    """The incidents. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, incident_id: str, as_of: datetime | None = None) -> Incident:
        """Return an incident, now or as it was known at `as_of`. Raises NotFound."""
        with self._database.read() as connection:
            return incident_rows.get(connection, incident_id, validation.optional_utc(as_of, "as_of"))

    def page(  # noqa: PLR0917
        self,
        status: Status | Literal["unresolved"] | None = None,
        service: str | None = None,
        severity: Severity | None = None,
        q: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> ResultPage[Incident]:
        """Return incidents matching all filters, newest first; `q` are words in title or description."""
        filters = IncidentFilter(status, service, severity, q, since, until)
        with self._database.read() as connection:
            return incident_rows.page(connection, filters, cursor, limit)

    def due(self, limit: int) -> tuple[str, ...]:
        """Return ids of incidents that wait for a recommendation, longest waiting first."""
        with self._database.read() as connection:
            return incident_rows.due(connection, limit)

    def of_causes(
        self, causes: Iterable[str], limit: int, as_of: datetime | None = None
    ) -> Mapping[str, tuple[Incident, ...]]:
        """Return by cause label the newest resolved incidents of that cause, at most `limit` of each."""
        then = validation.optional_utc(as_of, "as_of")
        with self._database.read() as connection:
            ids = {cause: resolutions.incidents_of_cause(connection, cause, limit, then) for cause in causes}
            by_id = incident_rows.by_id(connection, [name for of_cause in ids.values() for name in of_cause], then)
        return {cause: tuple(by_id[name] for name in of_cause if name in by_id) for cause, of_cause in ids.items()}

    def newest_of_services(
        self, services: Sequence[str], limit: int, as_of: datetime | None = None
    ) -> tuple[Incident, ...]:
        """Return the newest incidents of these services that had begun at a time, at most so many."""
        then = validation.optional_utc(as_of, "as_of")
        with self._database.read() as connection:
            ids = incident_rows.newest_ids_of_services(connection, services, limit, then)
            by_id = incident_rows.by_id(connection, ids, then)
        return tuple(by_id[name] for name in ids if name in by_id)

    def described_in(self, documents: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return for each document the ids of the incidents it describes."""
        with self._database.read() as connection:
            return incident_reports.described_incidents(connection, documents)

    def resolutions(self, incident_id: str) -> tuple[Resolution, ...]:
        """Return every version of an incident's resolution, newest first. Raises NotFound."""
        with self._database.read() as connection:
            incident_rows.get(connection, incident_id)
            return resolutions.versions(connection, incident_id)

    def open(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
        """Store a new incident, with a new id if it has none; returns whether it was new. Raises Conflict."""
        with self._database.write() as connection:
            return records.open_incident(connection, incident, passages, validation.require_utc(now, "now"))

    def open_once(self, incident: Incident, passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
        """Store a new incident under a new id, unless one with the same words exists; returns whether it was new."""
        with self._database.write() as connection:
            return records.open_incident_once(connection, incident, passages, validation.require_utc(now, "now"))

    def acknowledge(self, incident_id: str, at: datetime, by: str | None = None) -> Incident:
        """Acknowledge an incident; only the first time counts."""
        validation.require_text(by or "", "by")
        at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            stored = incident_rows.get(connection, incident_id)
            acknowledged = stored.acknowledge(at)
            if acknowledged != stored:
                incident_rows.update_state(connection, acknowledged)
                events.add(connection, [NewEvent(incident_id, "acknowledged", at, by)], at)
            return acknowledged

    def resolve(
        self,
        incident_id: str,
        resolution: Resolution,
        passages: Sequence[Passage],
        performed: Sequence[StepExecution],
        links: Sequence[IncidentLink],
        now: datetime,
    ) -> Incident:
        """Resolve an incident. A different resolution becomes a new version; the same one changes nothing."""
        dated = replace(resolution, at=validation.require_utc(resolution.at, "at"))
        with self._database.write() as connection:
            stored = incident_rows.get(connection, incident_id)
            if stored.resolution is not None and stored.resolution.same_as(dated):
                return stored
            now = validation.require_utc(now, "now")
            return _resolve(connection, stored, dated, passages, performed, links, now)

    def attach_report(
        self, described: Incident, passages: Sequence[Passage], performed: Sequence[StepExecution], now: datetime
    ) -> bool:
        """Add what a postmortem says to a stored incident; returns whether anything was new.

        The hash of the last input stays the same, so importing the incident's export again still changes nothing.
        """
        now = validation.require_utc(now, "now")
        with self._database.write() as connection:
            stored = incident_rows.get(connection, described.id)
            if stored == described:
                return False
            validation.to_storable(described, "")
            incident_rows.update_state(connection, described)
            postmortem_actions.track(connection, {described.id: described.action_items})
            if described.resolution is not None and described.resolution != stored.resolution:
                resolutions.add(connection, described.id, described.resolution, performed)
                incident_rows.queue_answered(connection, now)
            replace_passages(connection, ("incident", described.id), passages)
            return True

    def reopen(self, incident_id: str, passages: Sequence[Passage], at: datetime, by: str | None = None) -> Incident:
        """Reopen an incident: revoke its resolution, the links it reported, and the outcomes of its answers."""
        validation.require_text(by or "", "by")
        at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            stored = incident_rows.get(connection, incident_id)
            if stored.status != "resolved":
                return stored
            _revoke_resolution(connection, incident_id, at)
            replace_passages(connection, ("incident", incident_id), passages)
            reopened = replace(stored.reopen(), links=_links_of(connection, incident_id))
            incident_rows.update_state(connection, reopened, waiting=True)
            events.add(connection, [NewEvent(incident_id, "reopened", at, by)], at)
            return reopened

    def link(self, incident_id: str, link: IncidentLink, at: datetime, by: str | None = None) -> Incident:
        """Link an incident to an earlier one; the same link again changes nothing."""
        validation.require_text(by or "", "by")
        at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            stored = incident_rows.get(connection, incident_id)
            added_links = _add_links(connection, incident_id, [link], at)
            if not added_links:
                return stored
            linked = replace(stored, links=stored.links + added_links)
            incident_rows.update_state(connection, linked)
            events.add(connection, [NewEvent(incident_id, "linked", at, by, events.link_detail(link))], at)
            return linked


def _resolve(  # noqa: PLR0917
    connection: Connection,
    stored: Incident,
    resolution: Resolution,
    passages: Sequence[Passage],
    executions: Sequence[StepExecution],
    new_links: Sequence[IncidentLink],
    now: datetime,
) -> Incident:
    """Save a resolution as a new version."""
    validation.to_storable(resolution, "resolution")
    step_executions.check(executions)
    resolved = stored.resolve(resolution)
    version = resolutions.add(connection, stored.id, resolution, executions)
    links.withdraw(connection, stored.id, resolution.at)
    added_links = _add_links(connection, stored.id, new_links, resolution.at, f"resolution {version}")
    replace_passages(connection, ("incident", stored.id), passages)
    resolved = replace(resolved, links=_links_of(connection, stored.id))
    incident_rows.update_state(connection, resolved, waiting=False)
    incident_rows.queue_answered(connection, now)
    events.add(connection, _resolved_events(stored.id, resolution, version, added_links), now)
    return resolved


def _resolved_events(
    incident_id: str, resolution: Resolution, version: int, added_links: Sequence[IncidentLink]
) -> list[NewEvent]:
    at, by = resolution.at, resolution.by
    linked = [NewEvent(incident_id, "linked", at, by, events.link_detail(link)) for link in added_links]
    return [NewEvent(incident_id, "resolved", at, by, {"version": version}), *linked]


def _revoke_resolution(connection: Connection, incident_id: str, at: datetime) -> None:
    resolutions.revoke(connection, incident_id, at)
    step_executions.revoke(connection, incident_id, at)
    outcomes.revoke(connection, incident_id, at)
    links.withdraw(connection, incident_id, at)
    trust.delete_verdict(connection, incident_id)


def _links_of(connection: Connection, incident_id: str) -> tuple[IncidentLink, ...]:
    return links.by_incident(connection, [incident_id]).get(incident_id, ())


def _add_links(
    connection: Connection,
    incident_id: str,
    new_links: Sequence[IncidentLink],
    at: datetime,
    told_in: str | None = None,
) -> tuple[IncidentLink, ...]:
    for new_link in new_links:
        incident_rows.get(connection, new_link.incident)
    return links.add(connection, incident_id, new_links, at, told_in)
