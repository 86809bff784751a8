"""Sentry's integration platform: an issue is an alert, a comment a note; what a model wrote is not heard."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.alert import Acknowledgement, Alert, AlertStatus, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import parse_severity
from onrecall.sources import signatures
from onrecall.sources.payload import (
    Fields,
    environment_from_labels,
    flatten,
    get_path,
    parse_single,
    read_key,
    read_line,
    read_name,
    read_objects,
    read_text,
    read_time,
    require,
    require_object,
    safe_links,
    service_from_labels,
    without_empty,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "sentry"
FRAMES = 5
"""Number of innermost stack frames that are shown."""
_PROJECT = re.compile(r"/api/0/projects/[^/]+/([^/]+)/")
_KINDS = {
    **dict.fromkeys(("event", "issue_alert"), "event_alert"),
    "metric_alert": "metric_alert",
    "issue": "issue",
    "error": "error",
    **dict.fromkeys(("comment", "comment_id"), "comment"),
    **dict.fromkeys(("installation", "run_id", "buildId"), "silent"),
}
"""Resource by the fields of the data, for a message without its headers."""


@dataclass(frozen=True, slots=True)
class _SentryMessage:
    """One message: what happened, to what, and when Sentry said so."""

    action: str
    body: Fields
    data: Fields
    told_at: datetime | None
    now: datetime


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - its time is not signed
    """Forbidden unless a client secret signed this body."""
    signatures.verify_hmac(delivery.body, [signatures.require_header(delivery, "Sentry-Hook-Signature")], secrets)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse an issue, metric alert, comment or assignment; other kinds are accepted and ignored."""
    body = require_object(delivery.decoded(), "body")
    data = require_object(body.get("data"), "data")
    kind = delivery.headers.get("sentry-hook-resource", "")
    if kind not in _READERS:
        kind = next((resource for name, resource in _KINDS.items() if name in data), "silent" if kind else "")
    if not kind:
        raise Invalid(
            "`data` holds no event, issue, metric_alert, error or comment; send Sentry's own webhooks", "data"
        )
    read = _READERS.get(kind)
    told_at = _hook_time(delivery)
    return (
        parse_single(
            body, lambda message: read(_SentryMessage(read_line(message, "action") or "", message, data, told_at, now))
        )
        if read
        else ParsedWebhook()
    )


def _hook_time(delivery: WebhookRequest) -> datetime | None:
    try:
        return read_time(delivery.headers, "sentry-hook-timestamp")
    except Invalid:
        return None


def _event(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """Read an event that an alert rule fired on, or any event if those are subscribed to."""
    event = require_object(hook.data.get("event", hook.data.get("error")), "event")
    event_time = read_time(event, "datetime", "timestamp", "received")
    labels = _tags(event) | without_empty(
        project=_project(event),
        platform=read_name(event, "platform"),
        release=read_name(event, "release"),
        level=read_name(event, "level"),
        exception=read_name(event, "metadata.type"),
        rule=read_line(hook.data, "triggered_rule", "issue_alert.title"),
    )
    return (
        Alert(
            NAME,
            require(read_key(event, "issue_id"), "issue_id", "1117540176"),
            require(
                read_line(event, "title", "message", "metadata.value", "culprit"), "title", '"TypeError: x is None"'
            ),
            event_time or hook.now,
            description=_build_description(event),
            service=service_from_labels(labels) or labels.get("project"),
            environment=read_name(event, "environment") or environment_from_labels(labels),
            severity=parse_severity(read_name(event, "level") or labels.get("level")),
            labels=labels,
            links=safe_links(event.get("web_url")),
            told_at=hook.told_at or event_time,
            starts_known=False,
        ),
    )


def _issue(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """Read an issue that was created, reopened, resolved or assigned."""
    issue = require_object(hook.data.get("issue"), "issue")
    issue_id = require(read_key(issue, "id"), "issue.id", "1170820242")
    if hook.action in ("assigned", "archived", "ignored"):
        return _acknowledgement(hook, issue, issue_id)
    resolved = hook.action == "resolved" or read_line(issue, "status") == "resolved"
    status: AlertStatus = "resolved" if resolved else "firing"
    reopened = hook.action == "unresolved"
    started_at = read_time(issue, *(("lastSeen", "firstSeen") if reopened else ("firstSeen",)))
    labels = _issue_labels(issue)
    return (
        Alert(
            NAME,
            issue_id,
            require(read_line(issue, "title", "metadata.value", "culprit"), "issue.title", '"TypeError: x is None"'),
            started_at or hook.now,
            status,
            _join_lines(read_text(issue, "metadata.value"), _prefixed("in", read_line(issue, "culprit"))),
            labels.get("project"),
            severity=parse_severity(labels.get("level")),
            labels=labels,
            ends_at=hook.told_at if status == "resolved" else None,
            links=safe_links(issue.get("web_url"), issue.get("permalink")),
            told_at=hook.told_at,
            starts_known=False,
        ),
    )


def _acknowledgement(hook: _SentryMessage, issue: Fields, issue_id: str) -> tuple[InboundEvent, ...]:
    """Return who took an issue or set it aside; nothing where the time is missing."""
    is_assigned = hook.action == "assigned"
    by = read_name(issue, "assignedTo.name", "assignedTo.email") if is_assigned else _person(hook)
    return (Acknowledgement(NAME, issue_id, hook.told_at, by),) if hook.told_at else ()


def _issue_labels(issue: Fields) -> dict[str, str]:
    return without_empty(
        project=read_name(issue, "project.slug", "project.name"),
        platform=read_name(issue, "platform"),
        level=read_name(issue, "level"),
        exception=read_name(issue, "metadata.type"),
        issue=read_name(issue, "shortId"),
        substatus=read_name(issue, "substatus"),
    )


def _metric(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """Read a metric alert: its rule is the alert, its incident the episode."""
    alert = require_object(hook.data.get("metric_alert"), "metric_alert")
    rule = require(read_key(alert, "alert_rule.id", "id"), "metric_alert.alert_rule.id", "7")
    title = read_line(alert, "alert_rule.name") or read_line(hook.data, "description_title")
    began = read_time(alert, "date_started", "date_detected", "date_created")
    labels = _metric_labels(alert)
    resolved = hook.action == "resolved"
    return (
        Alert(
            NAME,
            f"metric-alert:{rule}",
            require(title, "description_title", '"…"'),
            began or hook.now,
            "resolved" if resolved else "firing",
            read_text(hook.data, "description_text") or "",
            labels.get("project"),
            labels.get("environment"),
            "unknown" if resolved else parse_severity(hook.action),
            labels,
            ends_at=read_time(alert, "date_closed") if resolved else None,
            links=safe_links(hook.data.get("web_url")),
            told_at=hook.told_at,
            starts_known=began is not None,
        ),
    )


def _metric_labels(alert: Fields) -> dict[str, str]:
    """Return what a metric alert measures, and the first of its projects."""
    projects = get_path(alert, "alert_rule.projects") or alert.get("projects")
    first = projects[0] if isinstance(projects, list) and projects else None
    return without_empty(
        project=(read_name(first, "slug") or read_name({"slug": first}, "slug")) if first is not None else None,
        query=read_line(alert, "alert_rule.query"),
        aggregate=read_line(alert, "alert_rule.aggregate"),
        dataset=read_name(alert, "alert_rule.dataset"),
        environment=read_name(alert, "alert_rule.environment"),
    )


def _comment(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """Read a person's comment on an issue."""
    if hook.action == "deleted" or read_line(hook.body, "actor.type") not in (None, "user"):
        return ()
    return (
        Note(
            NAME,
            require(read_key(hook.data, "issue_id"), "issue_id", "100"),
            require(read_key(hook.data, "comment_id"), "comment_id", "1234"),
            require(read_text(hook.data, "comment"), "comment", '"restarted it"'),
            require(read_time(hook.data, "timestamp"), "timestamp", "2024-01-31T09:30:00Z"),
            _person(hook),
        ),
    )


_READERS: dict[str, Callable[[_SentryMessage], tuple[InboundEvent, ...]]] = {
    "event_alert": _event,
    "error": _event,
    "issue": _issue,
    "metric_alert": _metric,
    "comment": _comment,
}


def _build_description(event: Fields) -> str:
    """Describe an event: exceptions, culprit, and the innermost stack frames."""
    exceptions = read_objects(get_path(event, "exception.values"))
    headlines = [
        f"{read_name(exception, 'type') or 'Error'}: {read_text(exception, 'value') or ''}".strip(": ")
        for exception in exceptions
    ]
    frames = [frame for exception in exceptions for frame in _frames(exception)]
    return _join_lines(read_text(event, "message"), *headlines, _prefixed("in", read_line(event, "culprit")), *frames)


def _frames(exception: Fields) -> list[str]:
    frames = get_path(exception, "stacktrace.frames")
    nearest = [frame for frame in frames[-FRAMES:] if isinstance(frame, dict)] if isinstance(frames, list) else []
    places = (
        (read_name(frame, "function"), read_line(frame, "filename", "abs_path"), read_name(frame, "lineno"))
        for frame in nearest
    )
    return [
        f"  at {call or '?'} ({file}{f':{number}' if number else ''})" for call, file, number in places if file or call
    ]


def _tags(event: Fields) -> dict[str, str]:
    """Read tags as pairs, as Sentry writes them, or as an object; the user is left out for privacy."""
    tags = event.get("tags")
    if isinstance(tags, list):
        tags = {
            pair[0]: pair[1] for pair in tags if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
        }
    return {tag: value for tag, value in flatten(tags).items() if tag != "user"}


def _project(event: Fields) -> str | None:
    match = _PROJECT.search(read_line(event, "url") or "")
    return match[1] if match else read_name(event, "project_slug", "project_name")


def _person(hook: _SentryMessage) -> str | None:
    return read_name(hook.body, "actor.name") if read_line(hook.body, "actor.type") == "user" else None


def _prefixed(word: str, text: str | None) -> str | None:
    return f"{word} {text}" if text else None


def _join_lines(*lines: str | None) -> str:
    return "\n".join(dict.fromkeys(line for line in lines if line))
