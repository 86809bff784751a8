"""PagerDuty's Events API v2, received: alert events and change events of anything that can talk to PagerDuty."""

import json
import re
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, ChangeKind, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

EVENTS, CHANGES = "pagerduty-events", "pagerduty-changes"
UNTIMED_WINDOW = 600
"""Seconds within which two equal changes without a time count as a repetition."""
_CEF_FIELDS = ("source", "component", "group", "class")
_DEPLOYMENT = re.compile(
    r"\b(?:deploy|releas|roll[- ]?(?:ed |ing )?(?:out|back)|build\b|ship|promot|upgrad)", re.IGNORECASE
)
_CONFIGURATION = re.compile(
    r"\b(?:config|feature[- _]?(?:flag|toggle)|flag\b|secret|certificate|setting|terraform)", re.IGNORECASE
)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse an alert event: trigger, acknowledge or resolve."""
    return payload.parse_single(_body(delivery), lambda body: (_signal(body, now),))


def parse_change(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse a change event."""
    return payload.parse_single(_body(delivery), lambda body: (_change(body, now),))


def _body(delivery: WebhookRequest) -> Fields:
    """Return the event without its routing key, which is a secret and must not be stored."""
    body = payload.require_object(delivery.decoded(), "body")
    return {name: value for name, value in body.items() if name != "routing_key"}


def _signal(body: Fields, now: datetime) -> InboundEvent:
    action = payload.read_name(body, "event_action")
    at = payload.read_time(body, "payload.timestamp")
    if action == "acknowledge":
        return Acknowledgement(EVENTS, _dedup_key(body), at or now, payload.read_name(body, "client"))
    if action == "resolve":
        return _alert(body, _dedup_key(body), now, at, resolved=True)
    if action == "trigger":
        title = payload.require(
            payload.read_line(body, "payload.summary"), "payload.summary", "5xx above 5% on checkout"
        )
        key = payload.read_key(body, "dedup_key") or _content_key(body, title)
        return _alert(body, key, now, at, resolved=False)
    action_text = repr(action) if action else "missing"
    raise Invalid(f"`event_action` is {action_text}; write trigger, acknowledge or resolve", "event_action")


def _dedup_key(body: Fields) -> str:
    return payload.require(payload.read_key(body, "dedup_key"), "dedup_key", "that of the trigger which it is about")


def _content_key(body: Fields, title: str) -> str:
    return payload.derived_key(title, *(payload.read_text(body, f"payload.{name}") for name in _CEF_FIELDS))


def _alert(body: Fields, key: str, now: datetime, at: datetime | None, *, resolved: bool) -> Alert:
    """Build an alert. A trigger's timestamp is not the episode's start: a later trigger of the key continues it."""
    details_by_name = payload.flatten(payload.get_path(body, "payload.custom_details"), payload.LONGEST_TEXT)
    labels = {**payload.identifying_labels(details_by_name), **_labels(body)}
    details = payload.read_text(body, "payload.custom_details")
    return Alert(
        source=EVENTS,
        key=key,
        title=payload.read_line(body, "payload.summary") or key,
        starts_at=now if resolved or at is None else at,
        status="resolved" if resolved else "firing",
        description=details or payload.format_details(details_by_name),
        service=payload.service_from_labels(labels),
        environment=payload.environment_from_labels(labels),
        severity=parse_severity(payload.read_name(body, "payload.severity")),
        labels=labels,
        annotations={name: value for name, value in details_by_name.items() if name not in labels},
        ends_at=at if resolved else None,
        links=_links(body),
        told_at=at,
        starts_known=False,
    )


def _labels(body: Fields) -> dict[str, str]:
    names = ((name, payload.read_line(body, f"payload.{name}")) for name in _CEF_FIELDS)
    return {name: value for name, value in (*names, ("client", payload.read_name(body, "client"))) if value}


def _links(body: Fields) -> tuple[str, ...]:
    listed: Any = body.get("links")
    offered = [payload.get_path(link, "href") for link in listed] if isinstance(listed, list) else []
    return payload.safe_links(*offered, body.get("client_url"))


def _change(body: Fields, now: datetime) -> ChangeEvent:
    title = payload.require(payload.read_line(body, "payload.summary"), "payload.summary", "Deployed checkout 1.4.2")
    details_by_name = payload.flatten(payload.get_path(body, "payload.custom_details"))
    labels = {**details_by_name, **_labels(body)}
    at = payload.read_time(body, "payload.timestamp")
    when = at.isoformat() if at else str(int(now.timestamp()) // UNTIMED_WINDOW)
    return ChangeEvent(
        source=CHANGES,
        key=payload.derived_key(title, json.dumps(labels, sort_keys=True), when),
        title=title,
        at=at or now,
        kind=classify_change(title, *labels.values()),
        service=payload.service_from_labels(labels),
        environment=payload.environment_from_labels(labels),
        labels=labels,
        links=_links(body),
    )


def classify_change(*texts: str) -> ChangeKind:
    """Classify a change by the first of these texts that names a kind."""
    for text in texts:
        if _CONFIGURATION.search(text):
            return "configuration"
        if _DEPLOYMENT.search(text):
            return "deployment"
    return "other"
