"""Splunk On-Call (VictorOps): incidents of its reporting API and of its incident API."""

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.record import FieldRecord

_PHASES = {"unacked": "triggered", "triggered": "triggered", "acked": "acknowledged", "resolved": "resolved"}


def recognises(values: Mapping[str, Any]) -> bool:
    """Recognise Splunk On-Call by its incident number and phase."""
    return "incidentNumber" in values and bool({"currentPhase", "startTime", "transitions"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its transitions give the times and comments."""
    phase = (record.text("currentPhase") or "").lower()
    entity = _unescaped(record.text("entityDisplayName")) or _unescaped(record.text("entityId"))
    return build_incident(
        record,
        source="splunk-on-call",
        id=record.text("incidentNumber"),
        title=entity or _unescaped(record.text("service")),
        description=_unescaped(record.text("stateMessage", "entityStateMessage")),
        started_at=record.time("startTime"),
        acknowledged_at=_transition_time(record, "acked", first=True),
        resolved_at=_transition_time(record, "resolved", first=False),
        service=_unescaped(record.text("service")),
        level=record.text("severity", "priority"),
        state=_PHASES.get(phase, phase or None),
        labels={
            "host": record.text("host"),
            "entity": _unescaped(record.text("entityId")),
            "monitor": record.text("monitorName", "monitorType"),
            "routing_key": record.text("routingKey"),
            "team": ", ".join(record.string_list("pagedTeams")),
            "url": record.text("incidentUrl"),
        },
        comments=(
            *listed_comments(record, "transitions", ("message",), ("at",)),
            *listed_comments(
                record, "notes", ("note", "text", "content", "value", "name"), ("createdAt", "at", "time")
            ),
        ),
    )


def _transition_time(record: FieldRecord, phase: str, *, first: bool) -> datetime | None:
    """Return when a phase was reached the first or last time; reopened incidents resolve several times."""
    moments = [at for row in record.object_list("transitions") if _phase(row) == phase and (at := row.time("at"))]
    return (min(moments) if first else max(moments)) if moments else None


def _phase(row: FieldRecord) -> str:
    name = (row.text("name") or "").lower()
    return {"acknowledged": "acked", "ack": "acked", "resolve": "resolved"}.get(name, name)


def _unescaped(text: str | None) -> str | None:
    """Unescape the HTML entities in its names."""
    return unescape(text) if text else None
