"""Build PagerDuty incidents from their log entries."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.importers.comments import comment_time
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord, RecordContext, SkippedRecord, SourceRow

_ENDING = "_log_entry"
_ENTRIES = "log_entries"
_METADATA_FIELDS = (
    "id",
    "self",
    "html_url",
    "agent",
    "channel.type",
    "channel.description",
    "incident.id",
    "incident.type",
    "incident.summary",
)


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise log entries by their type, or a list of them."""
    return _is_entry(values) or _entries(values) is not None


def rows(
    source_rows: Iterator[SourceRow | RejectedInput],
    context: RecordContext,  # noqa: ARG001 - as all formats
) -> Iterator[SourceRow | RejectedInput]:
    """Yield one row per incident, with its entries in chronological order."""
    incidents: dict[str, list[Mapping[str, Any]]] = {}
    first: dict[str, SourceRow] = {}
    for row in source_rows:
        if isinstance(row, RejectedInput) or not _is_entry(row.values):
            yield row
            continue
        name = _incident_id(row.values)
        incidents.setdefault(name, []).append(row.values)
        first.setdefault(name, row)
    for name, entries in incidents.items():
        ordered = sorted(entries, key=lambda entry: str(entry.get("created_at")))
        yield SourceRow(first[name].line, {"id": name, _ENTRIES: ordered}, first[name].where)


def parse(record: FieldRecord) -> Incident | SkippedRecord:
    """Build the incident from its trigger, acknowledge, resolve and note entries."""
    record.use(*(f"{_ENTRIES}[].{own}" for own in _METADATA_FIELDS))
    entries_by_kind = [(_kind(row), row) for row in record.object_list(_ENTRIES)]
    triggered = next((row for kind, row in entries_by_kind if kind == "trigger"), None)
    if triggered is None:
        return SkippedRecord("log entries of an incident whose beginning is not among them")
    channel_title = triggered.text("channel.summary", "channel.subject", "incident.title", "incident.description")
    resolved = _last_time(entries_by_kind, "resolve")
    reopened = _last_time(entries_by_kind, "reopen")
    over = resolved is not None and (reopened is None or reopened < resolved)
    acknowledged = _times(entries_by_kind, "acknowledge")
    return build_incident(
        record,
        source="pagerduty",
        id=record.text("id"),
        title=triggered.text("incident.title") or channel_title or triggered.text("incident.summary", "summary"),
        description=_details(triggered),
        started_at=triggered.time("created_at"),
        acknowledged_at=min(acknowledged, default=None),
        resolved_at=resolved if over else None,
        service=triggered.name("service", "incident.service"),
        level=triggered.name("incident.priority", "incident.urgency") or triggered.text("channel.details.severity"),
        state="resolved" if over else "acknowledged" if acknowledged else "triggered",
        labels={"team": triggered.name("teams"), "incident_key": triggered.text("channel.incident_key")},
        comments=tuple(comment for kind, row in entries_by_kind if (comment := _comment(kind, row))),
    )


def _is_entry(values: Mapping[str, Any]) -> bool:
    return str(values.get("type", "")).endswith((_ENDING, f"{_ENDING}_reference")) and "created_at" in values


def _entries(values: Mapping[str, Any]) -> list[Any] | None:
    listed = values.get(_ENTRIES)
    return listed if set(values) == {"id", _ENTRIES} and isinstance(listed, list) else None


def _incident_id(entry: Mapping[str, Any]) -> str:
    about = entry.get("incident")
    return str(about.get("id") or "") if isinstance(about, Mapping) else ""


def _kind(row: FieldRecord) -> str:
    kind = (row.text("type") or "").removesuffix("_reference").removesuffix(_ENDING)
    return {"ack": "acknowledge"}.get(kind, kind)


def _times(entries_by_kind: list[tuple[str, FieldRecord]], kind: str) -> list[datetime]:
    return [at for entry_kind, row in entries_by_kind if entry_kind == kind and (at := row.time("created_at"))]


def _last_time(entries_by_kind: list[tuple[str, FieldRecord]], kind: str) -> datetime | None:
    return max(_times(entries_by_kind, kind), default=None)


def _comment(kind: str, row: FieldRecord) -> Comment | None:
    """Return a note, or the text given on resolving, as a comment."""
    text = row.text("channel.content", "note", "channel.summary", "summary") if kind == "annotate" else None
    if kind == "resolve":
        text = row.text("channel.content", "note", "resolution")
    return Comment(text, comment_time(row, ("created_at",))) if text else None


def _details(triggered: FieldRecord) -> str | None:
    """Return the alert's details."""
    details = triggered.get("channel.details")
    if isinstance(details, Mapping):
        lines = (f"{key}: {value}" for key, value in details.items() if isinstance(value, str | int | float))
        return "\n".join(lines) or None
    if isinstance(details, str) and details.strip():
        return details.strip()
    return triggered.text("channel.body", "channel.text", "channel.description")
