"""Opsgenie: alerts of its API, with notes where they were asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import Record
from onrecall.importers.resolution import closing, sections
from onrecall.importers.times import after


def recognises(values: Mapping[str, Any]) -> bool:
    """By the short id that only they have."""
    return "tinyId" in values


def parse(record: Record) -> Incident:
    """The incident; the fix is in its notes, if anywhere."""
    notes = tuple(said for row in record.rows("notes") if (said := row.text("note")))
    described = record.text("description")
    told = {**sections(described)}
    for note in notes:
        told |= sections(note)
    started = record.time("createdAt")
    state = record.text("status")
    return incident(
        record,
        source="opsgenie",
        id=record.text("id"),
        title=record.text("message"),
        description=described,
        started_at=started,
        acknowledged_at=_reported(record, started, "ackTime"),
        resolved_at=_reported(record, started, "closeTime"),
        service=record.text("entity", "details.service"),
        environment=record.text("details.environment", "details.env"),
        level=record.text("priority"),
        state="acknowledged" if state == "open" and record.get("acknowledged") is True else state,
        labels={
            "tags": ", ".join(record.words("tags")),
            "alias": record.text("alias"),
            "number": record.text("tinyId"),
        },
        root_cause=told.get("root_cause"),
        fix=told.get("fix") or closing(notes),
    )


def _reported(record: Record, start: datetime | None, name: str) -> datetime | None:
    """The report counts in milliseconds from the start; zero where it did not happen."""
    milliseconds = record.number(f"report.{name}")
    return after(start, milliseconds / 1000) if milliseconds else None
