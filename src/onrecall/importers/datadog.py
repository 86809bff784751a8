"""Datadog: incidents from its list and search API."""

from collections.abc import Iterator, Mapping
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers.cause_labels import divide_cause
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord, RecordContext, SourceRow
from onrecall.importers.values import lines_of, names_of, value_at

_OWN_FIELDS = frozenset(
    ("public_id", "customer_impacted", "customer_impact_start", "customer_impact_scope", "time_to_detect")
)


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Datadog by the attributes unique to its incidents, or by the shape of a search result."""
    attributes = _incident_object(values).get("attributes")
    if not isinstance(attributes, Mapping):
        return False
    own = bool(_OWN_FIELDS & set(attributes)) and bool({"title", "created"} & set(attributes))
    return own or _search_results(values) is not None


def rows(
    source_rows: Iterator[SourceRow | RejectedInput], context: RecordContext
) -> Iterator[SourceRow | RejectedInput]:
    """Yield one row per incident; a search returns all of them in one object."""
    for row in source_rows:
        listed = None if isinstance(row, RejectedInput) else _search_results(row.values)
        if isinstance(row, RejectedInput) or listed is None:
            yield row
            continue
        for number, values in enumerate(listed, start=1):
            yield SourceRow(row.line, values, f"{context.path}, incident {number}")


def parse(record: FieldRecord) -> Incident:
    """Return the incident; severity, cause and services are attributes or custom fields."""
    record = record.inside("data") if isinstance(record.values.get("data"), Mapping) else record
    record.use("type")
    attributes_record = record.inside("attributes")
    services = _names(attributes_record, "services", "service")
    cause, label = divide_cause(
        _text(attributes_record, "root_cause"),
        next(iter(_names(attributes_record, "root_cause_category", "cause")), None),
    )
    return build_incident(
        attributes_record,
        source="datadog",
        id=record.text("id") or attributes_record.text("public_id"),
        title=attributes_record.text("title"),
        description=_text(attributes_record, "summary"),
        started_at=attributes_record.time("customer_impact_start", "detected", "declared", "created"),
        resolved_at=attributes_record.time("resolved") or attributes_record.time("customer_impact_end"),
        service=services[0] if services else None,
        environment=next(iter(_names(attributes_record, "environments", "environment", "env")), None),
        level=next(iter(_names(attributes_record, "severity")), None),
        state=next(iter(_names(attributes_record, "state")), None),
        labels={
            "number": attributes_record.text("public_id"),
            "services": ", ".join(services) if len(services) > 1 else None,
            "team": next(iter(_names(attributes_record, "teams")), None),
        },
        root_cause=cause,
        cause=label,
        fix=_text(attributes_record, "resolution", "remediation", "mitigation"),
        impact=attributes_record.text("customer_impact_scope"),
        detection=next(iter(_names(attributes_record, "detection_method")), None),
    )


def _incident_object(values: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = values.get("data")
    return inner if isinstance(inner, Mapping) else values


def _search_results(values: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the incidents of a search result, or None if it is not one."""
    attributes = values.get("attributes")
    listed = attributes.get("incidents") if isinstance(attributes, Mapping) else None
    return [part for part in listed if isinstance(part, Mapping)] if isinstance(listed, list) else None


def _value(attributes_record: FieldRecord, names: tuple[str, ...]) -> Any:
    """Return the value of an attribute, or of the custom field with the same name."""
    for place in (place for name in names for place in (name, f"fields.{name}.value")):
        attributes_record.use(place, *((f"{place.removesuffix('.value')}.type",) if place.endswith(".value") else ()))
        if (value := value_at(attributes_record.values, place)) not in (None, "", []):
            return value
    return None


def _names(attributes_record: FieldRecord, *names: str) -> tuple[str, ...]:
    return names_of(_value(attributes_record, names))


def _text(attributes_record: FieldRecord, *names: str) -> str | None:
    return "\n".join(lines_of(_value(attributes_record, names))) or None
