"""Splunk On-Call (VictorOps): incidents of its reporting API and of its incident API."""

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.comments import listed_comments
from onrecall.importers.incident_builder import incident
from onrecall.importers.record import FieldRecord

_PHASES = {"unacked": "triggered", "triggered": "triggered", "acked": "acknowledged", "resolved": "resolved"}


def recognises(values: Mapping[str, Any]) -> bool:
    """By the number and the phase, which stand in every form of it."""
    return "incidentNumber" in values and bool({"currentPhase", "startTime", "transitions"} & set(values))


def parse(record: FieldRecord) -> Incident:
    """Return the incident; its transitions are its times, and what was said with them."""
    phase = (record.text("currentPhase") or "").lower()
    entity = _plain(record.text("entityDisplayName")) or _plain(record.text("entityId"))
    return incident(
        record,
        source="splunk-on-call",
        id=record.text("incidentNumber"),
        title=entity or _plain(record.text("service")),
        description=_plain(record.text("stateMessage", "entityStateMessage")),
        started_at=record.time("startTime"),
        acknowledged_at=_reached(record, "acked", first=True),
        resolved_at=_reached(record, "resolved", first=False),
        service=_plain(record.text("service")),
        level=record.text("severity", "priority"),
        state=_PHASES.get(phase, phase or None),
        labels={
            "host": record.text("host"),
            "entity": _plain(record.text("entityId")),
            "monitor": record.text("monitorName", "monitorType"),
            "routing_key": record.text("routingKey"),
            "team": ", ".join(record.words("pagedTeams")),
            "url": record.text("incidentUrl"),
        },
        comments=(
            *listed_comments(record, "transitions", ("message",), ("at",)),
            *listed_comments(
                record, "notes", ("note", "text", "content", "value", "name"), ("createdAt", "at", "time")
            ),
        ),
    )


def _reached(record: FieldRecord, phase: str, *, first: bool) -> datetime | None:
    """When a phase was reached, the first or the last time; an incident that opened again resolves anew."""
    moments = [at for row in record.rows("transitions") if _phase(row) == phase and (at := row.time("at"))]
    return (min(moments) if first else max(moments)) if moments else None


def _phase(row: FieldRecord) -> str:
    name = (row.text("name") or "").lower()
    return {"acknowledged": "acked", "ack": "acked", "resolve": "resolved"}.get(name, name)


def _plain(text: str | None) -> str | None:
    """Its names come with entities of HTML in them."""
    return unescape(text) if text else None
