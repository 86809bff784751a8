"""Rootly: incidents of its JSON:API."""

from collections.abc import Mapping
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Rootly by its `type` and `attributes`."""
    return values.get("type") == "incidents" and isinstance(values.get("attributes"), Mapping)


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its messages state what mitigated and what resolved it."""
    record.use("type")
    attributes = record.inside("attributes")
    messages = (attributes.text("mitigation_message"), attributes.text("resolution_message"))
    return build_incident(
        attributes,
        source="rootly",
        id=record.text("id"),
        title=attributes.text("title"),
        description=attributes.text("summary"),
        started_at=attributes.time("started_at", "detected_at", "created_at"),
        acknowledged_at=attributes.time("acknowledged_at"),
        resolved_at=attributes.time("resolved_at", "mitigated_at"),
        service=attributes.name("services"),
        environment=attributes.name("environments"),
        level=attributes.name("severity"),
        state="acknowledged" if attributes.text("status") == "in_triage" else attributes.text("status"),
        labels={"url": attributes.text("short_url", "url"), "number": attributes.text("sequential_id")},
        root_cause=attributes.name("causes"),
        fix="\n\n".join(message for message in messages if message) or None,
    )
