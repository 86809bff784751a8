"""RAG of Fire: its list of root cause analyses."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.times import after


def recognises(values: Mapping[str, Any]) -> bool:
    """By its words for what was done and how well it did."""
    return bool({"resolution_action", "mitigation_metric", "mitigation_effectiveness"} & set(values))


def parse(record: Record) -> Incident:
    """The incident; it ended when its own recovery time had passed."""
    started = record.time("started_at", "occurred_at", "incident_date", "date", "created_at", "timestamp")
    begun = started or record.times.undated
    ended = after(begun, record.number("recovery_seconds", "recovery_time_seconds"))
    said = (record.text("summary"), record.text("impact"))
    return incident(
        record,
        source="ragoffire",
        id=record.text("incident_id", "id"),
        title=record.text("title"),
        description="\n\n".join(one for one in said if one),
        started_at=started,
        resolved_at=record.time("resolved_at") or ended,
        service=record.text("affected_service", "service_name", "service"),
        level=record.text("severity"),
        labels={
            "error_type": record.text("error_type"),
            "tenant": record.text("affected_tenant"),
            "metric": record.text("mitigation_metric"),
            "tags": ", ".join(record.words("tags")),
        },
        root_cause=record.text("root_cause"),
        fix=record.text("resolution_action"),
        cause=record.text("error_type"),
        prose=True,
    )
