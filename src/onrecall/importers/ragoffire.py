"""RAG of Fire: its list of root cause analyses."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from onrecall.domain.incident import Incident, ReportedEffect, ResolutionStep
from onrecall.domain.markdown_page import collapse_whitespace, fold_words
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord, parse_percentage
from onrecall.importers.steps import parse_steps
from onrecall.importers.times import add_seconds

IMPACT = "\n\nImpact: "
MEASURED = "\n\nMeasured: "
DETECTION, RECOVERY = "detection_seconds", "recovery_seconds"


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise RAG of Fire by its field names for the fix and its effectiveness."""
    return bool({"resolution_action", "mitigation_metric", "mitigation_effectiveness"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; it ended after its recovery time.

    `mitigation_metric` is the measure that worked, and its first step, with the effectiveness and the confidence that
    the source reports. An identifier without blanks is the name of a metric, and becomes a label.
    """
    started = record.time("started_at", "occurred_at", "incident_date", "date", "created_at", "timestamp")
    begun = started or record.times.undated
    recovery = record.number("recovery_seconds", "recovery_time_seconds")
    detection = record.number("detection_seconds", "detection_time_seconds")
    mitigation = record.text("mitigation_metric")
    return build_incident(
        record,
        source="ragoffire",
        id=record.text("incident_id", "id"),
        title=record.text("title"),
        description=_description(record),
        started_at=started,
        resolved_at=record.time("resolved_at") or add_seconds(begun, recovery),
        service=record.text("affected_service", "service_name", "service"),
        level=record.text("severity"),
        state=record.text("status"),
        labels={
            "error_type": record.text("error_type"),
            "tenant": record.text("affected_tenant", "tenant_id"),
            "metric": record.text("metric_name") or (mitigation if not _is_measure(mitigation) else None),
            "tags": ", ".join(_tags(record)),
            DETECTION: _format_seconds(detection),
            RECOVERY: _format_seconds(recovery),
        },
        root_cause=record.text("root_cause"),
        fix=record.text("resolution_action"),
        cause=record.text("error_type"),
        steps=_steps(record, mitigation),
    )


def _description(record: FieldRecord) -> str:
    """Join summary, impact and measurements, each under its label, so that `split_description` can separate them."""
    summary = record.text("summary") or ""
    impact = record.text("impact")
    measured = "; ".join(_measured_values(record))
    parts = (summary, f"{IMPACT}{impact}" if impact else "", f"{MEASURED}{measured}" if measured else "")
    return "".join(parts).strip()


@dataclass(frozen=True, slots=True)
class Description:
    """The parts of a description."""

    summary: str
    impact: str
    measured: Mapping[str, str]
    """Values of `metadata`, by name."""


def split_description(text: str) -> Description:
    """Split a description built by `parse`; any other text is all summary."""
    before_measured, _, measured = f"\n\n{text}".partition(MEASURED)
    summary, _, impact = before_measured.partition(IMPACT)
    values: dict[str, str] = {}
    for part in filter(None, measured.split("; ")):
        name, equals, value = part.partition("=")
        if equals:
            values[name] = value
        elif values:
            values[list(values)[-1]] += f"; {part}"
    return Description(summary.strip(), impact.strip(), values)


def _measured_values(record: FieldRecord) -> Iterator[str]:
    """Yield the scalar values of `metadata`; nested ones are reported as left out."""
    metadata = record.get("metadata")
    for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
        if name == "tags" or value is None:
            continue
        if isinstance(value, str | int | float):
            yield f"{collapse_whitespace(str(name))}={collapse_whitespace(str(value))}"
        else:
            record.leave_out(f"metadata.{name}")
    if metadata is not None and not isinstance(metadata, Mapping):
        record.leave_out("metadata")


def _tags(record: FieldRecord) -> tuple[str, ...]:
    """Return the tags given as a list, comma-separated text or JSON list; also those in `metadata`."""
    metadata = record.get("metadata")
    inner = metadata.get("tags") if isinstance(metadata, Mapping) else None
    tags = [*_tag_list(record.get("tags"), record), *_tag_list(inner, record)]
    return tuple(dict.fromkeys(tags))


def _tag_list(value: Any, record: FieldRecord) -> tuple[str, ...]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):  # a tag may begin with a bracket
            value = json.loads(value)
    return FieldRecord({"tags": value}, record.times).string_list("tags")


def _steps(record: FieldRecord, mitigation: str | None) -> tuple[ResolutionStep, ...]:
    """Return the mitigation with its reported effect, then the other steps without repeating it."""
    effectiveness = parse_percentage(record.get("mitigation_effectiveness"), "mitigation_effectiveness")
    effect = ReportedEffect(
        effectiveness, parse_percentage(record.get("resolution_confidence"), "resolution_confidence")
    )
    resolution_steps = parse_steps(record.text("resolution_action"), prose=True)
    if not mitigation or not _is_measure(mitigation):
        return resolution_steps if effect == ReportedEffect() else _attach_effect(resolution_steps, effect, record)
    other_steps = tuple(step for step in resolution_steps if not _is_same_text(step.text, mitigation))
    return (ResolutionStep(mitigation, effect=effect), *other_steps)


def _attach_effect(
    steps: tuple[ResolutionStep, ...], effect: ReportedEffect, record: FieldRecord
) -> tuple[ResolutionStep, ...]:
    """Attach the reported effect if there is only one step; of several, the source does not say which one it was."""
    if len(steps) == 1:
        return (replace(steps[0], effect=effect),)
    for name in ("mitigation_effectiveness", "resolution_confidence"):
        record.leave_out(name)
    return steps


def _is_measure(text: str | None) -> bool:
    return bool(text) and " " in str(text)


def _is_same_text(first: str, second: str) -> bool:
    return fold_words(first).rstrip(".") == fold_words(second).rstrip(".")


def _format_seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
