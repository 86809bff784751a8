"""IncidentOS AI: its incident memory, and what its API answers."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record


def recognises(values: Mapping[str, Any]) -> bool:
    """By its id and its words."""
    return "incident_id" in values and bool({"mitigation_steps", "ai_analysis", "created_at"} & set(values))


def parse(record: Record) -> Incident:
    """The incident; what its model said (`ai_analysis`) is no evidence and stays out."""
    taken = record.get("mitigation_steps")
    fix = "\n".join(f"- {one}" for one in record.words("mitigation_steps")) if isinstance(taken, list) else None
    return incident(
        record,
        source="incidentos",
        id=record.text("incident_id"),
        title=record.text("title"),
        description=record.text("description"),
        started_at=record.time("created_at", "started_at", "timestamp"),
        resolved_at=record.time("resolved_at"),
        service=record.text("service"),
        level=record.text("severity"),
        state=record.text("status"),
        root_cause=record.text("root_cause"),
        fix=fix or record.text("mitigation_steps") if taken else None,
        prose=True,
    )
