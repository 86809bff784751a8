"""Datadog: the webhook template of docs/sources.md, and the payload it sends when none is set."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity
from onrecall.sources.payload import (
    Fields,
    environment_from_labels,
    parse_single,
    read_key,
    read_line,
    read_name,
    read_text,
    read_time,
    require,
    require_object,
    safe_links,
    service_from_labels,
    shorten_key,
    tags_to_labels,
    to_text,
    truncate,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest, load_json

NAME = "datadog"
_UNSET = re.compile(r"\$[A-Z][A-Z0-9_]*(?:\[[^\]]*\])?")
"""A template variable without a value is sent as its own name."""
_TRANSITION = re.compile(r"\s*\[(?P<word>[A-Za-z-]+(?: [Dd]ata)?)(?: on (?P<scope>\{[^}\]]*\}))?\]\s*")
_PRIORITY = re.compile(r"\s*\[(P[1-5])\]\s*(?=\[)")
"""Datadog puts a monitor's priority before the transition."""
_TEST = re.compile(r"\s*\[TEST\]\s*", re.IGNORECASE)
"""Title prefix of a monitor's *Test Notifications*."""
_KNOWN_FIELDS = ("alert_id", "alert_cycle_key", "aggreg_key", "transition", "incident_id", "event_type", "title", "id")


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse a monitor or an incident."""
    body = require_object(delivery.decoded(), "body")
    if not any(field in body for field in _KNOWN_FIELDS):
        raise Invalid("the body has neither alert_id nor title; use the template of docs/sources.md", "alert_id")
    return parse_single(body, lambda message: _read(_without_unset(message), now))


def _read(message: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    is_incident = "incident_id" in message and "alert_id" not in message
    return (_read_incident(message, now) if is_incident else _read_monitor(message, now),)


def _without_unset(body: Fields) -> dict[str, Any]:
    """Return the fields that have a value."""
    return {
        name: value
        for name, value in body.items()
        if not (isinstance(value, str) and (value.strip() in ("", "null") or _UNSET.fullmatch(value.strip())))
    }


@dataclass(frozen=True, slots=True)
class _MonitorHeading:
    """The heading of a notification, taken apart: `[TEST] [P1] [Triggered on {host:a}] title`."""

    title: str
    is_test: bool
    priority: str | None
    transition: str
    scope: str


def _parse_heading(text: str) -> _MonitorHeading:
    test = _TEST.match(text)
    heading = (text[test.end() :] if test else "") or text
    priority = _PRIORITY.match(heading)
    heading = heading[priority.end() :] if priority else heading
    mark = _TRANSITION.match(heading)
    title = heading[mark.end() :].strip() if mark else heading
    transition, scope = (mark["word"], mark["scope"] or "") if mark else ("", "")
    return _MonitorHeading(title or heading, bool(test), priority[1] if priority else None, transition, scope)


def _read_monitor(message: Fields, now: datetime) -> Alert:
    """Read a monitor transition; a monitor has one alert for each scope."""
    heading = _parse_heading(
        require(read_line(message, "title", "alert_title", "event_title"), "title", "$EVENT_TITLE")
    )
    transition = (read_name(message, "transition", "alert_transition") or heading.transition).lower()
    changed_at = read_time(message, "date", "last_updated")
    labels = _labels(message)
    status: AlertStatus = "resolved" if _is_over(transition, message) else "firing"
    return Alert(
        NAME,
        _alert_key(message, heading.title, heading.scope),
        heading.title,
        changed_at or now,
        status,
        _build_description(message),
        service_from_labels(labels),
        environment_from_labels(labels),
        _severity(message, transition, heading.priority),
        labels,
        ends_at=changed_at if status == "resolved" else None,
        links=safe_links(message.get("link"), message.get("snapshot")),
        group=read_key(message, "aggreg_key"),
        told_at=changed_at,
        starts_known=False,
        purpose="test" if heading.is_test else "incident",
        purpose_reason="Datadog's Test Notifications put [TEST] in front" if heading.is_test else "",
    )


def _read_incident(message: Fields, now: datetime) -> Alert:
    changed_at = read_time(message, "date", "last_updated")
    incident_id = require(read_key(message, "incident_id"), "incident_id", "$INCIDENT_PUBLIC_ID")
    resolved = (read_name(message, "incident_status") or "").lower() in ("resolved", "completed")
    labels = _labels(message)
    return Alert(
        NAME,
        f"incident:{incident_id}",
        require(read_line(message, "incident_title", "title"), "incident_title", "$INCIDENT_TITLE"),
        changed_at or now,
        "resolved" if resolved else "firing",
        read_text(message, "incident_msg", "body", "text") or "",
        service_from_labels(labels),
        environment_from_labels(labels),
        parse_severity(read_name(message, "incident_severity")),
        labels,
        ends_at=changed_at if resolved else None,
        links=safe_links(message.get("incident_url"), message.get("link")),
        told_at=changed_at,
        starts_known=False,
    )


def _alert_key(message: Fields, title: str, scope: str) -> str:
    """Build the key from monitor and scope; without a monitor, from the title without its transition mark."""
    monitor = read_key(message, "alert_id")
    if monitor is None:
        return shorten_key(f"{title} {scope}".strip())
    scope = read_line(message, "scope") or ""
    return shorten_key(f"{monitor} {','.join(sorted(part.strip() for part in scope.split(',')))}".strip())


def _is_over(transition: str, message: Fields) -> bool:
    if transition.startswith(("recovered", "resolved")):
        return True
    return not transition and (read_name(message, "type", "alert_type") or "").lower() == "success"


def _severity(message: Fields, transition: str, title_priority: str | None) -> Severity:
    priority = parse_severity(read_name(message, "priority") or title_priority)
    if priority != "unknown" or transition.startswith("recovered"):
        return priority
    if transition in ("warn", "re-warn"):
        return "medium"
    return parse_severity(read_name(message, "type", "alert_type"))


def _labels(message: Fields) -> dict[str, str]:
    """Return tags, scope and measured fields as labels."""
    labels = _read_tags(message.get("scope")) | _read_tags(message.get("tags"))
    for field in ("host", "metric", "priority", "event_type"):
        if value := read_name(message, field):
            labels.setdefault(field, value)
    return labels


def _read_tags(tags: Any) -> dict[str, str]:
    tag_list = tags.split(",") if isinstance(tags, str) else tags
    return (
        tags_to_labels([tag.strip() for tag in tag_list if isinstance(tag, str)]) if isinstance(tag_list, list) else {}
    )


def _build_description(message: Fields) -> str:
    """Join the text, the status, the query, and a sample of log lines."""
    written = (read_text(message, "text") or read_text(message, "body") or "").replace("%%%", "")
    query = read_line(message, "query")
    paragraphs = (
        written.strip(),
        read_line(message, "status"),
        f"query: {query}" if query else None,
        _log_sample(message.get("logs")),
    )
    return "\n".join(dict.fromkeys(paragraph for paragraph in paragraphs if paragraph))


def _log_sample(logs: Any) -> str | None:
    """Return sample lines of a log monitor, in whatever format they come."""
    if isinstance(logs, str) and logs.lstrip().startswith(("{", "[")):
        try:
            logs = load_json(logs.encode(errors="replace"))
        except Invalid:
            return to_text(logs)
    if not isinstance(logs, dict | list):
        return to_text(logs)
    rows = logs.get("rows") if isinstance(logs, dict) else logs
    messages = (read_line(row, "message") for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return truncate("\n".join(message for message in messages if message), 5_000) or None
