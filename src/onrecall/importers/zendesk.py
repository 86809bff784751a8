"""Zendesk: tickets of its API and its JSON export, with comments if exported."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident, IncidentLink
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.column_names import assign_by_name
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord, RecordContext, SourceRow
from onrecall.importers.tags import parse_facets, read_tags
from onrecall.importers.values import lines_of, name_of

_OWN_FIELDS = frozenset(
    ("requester_id", "submitter_id", "raw_subject", "ticket_form_id", "brand_id", "satisfaction_rating", "via")
)
_SOLVED_STATES = ("solved", "closed")
_FIELDS_BY_NAME = "custom_fields_by_name"
"""The field in which `rows` puts the custom fields by name."""


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Zendesk by the subject and fields that only its tickets have."""
    by_name = bool(_OWN_FIELDS & set(values)) or _has_numbered_fields(values.get("custom_fields"))
    return "id" in values and bool({"subject", "raw_subject"} & set(values)) and by_name


def _has_numbered_fields(custom: Any) -> bool:
    """Return whether custom fields are a list of ids and values, with the names listed elsewhere."""
    return isinstance(custom, list) and any(
        isinstance(field, Mapping) and {"id", "value"} <= field.keys() for field in custom
    )


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield the tickets with custom fields by name, and with `solved_at` from metrics if the file has them."""
    fields, solved = _field_names(context), _solved_times(context)
    for row in source_rows:
        if isinstance(row, RejectedInput):
            yield row
            continue
        values = dict(row.values)
        custom = values.get("custom_fields") or values.get("fields")
        custom_fields = {
            str(field.get("title") or fields.get(str(field.get("id")), "")): field.get("value")
            for field in (custom if isinstance(custom, list) else ())
            if isinstance(field, Mapping)
        }
        values[_FIELDS_BY_NAME] = {name: value for name, value in custom_fields.items() if name}
        if str(values.get("id")) in solved:
            values.setdefault("solved_at", solved[str(values.get("id"))])
        yield replace(row, values=values)


def parse(record: FieldRecord) -> Incident:
    """Return the incident; without a solving time, a solved ticket ended at its last update."""
    state = record.text("status")
    tags = record.string_list("tags")
    facet = parse_facets(_tags_with_colons(tags))
    custom_fields = _CustomFields(record)
    over = state in _SOLVED_STATES
    cause, label = divide_cause(custom_fields.text("root_cause"), custom_fields.name("cause"))
    return build_incident(
        record,
        source="zendesk",
        id=record.text("id"),
        title=record.text("subject", "raw_subject"),
        description=record.text("description"),
        started_at=record.time("created_at"),
        resolved_at=record.time("solved_at", "metric_set.solved_at") or (record.time("updated_at") if over else None),
        service=custom_fields.name("service") or facet.get("service"),
        environment=custom_fields.name("environment") or facet.get("environment"),
        level=record.text("priority") or facet.get("severity"),
        state=state,
        labels={"type": record.text("type"), **read_tags(tags).labels},
        root_cause=cause,
        fix=custom_fields.text("fix"),
        cause=label or facet.get("cause"),
        comments=listed_comments(record, "comments", ("plain_body", "body"), ("created_at",)),
        impact=custom_fields.text("impact"),
        detection=custom_fields.text("detection"),
        links=_links(record),
    )


class _CustomFields:
    """The custom fields of a ticket, read by our field names."""

    def __init__(self, record: FieldRecord) -> None:
        custom = record.get(_FIELDS_BY_NAME)
        self._values: Mapping[str, Any] = custom if isinstance(custom, Mapping) else {}
        self._places = assign_by_name(self._values, {})
        self._leave_out_rest(record)

    def text(self, name: str) -> str | None:
        return "\n".join(lines_of(self._values.get(self._places.get(name, "")))) or None

    def name(self, name: str) -> str | None:
        return name_of(self._values.get(self._places.get(name, "")))

    def _leave_out_rest(self, record: FieldRecord) -> None:
        used = ("service", "environment", "root_cause", "cause", "fix", "impact", "detection")
        used_columns = {self._places[name] for name in used if name in self._places}
        if self._values:
            record.use("custom_fields", "fields")
        for name in self._values:
            if name not in used_columns:
                record.leave_out(f"{_FIELDS_BY_NAME}.{name}")


def _links(record: FieldRecord) -> tuple[IncidentLink, ...]:
    """Return a recurrence link to the ticket's problem, if it has one."""
    problem = record.text("problem_id")
    return (IncidentLink("recurrence", problem),) if problem else ()


def _field_names(context: RecordContext) -> dict[str, str]:
    listed = context.beside("ticket_fields")
    return {
        str(field["id"]): str(field.get("title") or field.get("raw_title") or "")
        for field in (listed if isinstance(listed, list) else ())
        if isinstance(field, Mapping) and "id" in field
    }


def _solved_times(context: RecordContext) -> dict[str, Any]:
    """Return ticket id → solving time, from the metrics in the file."""
    listed = context.beside("metric_sets") or context.beside("ticket_metrics")
    return {
        str(metrics.get("ticket_id")): metrics["solved_at"]
        for metrics in (listed if isinstance(listed, list) else ())
        if isinstance(metrics, Mapping) and metrics.get("solved_at")
    }


def _tags_with_colons(tags: tuple[str, ...]) -> Iterator[str]:
    """Yield tags such as `service_checkout` as `service:checkout`; Zendesk allows no colon."""
    for tag in tags:
        key, mark, value = tag.partition("_")
        yield f"{key}:{value}" if mark and ":" not in tag else tag
