"""Rootly: incidents of its JSON:API."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord


def recognises(values: Mapping[str, Any]) -> bool:
    """By its type and its attributes."""
    return values.get("type") == "incidents" and isinstance(values.get("attributes"), Mapping)


def parse(record: FieldRecord) -> Incident:
    """The incident; its own messages say what mitigated and what resolved it."""
    record.use("type")
    told = record.inside("attributes")
    messages = (told.text("mitigation_message"), told.text("resolution_message"))
    return incident(
        told,
        source="rootly",
        id=record.text("id"),
        title=told.text("title"),
        description=told.text("summary"),
        started_at=told.time("started_at", "detected_at", "created_at"),
        acknowledged_at=told.time("acknowledged_at"),
        resolved_at=told.time("resolved_at", "mitigated_at"),
        service=told.name("services"),
        environment=told.name("environments"),
        level=told.name("severity"),
        state="acknowledged" if told.text("status") == "in_triage" else told.text("status"),
        labels={"url": told.text("short_url", "url"), "number": told.text("sequential_id")},
        root_cause=told.name("causes"),
        fix="\n".join(message for message in messages if message) or None,
    )
