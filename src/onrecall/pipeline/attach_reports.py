"""Postmortems of incidents that are on record already: what they say is added there, and no second incident is made."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from onrecall.domain.incident import Incident, Resolution
from onrecall.storage import Storage

NAMED_WINDOW = timedelta(days=45)
"""How far a postmortem's day may be from the incident that its author names in the front matter."""
MENTIONED_WINDOW = timedelta(days=3)
"""How far it may be where the text names an id, which could be another tool's."""
TIMELINE_BEFORE, TIMELINE_AFTER = timedelta(days=2), timedelta(days=7)
"""What a chronology may reach back and on from an incident; times further off are of another day."""


def match_stored_incidents(store: Storage, reports: Iterable[Incident]) -> Mapping[str, Incident]:
    """Return for each incident that a postmortem tells of the stored one that it names, by the id of the former."""
    named_ids = {report.id: name for report in reports if (name := report.named_on_record)}
    stored = store.get_records([("incident", name) for name in named_ids.values()])
    matches = {}
    for report in reports:
        candidate = stored.get(("incident", named_ids.get(report.id, "")))
        if isinstance(candidate, Incident) and _is_same(report, candidate):
            matches[report.id] = candidate
    return matches


def _is_same(report: Incident, stored: Incident) -> bool:
    reach = NAMED_WINDOW if "incident" in report.labels else MENTIONED_WINDOW
    return stored.id != report.id and abs(report.started_at - stored.started_at) <= reach


def merge_report(stored: Incident, report: Incident) -> Incident:
    """Return the stored incident with what a postmortem says of it; what is on record stays, gaps are filled."""
    from_report = stored.document in (None, report.document)
    if not from_report:
        return stored
    ended = stored.resolved_at or stored.started_at
    first, last = stored.started_at - TIMELINE_BEFORE, ended + TIMELINE_AFTER
    near = [
        entry if entry.at is None or first <= entry.at <= last else replace(entry, at=None) for entry in report.timeline
    ]
    return replace(
        stored,
        document=report.document,
        impact=report.impact,
        detection=report.detection,
        trigger=report.trigger,
        timeline=tuple(near),
        action_items=report.action_items,
        lines=report.lines,
        resolution=stored.resolution or _resolution_from_report(stored, report),
        status="resolved" if stored.resolution is None and report.resolution else stored.status,
        resolved_at=stored.resolved_at or (report.resolved_at if report.resolution else None),
    )


def _resolution_from_report(stored: Incident, report: Incident) -> Resolution | None:
    """The postmortem's resolution, never before the incident on record began."""
    resolution = report.resolution
    return replace(resolution, at=max(resolution.at, stored.started_at)) if resolution else None
