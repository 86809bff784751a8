"""Sentry's integration platform: an issue is an alert, a comment a note; what a model wrote is not heard."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.alert import Acknowledgement, Alert, AlertStatus, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources import signatures
from onrecall.sources.payload import (
    Fields,
    at,
    environment,
    fields,
    flat,
    key,
    line,
    links,
    moment,
    name,
    need,
    service,
    text,
    whole,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "sentry"
FRAMES = 5
"""Of a stack trace, the calls nearest to the fault."""
_PROJECT = re.compile(r"/api/0/projects/[^/]+/([^/]+)/")
_KINDS = {
    **dict.fromkeys(("event", "issue_alert"), "event_alert"),
    "metric_alert": "metric_alert",
    "issue": "issue",
    "error": "error",
    **dict.fromkeys(("comment", "comment_id"), "comment"),
    **dict.fromkeys(("installation", "run_id", "buildId"), "silent"),
}
"""What a message is about, by what its data holds: for one that lost its headers."""


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
    signatures.signed(delivery.body, [signatures.header(delivery, "Sentry-Hook-Signature")], secrets)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """The issue, metric alert, comment or assignment that a message tells of; other kinds are taken and say nothing."""
    body = fields(delivery.decoded(), "body")
    data = fields(body.get("data"), "data")
    kind = delivery.headers.get("sentry-hook-resource", "")
    if kind not in _READERS:
        kind = next((known for name, known in _KINDS.items() if name in data), "silent" if kind else "")
    if not kind:
        raise Invalid(
            "`data` holds no event, issue, metric_alert, error or comment; send Sentry's own webhooks", "data"
        )
    read = _READERS.get(kind)
    told_at = _told_at(delivery)
    return (
        whole(body, lambda one: read(_SentryMessage(line(one, "action") or "", one, data, told_at, now)))
        if read
        else ParsedWebhook()
    )


def _told_at(delivery: WebhookRequest) -> datetime | None:
    try:
        return moment(delivery.headers, "sentry-hook-timestamp")
    except Invalid:
        return None


def _event(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """An event that an alert rule fired on, or any event where those are subscribed to."""
    event = fields(hook.data.get("event", hook.data.get("error")), "event")
    happened = moment(event, "datetime", "timestamp", "received")
    labels = _tags(event) | _named(
        project=_project(event),
        platform=name(event, "platform"),
        release=name(event, "release"),
        level=name(event, "level"),
        exception=name(event, "metadata.type"),
        rule=line(hook.data, "triggered_rule", "issue_alert.title"),
    )
    return (
        Alert(
            NAME,
            need(key(event, "issue_id"), "issue_id", "1117540176"),
            need(line(event, "title", "message", "metadata.value", "culprit"), "title", '"TypeError: x is None"'),
            happened or hook.now,
            description=_described(event),
            service=service(labels) or labels.get("project"),
            environment=name(event, "environment") or environment(labels),
            severity=severity(name(event, "level") or labels.get("level")),
            labels=labels,
            links=links(event.get("web_url")),
            told_at=hook.told_at or happened,
            starts_known=False,
        ),
    )


def _issue(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """An issue that was created, came back, was resolved, or that somebody took on."""
    issue = fields(hook.data.get("issue"), "issue")
    known = need(key(issue, "id"), "issue.id", "1170820242")
    if hook.action in ("assigned", "archived", "ignored"):
        by = name(issue, "assignedTo.name", "assignedTo.email") if hook.action == "assigned" else _person(hook)
        return (Acknowledgement(NAME, known, hook.told_at, by),) if hook.told_at else ()
    resolved = hook.action == "resolved" or line(issue, "status") == "resolved"
    status: AlertStatus = "resolved" if resolved else "firing"
    began = moment(issue, "lastSeen", "firstSeen") if hook.action == "unresolved" else moment(issue, "firstSeen")
    labels = _named(
        project=name(issue, "project.slug", "project.name"),
        platform=name(issue, "platform"),
        level=name(issue, "level"),
        exception=name(issue, "metadata.type"),
        issue=name(issue, "shortId"),
        substatus=name(issue, "substatus"),
    )
    return (
        Alert(
            NAME,
            known,
            need(line(issue, "title", "metadata.value", "culprit"), "issue.title", '"TypeError: x is None"'),
            began or hook.now,
            status,
            _joined(text(issue, "metadata.value"), _prefixed("in", line(issue, "culprit"))),
            labels.get("project"),
            severity=severity(labels.get("level")),
            labels=labels,
            ends_at=hook.told_at if status == "resolved" else None,
            links=links(issue.get("web_url"), issue.get("permalink")),
            told_at=hook.told_at,
            starts_known=False,
        ),
    )


def _metric(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """A metric alert: its rule is the alert, its incident the episode."""
    alert = fields(hook.data.get("metric_alert"), "metric_alert")
    rule = need(key(alert, "alert_rule.id", "id"), "metric_alert.alert_rule.id", "7")
    began = moment(alert, "date_started", "date_detected", "date_created")
    projects = at(alert, "alert_rule.projects") or alert.get("projects")
    labels = _named(
        project=name(projects[0], "slug") or name({"slug": projects[0]}, "slug")
        if isinstance(projects, list) and projects
        else None,
        query=line(alert, "alert_rule.query"),
        aggregate=line(alert, "alert_rule.aggregate"),
        dataset=name(alert, "alert_rule.dataset"),
        environment=name(alert, "alert_rule.environment"),
    )
    resolved = hook.action == "resolved"
    return (
        Alert(
            NAME,
            f"metric-alert:{rule}",
            need(line(alert, "alert_rule.name") or line(hook.data, "description_title"), "description_title", '"…"'),
            began or hook.now,
            "resolved" if resolved else "firing",
            text(hook.data, "description_text") or "",
            labels.get("project"),
            labels.get("environment"),
            "unknown" if resolved else severity(hook.action),
            labels,
            ends_at=moment(alert, "date_closed") if resolved else None,
            links=links(hook.data.get("web_url")),
            told_at=hook.told_at,
            starts_known=began is not None,
        ),
    )


def _comment(hook: _SentryMessage) -> tuple[InboundEvent, ...]:
    """What a person wrote on an issue."""
    if hook.action == "deleted" or line(hook.body, "actor.type") not in (None, "user"):
        return ()
    return (
        Note(
            NAME,
            need(key(hook.data, "issue_id"), "issue_id", "100"),
            need(key(hook.data, "comment_id"), "comment_id", "1234"),
            need(text(hook.data, "comment"), "comment", '"restarted it"'),
            need(moment(hook.data, "timestamp"), "timestamp", "2024-01-31T09:30:00Z"),
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


def _described(event: Fields) -> str:
    """The exceptions, the place, and the calls nearest to the fault."""
    values = at(event, "exception.values")
    told = [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
    thrown = [f"{name(one, 'type') or 'Error'}: {text(one, 'value') or ''}".strip(": ") for one in told]
    frames = [frame for one in told for frame in _frames(one)]
    return _joined(text(event, "message"), *thrown, _prefixed("in", line(event, "culprit")), *frames)


def _frames(thrown: Fields) -> list[str]:
    frames = at(thrown, "stacktrace.frames")
    near = [one for one in frames[-FRAMES:] if isinstance(one, dict)] if isinstance(frames, list) else []
    places = ((name(one, "function"), line(one, "filename", "abs_path"), name(one, "lineno")) for one in near)
    return [
        f"  at {call or '?'} ({file}{f':{number}' if number else ''})" for call, file, number in places if file or call
    ]


def _tags(event: Fields) -> dict[str, str]:
    """Tags as pairs, as Sentry writes them, or as an object; which user it happened to is nobody's business here."""
    found = event.get("tags")
    if isinstance(found, list):
        found = {one[0]: one[1] for one in found if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str)}
    return {called: value for called, value in flat(found).items() if called != "user"}


def _project(event: Fields) -> str | None:
    found = _PROJECT.search(line(event, "url") or "")
    return found[1] if found else name(event, "project_slug", "project_name")


def _person(hook: _SentryMessage) -> str | None:
    return name(hook.body, "actor.name") if line(hook.body, "actor.type") == "user" else None


def _named(**said: str | None) -> dict[str, str]:
    return {called: value for called, value in said.items() if value}


def _prefixed(word: str, said: str | None) -> str | None:
    return f"{word} {said}" if said else None


def _joined(*said: str | None) -> str:
    return "\n".join(dict.fromkeys(one for one in said if one))
