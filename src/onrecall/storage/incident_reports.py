"""Postmortem fields of an incident without a column: what it says of the incident, and where."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from onrecall.domain.incident import ActionItem, Incident, TimelineEntry
from onrecall.storage import validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.tables import incidents


def encode(incident: Incident) -> dict[str, Any] | None:
    """Return the fields as JSON-ready data; None where all of them are empty."""
    fields = {
        "impact": incident.impact,
        "detection": incident.detection,
        "trigger": incident.trigger,
        "contributing_factors": incident.contributing_factors,
        "timeline": [asdict(entry) for entry in incident.timeline],
        "action_items": [_action_item(item) for item in incident.action_items],
        "lines": dict(incident.lines),
    }
    filled = {name: value for name, value in fields.items() if value}
    return validation.to_storable(filled, "report") if filled else None


def decode(report: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of an incident that the stored report fills."""
    if not report:
        return {}
    names = ("impact", "detection", "trigger", "contributing_factors")
    fields: dict[str, Any] = {name: report[name] for name in names if name in report}
    fields["timeline"] = tuple(_entry(entry) for entry in report.get("timeline", ()))
    fields["action_items"] = tuple(ActionItem(**item) for item in report.get("action_items", ()))
    fields["lines"] = report.get("lines", {})
    return fields


def described_incidents(connection: Connection, documents: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return for each document the ids of the incidents it describes, in order."""
    incidents_by_document: dict[str, tuple[str, ...]] = {}
    for chunk in chunk_keys(documents):
        query = select(incidents.c.document, incidents.c.id).where(incidents.c.document.in_(chunk))
        for document, incident in connection.execute(query.order_by(incidents.c.id)):
            incidents_by_document[document] = (*incidents_by_document.get(document, ()), incident)
    return incidents_by_document


def _action_item(item: ActionItem) -> dict[str, Any]:
    """Return an action item as data, without a missing due date, which older rows lack as well."""
    values = asdict(item)
    return values if item.due else {name: value for name, value in values.items() if name != "due"}


def _entry(entry: Mapping[str, Any]) -> TimelineEntry:
    at = entry.get("at")
    return TimelineEntry(entry["text"], datetime.fromisoformat(at) if at else None, entry.get("line"))
