"""What an imported incident becomes beside the stored one: its fields, its events, the lines of its page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from onrecall.domain import markdown_page
from onrecall.domain.incident import Incident, IncidentLink
from onrecall.storage import events
from onrecall.storage.bulk_insert import known_from
from onrecall.storage.events import NewEvent


def with_resolved_status(incident: Incident) -> Incident:
    """Return an incident with a resolution as resolved; a postmortem may not say when it ended."""
    if incident.resolution is None or (incident.status == "resolved" and incident.document is not None):
        return incident
    return replace(incident, status="resolved", resolved_at=incident.resolved_at or incident.resolution.at)


def merge_incident(stored: Incident, incoming: Incident) -> Incident:
    """Merge an incoming incident: it wins, but never removes a resolution, an acknowledgement or a link."""
    merged = replace(
        with_resolved_status(incoming),
        id=stored.id,
        source_id=incoming.source_id or stored.source_id,
        acknowledged_at=incoming.acknowledged_at or stored.acknowledged_at,
        links=tuple(dict.fromkeys(stored.links + incoming.links)),
        **_merge_report(stored, incoming),
    )
    stored_resolution = stored.resolution
    if stored_resolution is not None and (
        incoming.resolution is None or incoming.resolution.same_as(stored_resolution)
    ):
        return replace(merged, status="resolved", resolved_at=stored.resolved_at, resolution=stored_resolution)
    if merged.status == "open" and stored.status == "acknowledged":
        return replace(merged, status="acknowledged")
    return merged


def _merge_report(stored: Incident, incoming: Incident) -> dict[str, Any]:
    """Return the postmortem fields: the stored ones unless the incoming incident is from a postmortem itself."""
    described = stored if stored.document and not incoming.document else incoming
    names = ("document", "impact", "detection", "trigger", "contributing_factors", "timeline", "action_items", "lines")
    return {name: getattr(described, name) for name in names}


def new_events(
    stored: Incident | None,
    incident: Incident,
    version: int | None,
    new_links: Iterable[IncidentLink],
    detail: Mapping[str, Any],
) -> Iterator[NewEvent]:
    """Yield the new events of an incident; `version` and `new_links` are those added now."""
    acknowledged, resolution = incident.acknowledged_at, incident.resolution
    if acknowledged is not None and (stored is None or stored.acknowledged_at != acknowledged):
        yield NewEvent(incident.id, "acknowledged", acknowledged, detail=detail)
    newly_resolved = incident.status == "resolved" and (stored is None or stored.status != "resolved")
    if resolution is not None and version is not None:
        yield NewEvent(incident.id, "resolved", resolution.at, resolution.by, {"version": version, **detail})
    elif newly_resolved and incident.resolved_at is not None:
        yield NewEvent(incident.id, "resolved", incident.resolved_at, detail=detail)
    for link in new_links:
        yield NewEvent(incident.id, "linked", known_from(incident), detail={**events.link_detail(link), **detail})


def opening_lines(incident: Incident) -> int:
    """Return how many lines precede the resolution on an incident's page."""
    return sum(line.part == "opening" for line in markdown_page.numbered_lines(incident))
