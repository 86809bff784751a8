"""ServiceNow: the table API's JSON and the list export's CSV, with field names or with labels."""

import re
from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import bare
from onrecall.importers.comments import comments_of
from onrecall.importers.incident_builder import incident
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
    """By the pair that every incident of theirs has, under its names or its labels."""
    names = {bare(str(key)).replace(" ", "_") for key in values}
    return "number" in names and "short_description" in names


def parse(record: FieldRecord) -> Incident:
    """Return the incident; `close_notes` tell what fixed it, the journals what was done before."""
    told = _by_field(record)
    state = told.text("state", "incident_state")
    label = told.text("close_code")
    cause, cause_label = divide_cause(told.text("u_root_cause"), told.text("u_cause_code"))
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
        root_cause=cause,
        cause=cause_label,
        fix=told.text("close_notes"),
        comments=tuple(comment for name in _JOURNALS for comment in comments_of(told.get(name), record.times, name)),
        fixed=state_of(label) != "not fixed",
    )


def _by_field(record: FieldRecord) -> FieldRecord:
    """The row under ServiceNow's own names; a reference to a thing that the export does not name says nothing."""
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for column, value in record.values.items():
        field = _field(column)
        if field not in values:
            values[field], places[field] = _value(field, value), column
        if _is_bare_reference(value):
            values[field] = None
            record.leave_out(column)
    return record.renamed(values, places)


def _is_bare_reference(value: Any) -> bool:
    """Whether a value is only the id of a thing: the export was made without display values."""
    if not isinstance(value, Mapping) or "link" not in value:
        return False
    shown = value.get("display_value") or value.get("value")
    return isinstance(shown, str) and _SYS_ID.fullmatch(shown) is not None


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
