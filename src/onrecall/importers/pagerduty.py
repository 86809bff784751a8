"""PagerDuty: REST incidents (with notes if exported), raw analytics, and CSV reports."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.times import add_seconds


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise PagerDuty by the incident number, which every form of its exports has."""
    return "incident_number" in values and bool({"created_at", "created_on", "incident_key", "urgency"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its notes may describe the fix."""
    started = record.time("created_at", "created_on")
    state = record.text("status")
    ended = record.time("resolved_at", "resolved_on") or (
        record.time("last_status_change_at") if state == "resolved" else None
    )
    waited = record.number("seconds_to_first_ack")
    acknowledged = next((row.time("at") for row in record.object_list("acknowledgements")), None)
    if acknowledged is None and started and waited:
        acknowledged = add_seconds(started, waited)
    return build_incident(
        record,
        source="pagerduty",
        id=record.text("id", "incident_number"),
        title=record.text("title", "description", "summary"),
        description=_details(record),
        started_at=started,
        acknowledged_at=acknowledged,
        resolved_at=ended,
        service=record.name("service", "service_name"),
        level=record.name("priority", "priority_name") or record.text("urgency"),
        state=state,
        labels={
            "team": record.name("teams", "team_name"),
            "number": record.text("incident_number"),
            "incident_key": record.text("incident_key"),
        },
        fix=record.text("resolve_reason.note", "resolution_notes"),
        comments=listed_comments(record, "notes", ("content",), ("created_at",)),
    )


def _details(record: FieldRecord) -> str | None:
    """Return the alert's details, from the body or the first trigger."""
    details = record.get("body.details") or record.get("first_trigger_log_entry.channel.details")
    if isinstance(details, Mapping):
        return (
            "\n".join(f"{key}: {value}" for key, value in details.items() if isinstance(value, str | int | float))
            or None
        )
    if isinstance(details, str):
        return details
    title, described = record.text("title"), record.text("description")
    return described if title and described != title else None
