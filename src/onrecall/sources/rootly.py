"""Rootly: webhooks of incidents, alerts, pulses and published retrospectives."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, AlertStatus, ChangeEvent, InboundEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Document
from onrecall.domain.severity import severity
from onrecall.sources import signatures
from onrecall.sources.html_to_markdown import markdown
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
    plain,
    service,
    short_key,
    text,
    whole,
)
from onrecall.sources.webhook import ParsedWebhook, ParseError, WebhookRequest

NAME = "rootly"
LONGEST_DOCUMENT = 500_000
LONGEST_ID = 150
_OVER = ("resolved", "cancelled", "deleted")


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Forbidden unless one of the secrets signed the time and this body, just now."""
    said = signatures.header(delivery, "X-Rootly-Signature")
    stamp = next(iter(signatures.versioned(said, "t=")), "")
    signatures.signed(stamp.encode("utf-8", "replace") + delivery.body, signatures.versioned(said, "v1="), secrets)
    signatures.fresh(stamp, now)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """What happened to an incident, an alert or a pulse; a published retrospective is a document."""
    body = fields(delivery.decoded(), "body")
    event = fields(body.get("event"), "event")
    data = fields(body.get("data"), "data")
    kind = need(name(event, "type"), "event.type", "incident.created")
    if kind.startswith("incident_post_mortem."):
        return _retrospective(body, data, kind)
    read = _reader(kind)
    told_at = _said_at(event, "issued_at")
    return whole(body, lambda _: read(data, kind, told_at, now)) if read else ParsedWebhook()


def _said_at(values: Fields, path: str) -> datetime | None:
    """The time that stands there, where it is one: one that nothing hangs on."""
    try:
        return moment(values, path)
    except Invalid:
        return None


_Read = Callable[[Fields, str, datetime | None, datetime], tuple[InboundEvent, ...]]


def _reader(kind: str) -> _Read | None:
    if kind.startswith("incident.scheduled."):
        return _maintenance if kind == "incident.scheduled.in_progress" else None
    of = {"incident": _incident, "alert": _alert, "pulse": _pulse}
    return of.get(kind.partition(".")[0])


def _incident(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:
    """The incident, who took it on, and what was written when it was mitigated and resolved."""
    known = need(key(data, "id"), "data.id", "b7eed587-50e6-44fe-b010-7a2bb05d737a")
    began = moment(data, "started_at", "detected_at", "created_at")
    over = (name(data, "status") or "").lower() in _OVER or kind.rpartition(".")[2] in _OVER
    status: AlertStatus = "resolved" if over else "firing"
    labels = _labels(data) | _named(number=name(data, "sequential_id"), kind=name(data, "kind"))
    alert = Alert(
        NAME,
        known,
        need(line(data, "title", "public_title", "summary"), "data.title", '"Checkout answers 503"'),
        began or now,
        status,
        text(data, "summary") or "",
        _first(data, "services") or service(labels),
        _first(data, "environments") or environment(labels),
        severity(name(data, "severity.severity", "severity.name", "severity.slug", "severity")),
        labels,
        ends_at=moment(data, "resolved_at", "cancelled_at") if over else None,
        links=links(data.get("url"), data.get("short_url"), data.get("slack_channel_url")),
        told_at=told_at or moment(data, "updated_at"),
        starts_known=began is not None,
    )
    taken = moment(data, "acknowledged_at")
    acknowledged = (Acknowledgement(NAME, known, taken, _by(data, "acknowledged_by")),) if taken else ()
    return (alert, *acknowledged, *_messages(data, known))


def _messages(data: Fields, known: str) -> tuple[Note, ...]:
    """What people wrote when they mitigated and resolved it."""
    found = []
    for what, done in (("mitigation", "mitigated"), ("resolution", "resolved")):
        said, when = text(data, f"{what}_message"), moment(data, f"{done}_at")
        if said and when and (written := markdown(said)):
            found.append(Note(NAME, known, short_key(f"{known}:{what}"), written, when, _by(data, f"{done}_by")))
    return tuple(found)


def _alert(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:
    """An alert that Rootly took from elsewhere."""
    began, ended = moment(data, "started_at", "created_at"), moment(data, "ended_at")
    labels = _labels(data) | _named(origin=name(data, "source"))
    over = ended is not None or kind.endswith((".resolved", ".deleted")) or name(data, "status") == "resolved"
    return (
        Alert(
            NAME,
            short_key(f"alert:{need(key(data, 'id'), 'data.id', '13c82722-ec52-4eda-aaa2-771f7c81c01c')}"),
            need(line(data, "summary", "title", "description"), "data.summary", '"Memory over 85 %"'),
            began or now,
            "resolved" if over else "firing",
            text(data, "description") or "",
            _first(data, "services") or service(labels),
            _first(data, "environments") or environment(labels),
            severity(name(data, "alert_urgency.name", "severity", "urgency")),
            labels,
            ends_at=ended,
            links=links(data.get("external_url"), data.get("url")),
            told_at=told_at,
            starts_known=began is not None,
        ),
    )


def _pulse(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001
    """A pulse: a deployment or another change that somebody reported to Rootly."""
    summary = need(line(data, "summary", "title"), "data.summary", '"Deployed auth 1.42"')
    refs = {f"ref.{called}": value for called, value in _pairs(data.get("refs")).items()}
    return (_change(data, "pulse", summary, _labels(data) | refs | _named(origin=name(data, "source"))),)


def _maintenance(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001
    """A maintenance that begins is a change, not an outage."""
    summary = need(line(data, "title", "summary"), "data.title", '"Database upgrade"')
    return (_change(data, "maintenance", summary, _labels(data)),)


def _change(data: Fields, what: str, summary: str, labels: dict[str, str]) -> ChangeEvent:
    began = moment(data, "started_at", "scheduled_for", "created_at")
    return ChangeEvent(
        NAME,
        short_key(f"{what}:{need(key(data, 'id'), 'data.id', '5d3f1a0e')}"),
        summary,
        need(began, "data.started_at", "2024-01-31T09:30:00Z"),
        "deployment" if "deploy" in summary.lower() else "other",
        _first(data, "services") or service(labels),
        _first(data, "environments") or environment(labels),
        labels,
        links(data.get("external_url"), data.get("url")),
    )


def _retrospective(body: Fields, data: Fields, kind: str) -> ParsedWebhook:
    """A retrospective, once it is published: drafts are nobody's word yet."""
    if not kind.endswith(".published") and name(data, "status") != "published":
        return ParsedWebhook()
    try:
        document = _document(data)
    except Invalid as error:
        return ParsedWebhook(malformed=(ParseError("body", error.field, str(error), json.dumps(body)),))
    return ParsedWebhook(documents=(document,))


def _document(data: Fields) -> Document:
    known = need(name(data, "id"), "data.id", "2c7497e5-5d15-4fa4-aeac-cac063aafe19")
    written = text(data, "content", longest=LONGEST_DOCUMENT)
    return Document(
        f"rootly-{known[:LONGEST_ID]}",
        need(line(data, "title"), "data.title", '"Checkout answers 503"'),
        need(markdown(written or "") or None, "data.content", '"<h1>Root cause</h1> …"'),
        "postmortem",
        labels=_named(incident=name(data, "incident_id")),
        source=next(iter(links(data.get("url"), data.get("short_url"))), None),
        dated=moment(data, "published_at"),
    )


def _labels(data: Fields) -> dict[str, str]:
    told = data.get("labels")
    return flat(told) if isinstance(told, dict) else _pairs(told)


def _pairs(listed: Any) -> dict[str, str]:
    """Objects of key and value."""
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return flat({called: one.get("value") for one in found if (called := name(one, "key"))})


def _first(data: Fields, listed: str) -> str | None:
    """The name of the first of these."""
    found = data.get(listed)
    return next((said for one in found if (said := _called(one))), None) if isinstance(found, list) else None


def _called(one: Any) -> str | None:
    return name(one, "name", "slug", "attributes.name") if isinstance(one, dict) else plain(one)


def _by(data: Fields, path: str) -> str | None:
    return name(data, f"{path}.name", f"{path}.full_name") or (
        name(data, path) if isinstance(at(data, path), str) else None
    )


def _named(**said: str | None) -> dict[str, str]:
    return {called: value for called, value in said.items() if value}
