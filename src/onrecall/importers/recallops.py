"""RecallOps: its `incidents.json`."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.times import after, duration


def recognises(values: Mapping[str, Any]) -> bool:
    """By its words for the fix and the logs."""
    return {"id", "title"} <= set(values) and bool({"fix", "error_logs", "resolution_time_minutes"} & set(values))


def parse(record: Record) -> Incident:
    """The incident; it ended when its own resolution time had passed."""
    logs = record.get("error_logs")
    lines = (
        "\n".join(one for one in logs if isinstance(one, str)) if isinstance(logs, list) else record.text("error_logs")
    )
    started = record.time("started_at", "timestamp", "created_at", "occurred_at", "date")
    minutes = record.number("resolution_time_minutes", "resolution_time")
    lasted = duration(record.text("resolution_time", "time_to_resolve")) if minutes is None else minutes * 60
    begun = started or record.times.undated
    return incident(
        record,
        source="recallops",
        id=record.text("id"),
        title=record.text("title"),
        description="\n\n".join(one for one in (record.text("description"), lines) if one),
        started_at=started,
        resolved_at=record.time("resolved_at") or after(begun, lasted),
        service=record.text("service"),
        level=record.text("severity"),
        state=record.text("status"),
        labels={"category": record.text("category")},
        root_cause=record.text("root_cause"),
        fix=record.text("fix", "resolution"),
        prose=True,
    )
