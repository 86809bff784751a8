"""ServiceNow: JSON of the table API and CSV of list exports, with field names or labels."""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import normalize_column
from onrecall.importers.comments import parse_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.states import state_of

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
    "root cause category": "u_cause_code",
    "root cause code": "u_cause_code",
    "cause code": "u_cause_code",
    "comments and work notes": "comments_and_work_notes",
    "work notes": "work_notes",
    "additional comments": "comments",
    "environment": "u_environment",
}
_JOURNALS = ("comments_and_work_notes", "work_notes", "comments")
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_STATES = {"1": "new", "2": "in progress", "3": "on hold", "6": "resolved", "7": "closed", "8": "canceled"}
_TIMES = frozenset(("opened_at", "resolved_at", "closed_at", "sys_created_on"))


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise ServiceNow by number and short description, under their names or labels."""
    names = {normalize_column(str(key)).replace(" ", "_") for key in values}
    return "number" in names and "short_description" in names


def parse(record: FieldRecord) -> Incident:
    """Return the incident; `close_notes` state the fix, the journals earlier actions."""
    fields = _with_field_names(record)
    state = fields.text("state", "incident_state")
    label = fields.text("close_code")
    cause, cause_label = divide_cause(fields.text("u_root_cause"), fields.text("u_cause_code"))
    return build_incident(
        fields,
        source="servicenow",
        id=fields.text("number"),
        source_id=fields.text("sys_id"),
        title=fields.text("short_description"),
        description=fields.text("description"),
        started_at=fields.time("opened_at", "sys_created_on"),
        resolved_at=fields.time("resolved_at", "closed_at"),
        service=fields.text("business_service", "cmdb_ci"),
        environment=fields.text("u_environment"),
        level=fields.text("priority", "severity", "impact"),
        state=_STATES.get(state, state) if state else None,
        labels={
            name: fields.text(name) for name in ("category", "subcategory", "assignment_group", "close_code", "cmdb_ci")
        },
        root_cause=cause,
        cause=cause_label,
        fix=fields.text("close_notes"),
        comments=tuple(
            comment for name in _JOURNALS for comment in parse_comments(fields.get(name), record.times, name)
        ),
        fixed=state_of(label) != "not fixed",
    )


def _with_field_names(record: FieldRecord) -> FieldRecord:
    """Return the row under ServiceNow's field names; references exported without a display value are left out."""
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for column, value in record.values.items():
        field = _field_name(column)
        if field not in values:
            values[field], places[field] = _field_value(field, value), column
        if _is_bare_reference(value):
            values[field] = None
            record.leave_out(column)
    return record.renamed(values, places)


def _is_bare_reference(value: Any) -> bool:
    """Return whether a value is a bare id, because the export has no display values."""
    if not isinstance(value, Mapping) or "link" not in value:
        return False
    text = value.get("display_value") or value.get("value")
    return isinstance(text, str) and _SYS_ID.fullmatch(text) is not None


def _field_name(key: str) -> str:
    """Return ServiceNow's name of a column; fields of a team's own, `u_…`, go by what they are called."""
    name = normalize_column(key)
    own = name.removeprefix("u ") if name.startswith("u ") else name
    return _LABELS.get(own, _LABELS.get(name, name.replace(" ", "_")))


def _field_value(field: str, value: Any) -> Any:
    """Return the display value of a field; for times the raw value, which is in UTC."""
    if isinstance(value, list):
        return next((item for item in value if item), None)
    if not isinstance(value, Mapping):
        return value
    if field in _TIMES and value.get("value"):
        return f"{value['value']}Z"
    return value.get("display_value") or value.get("value")
