"""PagerDuty: V3 webhooks. Its incidents come as alerts; what people write on them comes as notes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload, signatures
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "pagerduty"
SIGNATURE = "X-PagerDuty-Signature"


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse an event about an incident. Other events are accepted and ignored."""
    body = payload.require_object(delivery.decoded(), "body")
    if not isinstance(body.get("event"), dict):
        raise Invalid("`event` is missing; send PagerDuty's V3 webhook payload", "event")
    return payload.parse_single(body, lambda message: _signals(message["event"], now))


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - no time is signed
    """HMAC-SHA256 over the body; while a secret is being rotated, one signature for each."""
    offered = signatures.split_versions(signatures.require_header(delivery, SIGNATURE), "v1=")
    signatures.verify_hmac(delivery.body, offered, secrets)


def _signals(event: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    kind = payload.read_name(event, "event_type") or ""
    data = event.get("data")
    match payload.read_name(data, "type"):
        case "incident":
            alert = _incident(event, payload.require_object(data, "event.data"), kind, now)
            return (alert, _acknowledgement(event, alert, now)) if kind == "incident.acknowledged" else (alert,)
        case "incident_note":
            return _note(event, data, "content", "", now)
        case "incident_status_update":
            return _note(event, data, "message", "status_update/", now)
        case _:
            return ()


def _incident(event: Fields, data: Fields, kind: str, now: datetime) -> Alert:
    at = payload.read_time(event, "occurred_at")
    starts = payload.read_time(data, "created_at") or (at if kind == "incident.triggered" else None)
    resolved = payload.read_name(data, "status") == "resolved" or kind == "incident.resolved"
    details = payload.get_path(data, "body.details")
    details_by_name = payload.flatten(details, payload.LONGEST_TEXT)
    labels = {**_labels(data), **payload.identifying_labels(details_by_name)}
    return Alert(
        source=NAME,
        key=payload.require(payload.read_key(data, "id"), "event.data.id", "PGR0VU2"),
        title=payload.require(payload.read_line(data, "title", "summary"), "event.data.title", "Checkout is down"),
        starts_at=starts or now,
        status="resolved" if resolved else "firing",
        description=payload.read_text(data, "description", "body.details") or payload.format_details(details_by_name),
        service=payload.read_name(data, "service.summary") or payload.service_from_labels(labels),
        environment=payload.environment_from_labels(labels),
        severity=parse_severity(payload.read_name(data, "priority.summary", "urgency")),
        labels=labels,
        ends_at=at if kind == "incident.resolved" and at and starts and at >= starts else None,
        links=payload.safe_links(data.get("html_url")),
        told_at=at,
        starts_known=starts is not None,
    )


def _labels(data: Fields) -> dict[str, str]:
    fields_by_label = {
        "urgency": payload.read_name(data, "urgency"),
        "priority": payload.read_name(data, "priority.summary"),
        "incident_type": payload.read_name(data, "incident_type.name"),
        "incident_key": payload.read_key(data, "incident_key"),
        "team": _teams(data.get("teams")),
    }
    return {name: value for name, value in fields_by_label.items() if value}


def _teams(listed: Any) -> str | None:
    team_names = (
        [team_name for team in listed[:20] if (team_name := payload.read_name(team, "summary"))]
        if isinstance(listed, list)
        else []
    )
    return payload.truncate(", ".join(team_names), payload.LONGEST_LINE) or None


def _acknowledgement(event: Fields, alert: Alert, now: datetime) -> Acknowledgement:
    return Acknowledgement(NAME, alert.key, alert.told_at or now, payload.read_name(event, "agent.summary"))


def _note(event: Fields, data: Any, field: str, prefix: str, now: datetime) -> tuple[InboundEvent, ...]:
    """Read a note or a status update; their ids may collide, so those of the latter get a prefix."""
    content = payload.read_text(data, field)
    if content is None:
        return ()
    id_ = payload.require(payload.read_key(data, "id"), "event.data.id", "P2LA89X")
    about = payload.require(payload.read_key(data, "incident.id"), "event.data.incident.id", "PGR0VU2")
    at = payload.read_time(event, "occurred_at") or now
    return (
        Note(NAME, about, payload.shorten_key(prefix + id_), content, at, payload.read_name(event, "agent.summary")),
    )
