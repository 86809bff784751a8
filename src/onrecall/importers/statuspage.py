"""Statuspage (Atlassian): `incidents.json` of a public page, and the incidents of its REST API."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, SkippedRecord

_STATES = {
    "postmortem": "resolved", "resolved": "resolved", "completed": "resolved", "investigating": "investigating",
    "identified": "identified", "monitoring": "monitoring",
}  # fmt: skip


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Statuspage by the incident's updates."""
    return "name" in values and isinstance(values.get("incident_updates"), list)


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Return the incident; its updates are the comments, its first component is the service."""
    if record.text("scheduled_for") or record.text("impact") == "maintenance":
        return SkippedRecord("planned maintenance")
    components = tuple(name for row in record.object_list("components") if (name := row.text("name")))
    updates = _updates(record)
    return build_incident(
        record,
        source="statuspage",
        id=record.text("id"),
        title=record.text("name"),
        description=updates[0].text if updates else None,
        started_at=record.time("started_at", "created_at"),
        resolved_at=record.time("resolved_at"),
        service=components[0] if components else None,
        level=record.text("impact_override", "impact"),
        state=_STATES.get((record.text("status") or "").lower()),
        labels={
            "services": ", ".join(components) if len(components) > 1 else None,
            "url": record.text("shortlink"),
        },
        comments=updates,
    )


def _updates(record: FieldRecord) -> tuple[Comment, ...]:
    """Return the updates in chronological order, the postmortem last; Statuspage lists the newest first."""
    record.use("incident_updates[].status")
    listed = listed_comments(record, "incident_updates", ("body",), ("display_at", "created_at"))
    updates = list(reversed(listed)) if not all(update.at for update in listed) else sorted(listed, key=_moment)
    postmortem = record.text("postmortem_body")
    if postmortem and all(update.text != postmortem for update in updates):
        updates.append(Comment(postmortem, record.time("postmortem_published_at")))
    return tuple(updates)


def _moment(update: Comment) -> float:
    return update.at.timestamp() if update.at else 0.0
