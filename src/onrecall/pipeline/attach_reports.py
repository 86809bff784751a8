"""Merge a postmortem into the stored incident it describes instead of creating a second incident."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from onrecall.domain.document import Document
from onrecall.domain.incident import POSTMORTEM, Incident, Resolution, TimelineEntry
from onrecall.domain.report_ids import former_report_ids
from onrecall.storage import Storage

NAMED_WINDOW = timedelta(days=45)
"""Maximum distance between the postmortem's date and an incident named in its front matter."""
MENTIONED_WINDOW = timedelta(days=3)
"""Maximum distance if only the text mentions an id, which could belong to another tool."""
TIMELINE_BEFORE, TIMELINE_AFTER = timedelta(days=2), timedelta(days=7)
"""How far timeline entries may lie before and after the incident; times beyond that are dropped."""


def match_stored_incidents(store: Storage, reports: Iterable[Incident]) -> Mapping[str, Incident]:
    """Return the stored incident that each reported incident names, keyed by the id of the reported one."""
    named_ids = {report.id: name for report in reports if (name := report.named_on_record)}
    stored = store.records.get([("incident", name) for name in named_ids.values()])
    matches = {}
    for report in reports:
        candidate = stored.get(("incident", named_ids.get(report.id, "")))
        if isinstance(candidate, Incident) and _is_same(report, candidate):
            matches[report.id] = candidate
    return matches


def keep_stored_ids(store: Storage, items: Iterable[Incident | Document]) -> list[Incident | Document]:
    """Return the items; an incident of a document that is stored under an id of an earlier release keeps that id."""
    items = list(items)
    former = {item.id: _former_ids(item) for item in items}
    names = [name for names in former.values() for name in names]
    stored = store.records.get([("incident", name) for name in names]) if names else {}
    items_with_ids: list[Incident | Document] = []
    for item in items:
        known = (stored.get(("incident", name)) for name in former[item.id])
        own = next((record.id for record in known if isinstance(record, Incident) and _is_of(record, item)), None)
        items_with_ids.append(replace(item, id=own) if own is not None else item)
    return items_with_ids


def _former_ids(item: Incident | Document) -> tuple[str, ...]:
    if not isinstance(item, Incident) or item.source != POSTMORTEM or not item.source_id:
        return ()
    return former_report_ids(item.source_id)


def _is_of(stored: Incident, item: Incident | Document) -> bool:
    """Return whether a stored incident comes from the same part of the same document."""
    return isinstance(item, Incident) and (stored.source, stored.source_id) == (item.source, item.source_id)


def _is_same(report: Incident, stored: Incident) -> bool:
    reach = NAMED_WINDOW if "incident" in report.labels else MENTIONED_WINDOW
    return stored.id != report.id and abs(report.started_at - stored.started_at) <= reach


def merge_report(stored: Incident, report: Incident) -> Incident:
    """Return the stored incident with gaps filled from a postmortem; stored values take precedence."""
    from_report = stored.document in (None, report.document)
    if not from_report:
        return stored
    own_fields = {name for name in _STATEMENTS if getattr(stored, name) and not _is_from_report(stored, name)}
    statements = {name: getattr(stored if name in own_fields else report, name) for name in _STATEMENTS}
    return replace(
        stored,
        document=report.document,
        impact=statements["impact"],
        detection=statements["detection"],
        trigger=statements["trigger"],
        contributing_factors=statements["contributing_factors"],
        timeline=_merge_timelines(stored, report),
        action_items=report.action_items,
        lines={name: line for name, line in report.lines.items() if name not in own_fields},
        resolution=stored.resolution or _resolution_from_report(stored, report),
        status="resolved" if stored.resolution is None and report.resolution else stored.status,
        resolved_at=stored.resolved_at or (report.resolved_at if report.resolution else None),
    )


def _merge_timelines(stored: Incident, report: Incident) -> tuple[TimelineEntry, ...]:
    """Return the stored entries and those of the report, which have no time where it is far from the incident."""
    ended = stored.resolved_at or stored.started_at
    first, last = stored.started_at - TIMELINE_BEFORE, ended + TIMELINE_AFTER
    reported = [
        entry if entry.at is None or first <= entry.at <= last else replace(entry, at=None) for entry in report.timeline
    ]
    own = [entry for entry in stored.timeline if entry.line is None]
    return tuple(_in_time_order([*own, *reported]))


_STATEMENTS = ("impact", "detection", "trigger", "contributing_factors")


def _is_from_report(stored: Incident, field: str) -> bool:
    """Return whether a field of the incident was filled from its postmortem: then the line of it is on record."""
    return stored.document is not None and field in stored.lines


def _in_time_order(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Return the entries by time if all of them have one."""
    if any(entry.at is None for entry in entries):
        return entries
    return sorted(entries, key=lambda entry: entry.at.timestamp() if entry.at else 0.0)


def _resolution_from_report(stored: Incident, report: Incident) -> Resolution | None:
    """Return the postmortem's resolution, dated no earlier than the start of the stored incident."""
    resolution = report.resolution
    return replace(resolution, at=max(resolution.at, stored.started_at)) if resolution else None
