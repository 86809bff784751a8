"""FireHydrant: incidents of its API v1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.native import parse_labels
from onrecall.importers.record import FieldRecord


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise FireHydrant by its milestones."""
    return "current_milestone" in values or ("milestones" in values and "name" in values)


def parse(record: FieldRecord) -> Incident:
    """Return the incident; milestones give the times, sections of the summary the cause and the fix."""
    described = record.text("description", "summary", "customer_impact_summary")
    notes = (record.text("summary"), record.text("last_note.body"))
    return build_incident(
        record,
        source="firehydrant",
        id=record.text("id"),
        title=record.text("name"),
        description=described,
        started_at=_milestone_time(record, "started")
        or record.time("started_at")
        or _milestone_time(record, "detected")
        or record.time("created_at"),
        acknowledged_at=_milestone_time(record, "acknowledged"),
        resolved_at=record.time("resolved_at") or _milestone_time(record, "resolved", "mitigated"),
        service=record.name("services"),
        environment=record.name("environments"),
        level=record.name("severity", "priority"),
        state=record.name("current_milestone"),
        labels={
            **parse_labels(record.get("labels") or None),
            "number": record.text("number"),
            "url": record.text("incident_url"),
        },
        impact=record.text("customer_impact_summary"),
        comments=tuple(Comment(note) for note in notes if note and note != described),
    )


def _milestone_time(record: FieldRecord, *milestones: str) -> datetime | None:
    rows = record.object_list("milestones")
    matching_rows = (row for name in milestones for row in rows if name in (row.text("type"), row.text("slug")))
    return next((at for row in matching_rows if (at := row.time("occurred_at"))), None)
