"""PagerDuty: V3 webhooks. Its incidents come as alerts; what people write on them comes as notes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources import signatures
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "pagerduty"
SIGNATURE = "X-PagerDuty-Signature"


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """What the event says of an incident. Events about anything else are heard and say nothing."""
    body = fields.fields(delivery.decoded(), "body")
    if not isinstance(body.get("event"), dict):
        raise Invalid("`event` is missing; send PagerDuty's V3 webhook payload", "event")
    return fields.whole(body, lambda told: _signals(told["event"], now))


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - no time is signed
    """HMAC-SHA256 over the body; while a secret is being rotated, one signature for each."""
    offered = signatures.versioned(signatures.header(delivery, SIGNATURE), "v1=")
    signatures.signed(delivery.body, offered, secrets)


def _signals(event: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    kind = fields.name(event, "event_type") or ""
    data = event.get("data")
    match fields.name(data, "type"):
        case "incident":
            told = _incident(event, fields.fields(data, "event.data"), kind, now)
            return (told, _acknowledged(event, told, now)) if kind == "incident.acknowledged" else (told,)
        case "incident_note":
            return _note(event, data, "content", "", now)
        case "incident_status_update":
            return _note(event, data, "message", "status_update/", now)
        case _:
            return ()


def _incident(event: Fields, data: Fields, kind: str, now: datetime) -> Alert:
    at = fields.moment(event, "occurred_at")
    starts = fields.moment(data, "created_at") or (at if kind == "incident.triggered" else None)
    resolved = fields.name(data, "status") == "resolved" or kind == "incident.resolved"
    details = fields.at(data, "body.details")
    told = fields.flat(details, fields.LONGEST_TEXT)
    labels = {**_labels(data), **fields.known(told)}
    return Alert(
        source=NAME,
        key=fields.need(fields.key(data, "id"), "event.data.id", "PGR0VU2"),
        title=fields.need(fields.line(data, "title", "summary"), "event.data.title", "Checkout is down"),
        starts_at=starts or now,
        status="resolved" if resolved else "firing",
        description=fields.text(data, "description", "body.details") or fields.lines(told),
        service=fields.name(data, "service.summary") or fields.service(labels),
        environment=fields.environment(labels),
        severity=severity(fields.name(data, "priority.summary", "urgency")),
        labels=labels,
        ends_at=at if kind == "incident.resolved" and at and starts and at >= starts else None,
        links=fields.links(data.get("html_url")),
        told_at=at,
        starts_known=starts is not None,
    )


def _labels(data: Fields) -> dict[str, str]:
    found = {
        "urgency": fields.name(data, "urgency"),
        "priority": fields.name(data, "priority.summary"),
        "incident_type": fields.name(data, "incident_type.name"),
        "incident_key": fields.key(data, "incident_key"),
        "team": _teams(data.get("teams")),
    }
    return {name: value for name, value in found.items() if value}


def _teams(listed: Any) -> str | None:
    named = [said for team in listed[:20] if (said := fields.name(team, "summary"))] if isinstance(listed, list) else []
    return fields.cut(", ".join(named), fields.LONGEST_LINE) or None


def _acknowledged(event: Fields, told: Alert, now: datetime) -> Acknowledgement:
    return Acknowledgement(NAME, told.key, told.told_at or now, fields.name(event, "agent.summary"))


def _note(event: Fields, data: Any, field: str, prefix: str, now: datetime) -> tuple[InboundEvent, ...]:
    """A note or a status update; ids of both may be the same, so the latter's are marked."""
    said = fields.text(data, field)
    if said is None:
        return ()
    id_ = fields.need(fields.key(data, "id"), "event.data.id", "P2LA89X")
    about = fields.need(fields.key(data, "incident.id"), "event.data.incident.id", "PGR0VU2")
    at = fields.moment(event, "occurred_at") or now
    return (Note(NAME, about, fields.short_key(prefix + id_), said, at, fields.name(event, "agent.summary")),)
