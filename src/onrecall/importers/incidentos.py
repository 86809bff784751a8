"""IncidentOS AI: its incident memory file and its API responses."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.steps import listed_steps


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise IncidentOS by its `incident_id` and field names."""
    return "incident_id" in values and bool({"mitigation_steps", "ai_analysis", "created_at"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident. Text written by its model (`ai_analysis`) is not evidence and is left out.

    In its file the mitigation steps are one text separated by semicolons; its API accepts a list as well.
    """
    value = record.get("mitigation_steps")
    listed = record.string_list("mitigation_steps") if isinstance(value, list) else ()
    steps = "\n".join(f"- {step}" for step in listed) or record.text("mitigation_steps")
    return build_incident(
        record,
        source="incidentos",
        id=record.text("incident_id"),
        title=record.text("title"),
        description=record.text("description"),
        started_at=record.time("created_at", "started_at", "timestamp"),
        resolved_at=record.time("resolved_at"),
        service=record.text("service"),
        environment=record.text("environment"),
        level=record.text("severity"),
        state=record.text("status"),
        root_cause=record.text("root_cause"),
        fix=steps,
        steps=listed_steps(listed or steps),
    )
