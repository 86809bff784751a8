"""Our own JSON, as written by `export` and used by the API."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from onrecall.domain.commands import bare_command
from onrecall.domain.document import Document, DocumentKind
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import (
    ActionItem,
    Incident,
    IncidentLink,
    LinkKind,
    Provenance,
    ReportedEffect,
    Resolution,
    ResolutionStep,
    Status,
    StepOutcome,
    TimelineEntry,
)
from onrecall.domain.severity import parse_severity
from onrecall.importers.incident_builder import check_time_order
from onrecall.importers.postmortem.clock import parse_due_day
from onrecall.importers.record import FieldRecord, check_id, kind_of, parse_percentage, to_text


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise our field names by two of the three required ones, so that a missing one can be reported."""
    return len({"id", "title", "started_at"} & set(values)) >= 2


def parse(record: FieldRecord) -> Incident | Document:
    """Return the incident, or the document if the record has a text and no start."""
    if record.get("text") is not None and record.get("started_at") is None:
        return _document(record)
    started_at = record.time("started_at") or record.times.start_by_user()
    resolved_at = record.time("resolved_at")
    check_time_order(started_at, resolved_at)
    resolution = _resolution(record, resolved_at)
    fallback = "resolved" if resolution or resolved_at else "open"
    known_id, source_id = record.text("id"), record.text("source_id")
    return Incident(
        id=check_id(known_id or source_id),
        title=_title(record),
        started_at=started_at,
        description=to_text(record.get("description"), "description") or "",
        service=record.text("service"),
        environment=record.text("environment"),
        severity=parse_severity(record.text("severity")),
        labels=parse_labels(record.get("labels")),
        status=check_choice(record.text("status") or fallback, Status, "status"),
        acknowledged_at=record.time("acknowledged_at"),
        resolved_at=resolved_at or (resolution.at if resolution and not record.text("document") else None),
        source=record.text("source") or "import",
        source_id=source_id,
        resolution=resolution,
        links=_links(record),
        **_report_fields(record),
    )


def dump(incident: Incident) -> dict[str, Any]:
    """Return the incident as JSON-ready data; `parse` restores the same incident."""
    return {
        "id": incident.id,
        "title": incident.title,
        "description": incident.description,
        "service": incident.service,
        "environment": incident.environment,
        "severity": incident.severity,
        "labels": dict(incident.labels),
        "status": incident.status,
        "started_at": _iso_text(incident.started_at),
        "acknowledged_at": _iso_text(incident.acknowledged_at),
        "resolved_at": _iso_text(incident.resolved_at),
        "source": incident.source,
        "source_id": incident.source_id,
        "links": [{"kind": link.kind, "incident": link.incident} for link in incident.links],
        "resolution": _dump_resolution(incident.resolution) if incident.resolution else None,
        **_dump_report(incident),
    }


def parse_labels(value: Any) -> dict[str, str]:
    """Parse labels given as an object of strings."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Invalid(f'`labels` must be an object such as {{"region": "eu"}}, not {kind_of(value)}', "labels")
    return {
        str(key): text
        for key, raw_value in value.items()
        if (text := _label_text(raw_value, f"labels.{key}")) is not None
    }


def check_choice(value: str, allowed: Any, field: str) -> Any:
    """Return the value if it is one of the allowed words; raise Invalid otherwise."""
    words = get_args(allowed)
    if value not in words:
        raise Invalid(f"`{field}` is {value[:60]!r}; it must be one of {', '.join(words)}", field)
    return value


def _title(record: FieldRecord) -> str:
    title = to_text(record.get("title"), "title")
    if not title or not title.strip():
        raise Invalid("there is no `title`; say in a few words what happened", "title")
    return title


def _label_text(value: Any, field: str) -> str | None:
    return str(value).lower() if isinstance(value, bool) else to_text(value, field)


def _document(record: FieldRecord) -> Document:
    return Document(
        id=check_id(record.text("id")),
        title=_title(record),
        text=to_text(record.get("text"), "text") or "",
        kind=check_choice(record.text("kind") or "runbook", DocumentKind, "kind"),
        service=record.text("service"),
        labels=parse_labels(record.get("labels")),
        source=record.text("source"),
        dated=record.time("dated"),
    )


def _resolution(record: FieldRecord, resolved_at: datetime | None) -> Resolution | None:
    value = record.get("resolution")
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Invalid(
            f"`resolution` must be an object with `root_cause` and `steps`, not {kind_of(value)}", "resolution"
        )
    fields = FieldRecord(value, record.times)
    at = fields.time("at") or resolved_at
    if at is None:
        raise Invalid("the resolution has no time; give `resolved_at` or `resolution.at`", "resolved_at")
    steps = fields.get("steps") or []
    if not isinstance(steps, list):
        raise Invalid(f"`resolution.steps` must be a list, not {kind_of(steps)}", "resolution.steps")
    return Resolution(
        root_cause=to_text(fields.get("root_cause"), "resolution.root_cause") or "",
        at=at,
        cause=fields.text("cause"),
        steps=tuple(_step(step, n) for n, step in enumerate(steps)),
        summary=to_text(fields.get("summary"), "resolution.summary"),
        provenance=check_choice(fields.text("provenance") or "imported", Provenance, "resolution.provenance"),
        by=fields.text("by"),
        root_cause_line=_line_number(fields.get("root_cause_line"), "resolution.root_cause_line"),
    )


def _step(value: Any, n: int) -> ResolutionStep:
    field = f"resolution.steps.{n}"
    if isinstance(value, str) and value.strip():
        return ResolutionStep(value, bare_command(value))
    if not isinstance(value, Mapping):
        raise Invalid(f"`{field}` must be an object with `text`, not {kind_of(value)}", field)
    text = to_text(value.get("text"), f"{field}.text")
    if not text or not text.strip():
        raise Invalid(f"`{field}.text` is missing; say what was done", f"{field}.text")
    return ResolutionStep(
        text,
        to_text(value.get("command"), f"{field}.command") or bare_command(text),
        check_choice(to_text(value.get("outcome"), f"{field}.outcome") or "worked", StepOutcome, f"{field}.outcome"),
        to_text(value.get("rollback"), f"{field}.rollback"),
        _line_number(value.get("line"), f"{field}.line"),
        _effect(value.get("effect"), f"{field}.effect"),
    )


def _effect(value: Any, field: str) -> ReportedEffect | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Invalid(f'`{field}` must be an object such as {{"effectiveness": 92}}, not {kind_of(value)}', field)
    return ReportedEffect(
        *(parse_percentage(value.get(name), f"{field}.{name}") for name in ("effectiveness", "confidence"))
    )


def _line_number(value: Any, field: str) -> int | None:
    """Return a line number, counted from 1."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise Invalid(f"`{field}` must be the number of a line, counted from 1", field)
    return value


_STATEMENTS = ("impact", "detection", "trigger", "contributing_factors")


def _report_fields(record: FieldRecord) -> dict[str, Any]:
    """Return the postmortem fields of the incident that the record has."""
    numbers = record.get("lines") or {}
    if not isinstance(numbers, Mapping):
        raise Invalid(f"`lines` must be an object of line numbers, not {kind_of(numbers)}", "lines")
    return {
        "document": record.text("document"),
        **{name: to_text(record.get(name), name) for name in _STATEMENTS},
        "timeline": tuple(_timeline_entry(row, n) for n, row in enumerate(_object_list(record, "timeline"))),
        "action_items": tuple(_action_item(row, n) for n, row in enumerate(_object_list(record, "action_items"))),
        "lines": {str(name): line for name, value in numbers.items() if (line := _line_number(value, f"lines.{name}"))},
    }


def _object_list(record: FieldRecord, name: str) -> tuple[FieldRecord, ...]:
    """Return the objects of a list; a value that is not a list belongs to another tool and is ignored."""
    value = record.get(name)
    return record.object_list(name) if isinstance(value, list) else ()


def _timeline_entry(row: FieldRecord, n: int) -> TimelineEntry:
    return TimelineEntry(
        to_text(row.get("text"), f"timeline.{n}.text") or "",
        row.time("at"),
        _line_number(row.get("line"), f"timeline.{n}.line"),
    )


def _action_item(row: FieldRecord, n: int) -> ActionItem:
    return ActionItem(
        to_text(row.get("text"), f"action_items.{n}.text") or "",
        row.text("owner"),
        row.text("state"),
        _line_number(row.get("line"), f"action_items.{n}.line"),
        parse_due_day(row.text("due") or ""),
    )


def _dump_report(incident: Incident) -> dict[str, Any]:
    """Return the non-empty postmortem fields."""
    fields = {
        "document": incident.document,
        **{name: getattr(incident, name) for name in _STATEMENTS},
        "timeline": [
            {"text": entry.text, "at": _iso_text(entry.at), "line": entry.line} for entry in incident.timeline
        ],
        "action_items": [asdict(item) for item in incident.action_items],
        "lines": dict(incident.lines),
    }
    return {name: value for name, value in fields.items() if value}


def _links(record: FieldRecord) -> tuple[IncidentLink, ...]:
    """Return links to earlier incidents, from `links` and `duplicate_of`."""
    links = [_link(row) for row in record.object_list("links")]
    if repeated := record.text("duplicate_of"):
        links.append(IncidentLink("duplicate", repeated))
    return tuple(dict.fromkeys(links))


def _link(row: FieldRecord) -> IncidentLink:
    incident_id = row.text("incident")
    if not incident_id:
        raise Invalid("a link has no `incident`; name the other incident's id", "links")
    return IncidentLink(check_choice(row.text("kind") or "recurrence", LinkKind, "links"), incident_id)


def _dump_resolution(resolution: Resolution) -> dict[str, Any]:
    return {
        "root_cause": resolution.root_cause,
        "cause": resolution.cause,
        "steps": [_dump_step(step) for step in resolution.steps],
        **({"root_cause_line": resolution.root_cause_line} if resolution.root_cause_line else {}),
        "summary": resolution.summary,
        "provenance": resolution.provenance,
        "by": resolution.by,
        "at": _iso_text(resolution.at),
    }


def _dump_step(step: ResolutionStep) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "text": step.text,
        "command": step.command,
        "outcome": step.outcome,
        "rollback": step.rollback,
    }
    if step.line:
        fields["line"] = step.line
    if step.effect is not None:
        fields["effect"] = {"effectiveness": step.effect.effectiveness, "confidence": step.effect.confidence}
    return fields


def _iso_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
