"""ServiceNow: the table API's JSON and the list export's CSV, with field names or with labels."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.columns import bare
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.resolution import sections

_LABELS = {
    "short description": "short_description",
    "opened": "opened_at",
    "created": "sys_created_on",
    "resolved": "resolved_at",
    "closed": "closed_at",
    "resolution notes": "close_notes",
    "close notes": "close_notes",
    "resolution code": "close_code",
    "close code": "close_code",
    "configuration item": "cmdb_ci",
    "service": "business_service",
    "business service": "business_service",
    "assignment group": "assignment_group",
    "incident state": "state",
    "sys id": "sys_id",
    "root cause": "u_root_cause",
    "cause": "u_root_cause",
    "environment": "u_environment",
}
_STATES = {"1": "new", "2": "in progress", "3": "on hold", "6": "resolved", "7": "closed", "8": "canceled"}
_TIMES = frozenset(("opened_at", "resolved_at", "closed_at", "sys_created_on"))


def recognises(values: Mapping[str, Any]) -> bool:
    """By the pair that every incident of theirs has, under its names or its labels."""
    names = {bare(str(key)).replace(" ", "_") for key in values}
    return "number" in names and "short_description" in names


def parse(record: Record) -> Incident:
    """The incident; `close_notes` is what fixed it."""
    told = Record({_field(key): _value(_field(key), value) for key, value in record.values.items()}, record.times)
    notes = told.text("close_notes")
    parts = sections(notes)
    state = told.text("state", "incident_state")
    return incident(
        told,
        source="servicenow",
        id=told.text("number"),
        source_id=told.text("sys_id"),
        title=told.text("short_description"),
        description=told.text("description"),
        started_at=told.time("opened_at", "sys_created_on"),
        resolved_at=told.time("resolved_at", "closed_at"),
        service=told.text("business_service", "cmdb_ci"),
        environment=told.text("u_environment"),
        level=told.text("priority", "severity", "impact"),
        state=_STATES.get(state, state) if state else None,
        labels={
            name: told.text(name) for name in ("category", "subcategory", "assignment_group", "close_code", "cmdb_ci")
        },
        root_cause=told.text("u_root_cause") or parts.get("root_cause"),
        fix=parts.get("fix") or notes,
    )


def _field(key: str) -> str:
    name = bare(key)
    return _LABELS.get(name, name.replace(" ", "_"))


def _value(field: str, value: Any) -> Any:
    """A label and a value in one: times by the value, which is in UTC, all else by what people see."""
    if isinstance(value, list):
        return next((one for one in value if one), None)
    if not isinstance(value, Mapping):
        return value
    if field in _TIMES and value.get("value"):
        return f"{value['value']}Z"
    return value.get("display_value") or value.get("value")
