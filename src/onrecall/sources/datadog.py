"""Datadog: the webhook template of docs/sources.md, and the payload it sends when none is set."""

import re
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import severity
from onrecall.sources.payload import (
    Fields,
    cut,
    environment,
    fields,
    key,
    line,
    links,
    moment,
    name,
    need,
    plain,
    service,
    short_key,
    tags,
    text,
    whole,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest, load_json

NAME = "datadog"
_UNSET = re.compile(r"\$[A-Z][A-Z0-9_]*(?:\[[^\]]*\])?")
"""A variable that Datadog had no value for stands there by its name."""
_TRANSITION = re.compile(r"\s*\[(?P<word>[A-Za-z-]+(?: [Dd]ata)?)(?: on (?P<scope>\{[^}\]]*\}))?\]\s*")
_TEST = re.compile(r"\s*\[TEST\]\s*", re.IGNORECASE)
"""What *Test Notifications* of a monitor puts in front of the title."""
_KNOWN = ("alert_id", "alert_cycle_key", "aggreg_key", "transition", "incident_id", "event_type", "title", "id")


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """What a monitor or an incident of Datadog says."""
    body = fields(delivery.decoded(), "body")
    if not any(one in body for one in _KNOWN):
        raise Invalid("the body has neither alert_id nor title; use the template of docs/sources.md", "alert_id")
    return whole(body, lambda one: _read(_set(one), now))


def _read(said: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    is_incident = "incident_id" in said and "alert_id" not in said
    return (_incident(said, now) if is_incident else _monitor(said, now),)


def _set(body: Fields) -> dict[str, Any]:
    """The fields that Datadog had a value for."""
    return {
        name: value
        for name, value in body.items()
        if not (isinstance(value, str) and (value.strip() in ("", "null") or _UNSET.fullmatch(value.strip())))
    }


def _monitor(said: Fields, now: datetime) -> Alert:
    """A monitor that changed its mind; one monitor is as many alerts as it has scopes."""
    whole_heading = need(line(said, "title", "alert_title", "event_title"), "title", "$EVENT_TITLE")
    test = _TEST.match(whole_heading)
    heading = (whole_heading[test.end() :] if test else "") or whole_heading
    mark = _TRANSITION.match(heading)
    transition = (name(said, "transition") or (mark["word"] if mark else "")).lower()
    bare = heading[mark.end() :].strip() if mark else heading
    happened = moment(said, "date", "last_updated")
    labels = _labels(said)
    status: AlertStatus = "resolved" if _over(transition, said) else "firing"
    return Alert(
        NAME,
        _key(said, bare or heading, (mark["scope"] if mark else None) or ""),
        bare or heading,
        happened or now,
        status,
        _described(said),
        service(labels),
        environment(labels),
        _severity(said, transition),
        labels,
        ends_at=happened if status == "resolved" else None,
        links=links(said.get("link"), said.get("snapshot")),
        group=key(said, "aggreg_key"),
        told_at=happened,
        starts_known=False,
        purpose="test" if test else "incident",
        purpose_reason="Datadog's Test Notifications put [TEST] in front" if test else "",
    )


def _incident(said: Fields, now: datetime) -> Alert:
    happened = moment(said, "date", "last_updated")
    number = need(key(said, "incident_id"), "incident_id", "$INCIDENT_PUBLIC_ID")
    resolved = (name(said, "incident_status") or "").lower() in ("resolved", "completed")
    labels = _labels(said)
    return Alert(
        NAME,
        f"incident:{number}",
        need(line(said, "incident_title", "title"), "incident_title", "$INCIDENT_TITLE"),
        happened or now,
        "resolved" if resolved else "firing",
        text(said, "incident_msg", "body", "text") or "",
        service(labels),
        environment(labels),
        severity(name(said, "incident_severity")),
        labels,
        ends_at=happened if resolved else None,
        links=links(said.get("incident_url"), said.get("link")),
        told_at=happened,
        starts_known=False,
    )


def _key(said: Fields, bare: str, scope: str) -> str:
    """The monitor and its scope; without a monitor, what the event is called when it is neither triggered nor over."""
    monitor = key(said, "alert_id")
    if monitor is None:
        return short_key(f"{bare} {scope}".strip())
    scope = line(said, "scope") or ""
    return short_key(f"{monitor} {','.join(sorted(part.strip() for part in scope.split(',')))}".strip())


def _over(transition: str, said: Fields) -> bool:
    if transition.startswith(("recovered", "resolved")):
        return True
    return not transition and (name(said, "type", "alert_type") or "").lower() == "success"


def _severity(said: Fields, transition: str) -> Severity:
    priority = severity(name(said, "priority"))
    if priority != "unknown" or transition.startswith("recovered"):
        return priority
    if transition in ("warn", "re-warn"):
        return "medium"
    return severity(name(said, "type", "alert_type"))


def _labels(said: Fields) -> dict[str, str]:
    """Its tags, where it fired, and what it measures."""
    told = _tagged(said.get("scope")) | _tagged(said.get("tags"))
    for called in ("host", "metric", "priority", "event_type"):
        if value := name(said, called):
            told.setdefault(called, value)
    return told


def _tagged(said: Any) -> dict[str, str]:
    listed = said.split(",") if isinstance(said, str) else said
    return tags([one.strip() for one in listed if isinstance(one, str)]) if isinstance(listed, list) else {}


def _described(said: Fields) -> str:
    """What people and the monitor wrote, its query, and a sample of log lines."""
    written = (text(said, "text") or text(said, "body") or "").replace("%%%", "")
    queried = line(said, "query")
    told = (written.strip(), line(said, "status"), f"query: {queried}" if queried else None, _sample(said.get("logs")))
    return "\n".join(dict.fromkeys(one for one in told if one))


def _sample(logs: Any) -> str | None:
    """Log lines of a log monitor, wherever in the sample they stand."""
    if isinstance(logs, str) and logs.lstrip().startswith(("{", "[")):
        try:
            logs = load_json(logs.encode(errors="replace"))
        except Invalid:
            return plain(logs)
    if not isinstance(logs, dict | list):
        return plain(logs)
    rows = logs.get("rows") if isinstance(logs, dict) else logs
    found = (line(one, "message") for one in rows if isinstance(one, dict)) if isinstance(rows, list) else ()
    return cut("\n".join(one for one in found if one), 5_000) or None
