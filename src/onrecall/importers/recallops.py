"""RecallOps: its `incidents.json` and its API's format."""

from collections.abc import Iterator, Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord, to_text
from onrecall.importers.times import add_seconds, parse_duration

LOGS = ("error_logs", "error_log", "logs")
FIXES = ("fix", "fix_applied", "resolution")
TEXTS = ("description", "summary", "symptoms", "impact")


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise RecallOps by its field names for the fix and the logs."""
    names = {"fix", "fix_applied", "resolution_time_minutes", *LOGS}
    return {"id", "title"} <= set(values) and bool(names & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident, which ended after its resolution time; all fields for fix and logs are used."""
    started = record.time("started_at", "timestamp", "created_at", "occurred_at", "date")
    minutes = record.number("resolution_time_minutes", "resolution_time")
    lasted = parse_duration(record.text("resolution_time", "time_to_resolve")) if minutes is None else minutes * 60
    begun = started or record.times.undated
    return build_incident(
        record,
        source="recallops",
        id=record.text("id"),
        title=record.text("title"),
        description="\n\n".join(_texts(record, (*TEXTS, *LOGS))),
        started_at=started,
        resolved_at=record.time("resolved_at") or add_seconds(begun, lasted),
        service=record.text("service"),
        environment=record.text("environment"),
        level=record.text("severity"),
        state=record.text("status"),
        labels={"category": record.text("category"), "tags": ", ".join(record.string_list("tags"))},
        root_cause="\n".join(_texts(record, ("root_cause",))),
        fix="\n".join(_texts(record, FIXES, bullet="- ")),
        prose=True,
    )


def _texts(record: FieldRecord, names: tuple[str, ...], bullet: str = "") -> list[str]:
    """Return the distinct texts of these fields; list items become lines."""
    return list(dict.fromkeys(text for name in names if (text := _text(record.get(name), name, bullet))))


def _text(value: Any, name: str, bullet: str) -> str:
    if not isinstance(value, list):
        return (to_text(value, name) or "").strip()
    return "\n".join(f"{bullet}{line}" for item in value if (line := " ".join(_words(item)).strip()))


def _words(item: Any) -> Iterator[str]:
    """Yield the texts of a log line, given as text or as an object."""
    if isinstance(item, Mapping):
        for value in item.values():
            yield from _words(value)
    elif isinstance(item, str | int | float) and not isinstance(item, bool):
        yield str(item)
