"""FireHydrant: incidents of its API v1."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.narrative import Comment
from onrecall.importers.native import labels
from onrecall.importers.record import FieldRecord


def recognises(values: Mapping[str, Any]) -> bool:
    """By its milestones."""
    return "current_milestone" in values or ("milestones" in values and "name" in values)


def parse(record: FieldRecord) -> Incident:
    """The incident; its milestones are its times, its summary tells cause and fix where it has such sections."""
    described = record.text("description", "summary", "customer_impact_summary")
    notes = (record.text("summary"), record.text("last_note.body"))
    return incident(
        record,
        source="firehydrant",
        id=record.text("id"),
        title=record.text("name"),
        description=described,
        started_at=_reached(record, "started")
        or record.time("started_at")
        or _reached(record, "detected")
        or record.time("created_at"),
        acknowledged_at=_reached(record, "acknowledged"),
        resolved_at=record.time("resolved_at") or _reached(record, "resolved", "mitigated"),
        service=record.name("services"),
        environment=record.name("environments"),
        level=record.name("severity", "priority"),
        state=record.name("current_milestone"),
        labels={
            **labels(record.get("labels") or None),
            "number": record.text("number"),
            "url": record.text("incident_url"),
        },
        comments=tuple(Comment(note) for note in notes if note and note != described),
    )


def _reached(record: FieldRecord, *milestones: str) -> datetime | None:
    rows = record.rows("milestones")
    found = (row for name in milestones for row in rows if name in (row.text("type"), row.text("slug")))
    return next((at for row in found if (at := row.time("occurred_at"))), None)
