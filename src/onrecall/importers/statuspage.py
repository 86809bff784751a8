"""Statuspage (Atlassian): `incidents.json` of a public page, and the incidents of its REST API."""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.postmortem.deeds import split_sentences
from onrecall.importers.record import FieldRecord, SkippedRecord

_STATES = {
    "postmortem": "resolved", "resolved": "resolved", "completed": "resolved", "investigating": "investigating",
    "identified": "identified", "monitoring": "monitoring",
}  # fmt: skip

_NAMES_CAUSE = re.compile(
    r"\b(?:identified as|traced to|due to|caused by|because|(?:was|were|is|are|been) (?:\w+ly )?\w+ed by)\b",
    re.IGNORECASE,
)

_CAUSE_HEADING = re.compile(r"\bcause|\bwhy\b", re.IGNORECASE)


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
        root_cause=_identified_cause(record),
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


def _identified_cause(record: FieldRecord) -> str | None:
    """Return what an update with the state Identified names as the cause, unless a postmortem has a section on it."""
    if _CAUSE_HEADING.search(record.text("postmortem_body") or ""):
        return None
    for update in record.object_list("incident_updates"):
        if (update.text("status") or "").casefold() == "identified":
            sentences = split_sentences(update.text("body") or "")
            if cause := next((sentence for sentence in sentences if _NAMES_CAUSE.search(sentence)), None):
                return cause
    return None


def _moment(update: Comment) -> float:
    return update.at.timestamp() if update.at else 0.0
