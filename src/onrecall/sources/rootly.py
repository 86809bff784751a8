"""Rootly: webhooks of incidents, alerts, pulses and published retrospectives."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, AlertStatus, ChangeEvent, InboundEvent, Note
from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.domain.severity import parse_severity
from onrecall.sources import signatures
from onrecall.sources.html_to_markdown import html_to_markdown
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
    shorten_key,
    to_text,
    without_empty,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "rootly"
LONGEST_DOCUMENT = 500_000
LONGEST_ID = 150
_RESOLVED_WORDS = ("resolved", "cancelled", "deleted")


def verify(delivery: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Forbidden unless one of the secrets signed the time and this body, just now."""
    signature = signatures.require_header(delivery, "X-Rootly-Signature")
    stamp = next(iter(signatures.split_versions(signature, "t=")), "")
    signatures.verify_hmac(
        stamp.encode("utf-8", "replace") + delivery.body, signatures.split_versions(signature, "v1="), secrets
    )
    signatures.check_timestamp(stamp, now)


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse an event of an incident, an alert or a pulse; a published retrospective becomes a document."""
    body = require_object(delivery.decoded(), "body")
    event = require_object(body.get("event"), "event")
    data = require_object(body.get("data"), "data")
    kind = require(read_name(event, "type"), "event.type", "incident.created")
    if kind.startswith("incident_post_mortem."):
        return _retrospective(body, data, kind)
    read = _reader(kind)
    told_at = _optional_time(event, "issued_at")
    return parse_single(body, lambda _: read(data, kind, told_at, now)) if read else ParsedWebhook()


def _optional_time(values: Fields, path: str) -> datetime | None:
    """Return an optional time; None if it is missing or invalid."""
    try:
        return read_time(values, path)
    except Invalid:
        return None


_Read = Callable[[Fields, str, datetime | None, datetime], tuple[InboundEvent, ...]]


def _reader(kind: str) -> _Read | None:
    if kind.startswith("incident.scheduled."):
        return _maintenance if kind == "incident.scheduled.in_progress" else None
    readers = {"incident": _incident, "alert": _alert, "pulse": _pulse}
    return readers.get(kind.partition(".")[0])


def _incident(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:
    """Read an incident with its acknowledgement, and its mitigation and resolution messages as notes."""
    incident_id = require(read_key(data, "id"), "data.id", "b7eed587-50e6-44fe-b010-7a2bb05d737a")
    started_at = read_time(data, "started_at", "detected_at", "created_at")
    words = ((read_name(data, "status") or "").lower(), kind.rpartition(".")[2])
    resolved = any(word in _RESOLVED_WORDS for word in words)
    status: AlertStatus = "resolved" if resolved else "firing"
    labels = _labels(data) | without_empty(number=read_name(data, "sequential_id"), kind=read_name(data, "kind"))
    alert = Alert(
        NAME,
        incident_id,
        require(read_line(data, "title", "public_title", "summary"), "data.title", '"Checkout answers 503"'),
        started_at or now,
        status,
        read_text(data, "summary") or "",
        _first_name(data, "services") or service_from_labels(labels),
        _first_name(data, "environments") or environment_from_labels(labels),
        parse_severity(read_name(data, "severity.severity", "severity.name", "severity.slug", "severity")),
        labels,
        ends_at=read_time(data, "resolved_at", "cancelled_at") if resolved else None,
        links=safe_links(data.get("url"), data.get("short_url"), data.get("slack_channel_url")),
        told_at=told_at or read_time(data, "updated_at"),
        starts_known=started_at is not None,
    )
    return (alert, *_acknowledgements(data, incident_id), *_resolution_notes(data, incident_id))


def _acknowledgements(data: Fields, incident_id: str) -> tuple[Acknowledgement, ...]:
    at = read_time(data, "acknowledged_at")
    return (Acknowledgement(NAME, incident_id, at, _person(data, "acknowledged_by")),) if at else ()


def _resolution_notes(data: Fields, incident_id: str) -> tuple[Note, ...]:
    """Return the mitigation and resolution messages as notes."""
    notes = []
    for topic, verb in (("mitigation", "mitigated"), ("resolution", "resolved")):
        message, written_at = read_text(data, f"{topic}_message"), read_time(data, f"{verb}_at")
        if message and written_at and (written := html_to_markdown(message)):
            notes.append(
                Note(
                    NAME,
                    incident_id,
                    shorten_key(f"{incident_id}:{topic}"),
                    written,
                    written_at,
                    _person(data, f"{verb}_by"),
                )
            )
    return tuple(notes)


def _alert(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:
    """An alert that Rootly took from elsewhere."""
    started_at, ended_at = read_time(data, "started_at", "created_at"), read_time(data, "ended_at")
    labels = _labels(data) | without_empty(origin=read_name(data, "source"))
    resolved = (
        ended_at is not None or kind.endswith((".resolved", ".deleted")) or read_name(data, "status") == "resolved"
    )
    return (
        Alert(
            NAME,
            shorten_key(f"alert:{require(read_key(data, 'id'), 'data.id', '13c82722-ec52-4eda-aaa2-771f7c81c01c')}"),
            require(read_line(data, "summary", "title", "description"), "data.summary", '"Memory over 85 %"'),
            started_at or now,
            "resolved" if resolved else "firing",
            read_text(data, "description") or "",
            _first_name(data, "services") or service_from_labels(labels),
            _first_name(data, "environments") or environment_from_labels(labels),
            parse_severity(read_name(data, "alert_urgency.name", "severity", "urgency")),
            labels,
            ends_at=ended_at,
            links=safe_links(data.get("external_url"), data.get("url")),
            told_at=told_at,
            starts_known=started_at is not None,
        ),
    )


def _pulse(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001
    """A pulse: a deployment or another change that somebody reported to Rootly."""
    summary = require(read_line(data, "summary", "title"), "data.summary", '"Deployed auth 1.42"')
    refs = {f"ref.{ref}": value for ref, value in _labels_from_pairs(data.get("refs")).items()}
    return (_change(data, "pulse", summary, _labels(data) | refs | without_empty(origin=read_name(data, "source"))),)


def _maintenance(data: Fields, kind: str, told_at: datetime | None, now: datetime) -> tuple[InboundEvent, ...]:  # noqa: ARG001
    """A maintenance that begins is a change, not an outage."""
    summary = require(read_line(data, "title", "summary"), "data.title", '"Database upgrade"')
    return (_change(data, "maintenance", summary, _labels(data)),)


def _change(data: Fields, change_type: str, summary: str, labels: dict[str, str]) -> ChangeEvent:
    started_at = read_time(data, "started_at", "scheduled_for", "created_at")
    return ChangeEvent(
        NAME,
        shorten_key(f"{change_type}:{require(read_key(data, 'id'), 'data.id', '5d3f1a0e')}"),
        summary,
        require(started_at, "data.started_at", "2024-01-31T09:30:00Z"),
        "deployment" if "deploy" in summary.lower() else "other",
        _first_name(data, "services") or service_from_labels(labels),
        _first_name(data, "environments") or environment_from_labels(labels),
        labels,
        safe_links(data.get("external_url"), data.get("url")),
    )


def _retrospective(body: Fields, data: Fields, kind: str) -> ParsedWebhook:
    """A retrospective, once it is published: drafts are nobody's word yet."""
    if not kind.endswith(".published") and read_name(data, "status") != "published":
        return ParsedWebhook()
    try:
        document = _document(data)
    except Invalid as error:
        return ParsedWebhook(malformed=(RejectedPart("body", error.field, str(error), json.dumps(body)),))
    return ParsedWebhook(documents=(document,))


def _document(data: Fields) -> Document:
    document_id = require(read_name(data, "id"), "data.id", "2c7497e5-5d15-4fa4-aeac-cac063aafe19")
    written = read_text(data, "content", longest=LONGEST_DOCUMENT)
    return Document(
        f"rootly-{document_id[:LONGEST_ID]}",
        require(read_line(data, "title"), "data.title", '"Checkout answers 503"'),
        require(html_to_markdown(written or "") or None, "data.content", '"<h1>Root cause</h1> …"'),
        "postmortem",
        labels=without_empty(incident=read_name(data, "incident_id")),
        source=next(iter(safe_links(data.get("url"), data.get("short_url"))), None),
        dated=read_time(data, "published_at"),
    )


def _labels(data: Fields) -> dict[str, str]:
    labels = data.get("labels")
    return flatten(labels) if isinstance(labels, dict) else _labels_from_pairs(labels)


def _labels_from_pairs(listed: Any) -> dict[str, str]:
    """Convert a list of key/value objects to labels."""
    return flatten({label: pair.get("value") for pair in read_objects(listed) if (label := read_name(pair, "key"))})


def _first_name(data: Fields, listed: str) -> str | None:
    """Return the name of the first entry."""
    entries = data.get(listed)
    return (
        next((entry_name for entry in entries if (entry_name := _name_of(entry))), None)
        if isinstance(entries, list)
        else None
    )


def _name_of(entry: Any) -> str | None:
    return read_name(entry, "name", "slug", "attributes.name") if isinstance(entry, dict) else to_text(entry)


def _person(data: Fields, path: str) -> str | None:
    return read_name(data, f"{path}.name", f"{path}.full_name") or (
        read_name(data, path) if isinstance(get_path(data, path), str) else None
    )
