"""incident.io: incidents of its API v2."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord

T = TypeVar("T")

_CATEGORIES = {
    "triage": "open", "active": "in progress", "live": "in progress", "paused": "on hold", "post-incident": "resolved",
    "learning": "resolved", "closed": "closed", "declined": "canceled", "canceled": "canceled", "merged": "closed",
}  # fmt: skip


def recognises(values: Mapping[str, Any]) -> bool:
    """By its reference and the status that carries a category."""
    return "reference" in values and "incident_status" in values


def parse(record: FieldRecord) -> Incident:
    """The incident; cause and fix are custom fields or sections of the summary."""
    fields = {
        name: said for row in record.rows("custom_field_entries") if (name := _field(row)) and (said := _entry(row))
    }
    times = {name: at for row in record.rows("incident_timestamp_values") if (name := _stamp(row)) and (at := _at(row))}
    summary = record.text("summary")
    return incident(
        record,
        source="incident.io",
        id=record.text("reference"),
        source_id=record.text("id"),
        title=record.text("name"),
        description=summary,
        started_at=_first(times, "impact started", "started", "detected", "reported") or record.time("created_at"),
        acknowledged_at=_first(times, "accepted", "acknowledged"),
        resolved_at=_first(times, "resolved", "fixed", "stabilised", "closed"),
        service=_first(fields, "affected service", "service", "affected component", "component"),
        environment=_first(fields, "environment"),
        level=record.name("severity"),
        state=_CATEGORIES.get(record.text("incident_status.category") or "") or record.name("incident_status"),
        labels={"type": record.name("incident_type"), "url": record.text("permalink")},
        root_cause=_first(fields, "root cause", "cause"),
        fix=_first(fields, "resolution", "fix", "mitigation"),
    )


def _first(found: Mapping[str, T], *names: str) -> T | None:
    return next((value for name in names for key, value in found.items() if key.startswith(name)), None)


def _field(row: FieldRecord) -> str:
    return (row.name("custom_field") or "").lower()


def _entry(row: FieldRecord) -> str | None:
    said = (
        one.name("value_text", "value_option", "value_catalog_entry", "value_link", "value_numeric")
        for one in row.rows("values")
    )
    return ", ".join(one for one in said if one) or None


def _stamp(row: FieldRecord) -> str:
    return (row.name("incident_timestamp") or "").lower()


def _at(row: FieldRecord) -> datetime | None:
    return row.time("value.value")
