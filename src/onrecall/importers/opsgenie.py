"""Opsgenie: alerts of its API, with notes where they were asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.tags import facets
from onrecall.importers.times import after


def recognises(values: Mapping[str, Any]) -> bool:
    """By the short id that only they have."""
    return "tinyId" in values


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its notes tell what was done, if anything does."""
    tags = record.words("tags")
    facet = facets(tags)
    started = record.time("createdAt")
    state = record.text("status")
    return incident(
        record,
        source="opsgenie",
        id=record.text("id"),
        title=record.text("message"),
        description=record.text("description"),
        started_at=started,
        acknowledged_at=_reported(record, started, "ackTime"),
        resolved_at=_reported(record, started, "closeTime"),
        service=record.text("entity", "details.service") or facet.get("service"),
        environment=record.text("details.environment", "details.env") or facet.get("environment"),
        level=record.text("priority"),
        state="acknowledged" if state == "open" and record.get("acknowledged") is True else state,
        labels={
            "tags": ", ".join(tags),
            "alias": record.text("alias"),
            "number": record.text("tinyId"),
        },
        comments=listed_comments(record, "notes", ("note",), ("createdAt",)),
    )


def _reported(record: FieldRecord, start: datetime | None, name: str) -> datetime | None:
    """The report counts in milliseconds from the start; zero where it did not happen."""
    milliseconds = record.number(f"report.{name}")
    return after(start, milliseconds / 1000) if milliseconds else None
