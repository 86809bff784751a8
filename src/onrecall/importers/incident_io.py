"""incident.io: incidents of its API v2."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord

T = TypeVar("T")

_CATEGORIES = {
    "triage": "open", "active": "in progress", "live": "in progress", "paused": "on hold", "post-incident": "resolved",
    "learning": "resolved", "closed": "closed", "declined": "canceled", "canceled": "canceled", "merged": "closed",
}  # fmt: skip

_CATEGORY_WORDS = (" category", " type", " code", " label", " classification")
"""Ends of the names of fields that hold a label which incidents share, not prose."""


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise incident.io by its reference and its `incident_status`."""
    return "reference" in values and "incident_status" in values


def parse(record: FieldRecord) -> Incident:
    """Return the incident; cause and fix are custom fields or sections of the summary."""
    fields = {
        name: entry
        for row in record.object_list("custom_field_entries")
        if (name := _field_name(row)) and (entry := _entry_text(row))
    }
    times = {
        name: at
        for row in record.object_list("incident_timestamp_values")
        if (name := _timestamp_name(row)) and (at := _timestamp_value(row))
    }
    categories = {name: entry for name, entry in fields.items() if name.endswith(_CATEGORY_WORDS)}
    prose = {name: entry for name, entry in fields.items() if name not in categories}
    summary = record.text("summary")
    return build_incident(
        record,
        source="incident.io",
        id=record.text("reference"),
        source_id=record.text("id"),
        title=record.text("name"),
        description=summary,
        started_at=_first_by_prefix(times, "impact started", "started", "detected", "reported")
        or record.time("created_at"),
        acknowledged_at=_first_by_prefix(times, "accepted", "acknowledged"),
        resolved_at=_first_by_prefix(times, "resolved", "fixed", "stabilised", "closed"),
        service=_first_by_prefix(fields, "affected service", "service", "affected component", "component"),
        environment=_first_by_prefix(fields, "environment"),
        level=record.name("severity"),
        state=_CATEGORIES.get(record.text("incident_status.category") or "") or record.name("incident_status"),
        labels={"type": record.name("incident_type"), "url": record.text("permalink")},
        root_cause=_first_by_prefix(prose, "root cause", "cause"),
        cause=_first_by_prefix(categories, "root cause", "cause"),
        fix=_first_by_prefix(fields, "resolution", "fix", "mitigation"),
    )


def _first_by_prefix(values_by_name: Mapping[str, T], *names: str) -> T | None:
    return next((value for name in names for key, value in values_by_name.items() if key.startswith(name)), None)


def _field_name(row: FieldRecord) -> str:
    return (row.name("custom_field") or "").lower()


def _entry_text(row: FieldRecord) -> str | None:
    names = (
        value_row.name("value_text", "value_option", "value_catalog_entry", "value_link", "value_numeric")
        for value_row in row.object_list("values")
    )
    return ", ".join(name for name in names if name) or None


def _timestamp_name(row: FieldRecord) -> str:
    return (row.name("incident_timestamp") or "").lower()


def _timestamp_value(row: FieldRecord) -> datetime | None:
    return row.time("value.value")
