"""Opsgenie: alerts and incidents of its API, with notes if they were exported."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord
from onrecall.importers.tags import parse_facets
from onrecall.importers.times import add_seconds

LONGEST_DETAIL = 200
"""Characters of a detail that becomes a label."""


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Opsgenie by `tinyId`, which only its alerts and incidents have."""
    return "tinyId" in values


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its notes may describe the fix."""
    tags = record.string_list("tags")
    facet = parse_facets(tags)
    created = record.time("createdAt")
    started = record.time("impactStartDate") or created
    state = record.text("status")
    services = [*record.string_list("impactedServices"), None]
    return build_incident(
        record,
        source="opsgenie",
        id=record.text("id"),
        title=record.text("message"),
        description=record.text("description"),
        started_at=started,
        acknowledged_at=_reported_time(record, created, "ackTime"),
        resolved_at=record.time("impactEndDate") or _reported_time(record, created, "closeTime"),
        service=facet.get("service") or record.text("details.service", "entity") or services[0],
        environment=record.text("details.environment", "details.env") or facet.get("environment"),
        level=record.text("priority"),
        state="acknowledged" if state == "open" and record.get("acknowledged") is True else state,
        labels={
            **_details(record.get("details")),
            "tags": ", ".join(tags),
            "alias": record.text("alias"),
            "number": record.text("tinyId"),
        },
        comments=listed_comments(record, "notes", ("note",), ("createdAt",)),
    )


def _details(details: object) -> dict[str, str]:
    """Return the alert's details that are short texts, which Opsgenie shows as extra properties."""
    if not isinstance(details, Mapping):
        return {}
    return {
        str(name): value for name, value in details.items() if isinstance(value, str) and len(value) <= LONGEST_DETAIL
    }


def _reported_time(record: FieldRecord, start: datetime | None, name: str) -> datetime | None:
    """Return the time of an event, which the report gives in milliseconds from the start; None if it is 0."""
    milliseconds = record.number(f"report.{name}")
    return add_seconds(start, milliseconds / 1000) if milliseconds else None
