"""RAG of Fire: its list of root cause analyses."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from onrecall.domain.incident import Incident, ReportedEffect, ResolutionStep
from onrecall.domain.markdown_page import one_line
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord, percentage
from onrecall.importers.steps import steps
from onrecall.importers.times import after

IMPACT = "\n\nImpact: "
MEASURED = "\n\nMeasured: "
DETECTION, RECOVERY = "detection_seconds", "recovery_seconds"


def recognises(values: Mapping[str, Any]) -> bool:
    """By its words for what was done and how well it did."""
    return bool({"resolution_action", "mitigation_metric", "mitigation_effectiveness"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; it ended when its own recovery time had passed.

    `mitigation_metric` is the measure that worked, and its first step, with the effectiveness and the confidence that
    the source reports. An identifier without blanks is the name of a metric, and becomes a label.
    """
    started = record.time("started_at", "occurred_at", "incident_date", "date", "created_at", "timestamp")
    begun = started or record.times.undated
    recovery = record.number("recovery_seconds", "recovery_time_seconds")
    detection = record.number("detection_seconds", "detection_time_seconds")
    mitigation = record.text("mitigation_metric")
    return incident(
        record,
        source="ragoffire",
        id=record.text("incident_id", "id"),
        title=record.text("title"),
        description=_description(record),
        started_at=started,
        resolved_at=record.time("resolved_at") or after(begun, recovery),
        service=record.text("affected_service", "service_name", "service"),
        level=record.text("severity"),
        state=record.text("status"),
        labels={
            "error_type": record.text("error_type"),
            "tenant": record.text("affected_tenant", "tenant_id"),
            "metric": record.text("metric_name") or (mitigation if not _is_measure(mitigation) else None),
            "tags": ", ".join(_tags(record)),
            DETECTION: _seconds(detection),
            RECOVERY: _seconds(recovery),
        },
        root_cause=record.text("root_cause"),
        fix=record.text("resolution_action"),
        cause=record.text("error_type"),
        done=_steps(record, mitigation),
    )


def _description(record: FieldRecord) -> str:
    """Summary, impact and what was measured, each under its name, so that they can be told apart again."""
    summary = record.text("summary") or ""
    impact = record.text("impact")
    measured = "; ".join(_measured(record))
    parts = (summary, f"{IMPACT}{impact}" if impact else "", f"{MEASURED}{measured}" if measured else "")
    return "".join(parts).strip()


@dataclass(frozen=True, slots=True)
class Description:
    """What a description is made of."""

    summary: str
    impact: str
    measured: Mapping[str, str]
    """Values of `metadata`, by name."""


def split_description(text: str) -> Description:
    """Return the parts that `parse` put together; a text of another origin is all summary."""
    told, _, measured = f"\n\n{text}".partition(MEASURED)
    summary, _, impact = told.partition(IMPACT)
    values: dict[str, str] = {}
    for part in filter(None, measured.split("; ")):
        name, equals, value = part.partition("=")
        if equals:
            values[name] = value
        elif values:
            values[list(values)[-1]] += f"; {part}"
    return Description(summary.strip(), impact.strip(), values)


def _measured(record: FieldRecord) -> Iterator[str]:
    """The plain values of `metadata`; what is nested deeper is left out by name."""
    metadata = record.get("metadata")
    for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
        if name == "tags" or value is None:
            continue
        if isinstance(value, str | int | float):
            yield f"{one_line(str(name))}={one_line(str(value))}"
        else:
            record.leave_out(f"metadata.{name}")
    if metadata is not None and not isinstance(metadata, Mapping):
        record.leave_out("metadata")


def _tags(record: FieldRecord) -> tuple[str, ...]:
    """Tags as a list, as a text with commas, or as the JSON list that Chroma keeps; also in `metadata`."""
    metadata = record.get("metadata")
    inner = metadata.get("tags") if isinstance(metadata, Mapping) else None
    found = [*_tag_list(record.get("tags"), record), *_tag_list(inner, record)]
    return tuple(dict.fromkeys(found))


def _tag_list(value: Any, record: FieldRecord) -> tuple[str, ...]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):  # a tag may begin with a bracket
            value = json.loads(value)
    return FieldRecord({"tags": value}, record.times).words("tags")


def _steps(record: FieldRecord, mitigation: str | None) -> tuple[ResolutionStep, ...]:
    """The measure first, with its reported effect, then what else was done; the measure stands there once."""
    effectiveness = percentage(record.get("mitigation_effectiveness"), "mitigation_effectiveness")
    effect = ReportedEffect(effectiveness, percentage(record.get("resolution_confidence"), "resolution_confidence"))
    done = steps(record.text("resolution_action"), prose=True)
    if not mitigation or not _is_measure(mitigation):
        return done if effect == ReportedEffect() else _with_effect(done, effect, record)
    rest = tuple(step for step in done if not _same(step.text, mitigation))
    return (ResolutionStep(mitigation, effect=effect), *rest)


def _with_effect(
    done: tuple[ResolutionStep, ...], effect: ReportedEffect, record: FieldRecord
) -> tuple[ResolutionStep, ...]:
    """The reported effect on the only step there is; of several steps the source does not say which one it was."""
    if len(done) == 1:
        return (replace(done[0], effect=effect),)
    for name in ("mitigation_effectiveness", "resolution_confidence"):
        record.leave_out(name)
    return done


def _is_measure(text: str | None) -> bool:
    return bool(text) and " " in str(text)


def _same(one: str, other: str) -> bool:
    return one_line(one).rstrip(".").casefold() == one_line(other).rstrip(".").casefold()


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
