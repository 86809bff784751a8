"""Opsgenie and Jira Service Management: their outgoing webhook, and alerts as one creates them with their API."""

from datetime import datetime

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.alert_links import collect_links, kind_by_name
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "opsgenie"
_ENDING_ACTIONS = ("close", "delete")
_LINKS = ("runbook_url", "runbook", "dashboard_url", "dashboard", "url", "link")


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """Parse a webhook action; a body without `action` and `alert` is a request of the create-alert API."""
    body = payload.require_object(delivery.decoded(), "body")
    if "alert" in body or "action" in body:
        return payload.parse_single(body, lambda message: _read_webhook(message, now))
    payload.require(payload.read_line(body, "message"), "message", "5xx above 5% on checkout")
    return payload.parse_single(body, lambda message: _read_create_request(message, now))


def _read_webhook(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    action = payload.require(payload.read_name(body, "action"), "action", "Create").lower()
    data = payload.require_object(body.get("alert"), "alert")
    updated_at = payload.read_time(data, "updatedAt")
    alert = _alert(
        data, _key(data), payload.read_time(data, "createdAt"), updated_at, now, ended=action in _ENDING_ACTIONS
    )
    author = payload.read_name(data, "username")
    signals: tuple[InboundEvent, ...] = (alert,)
    if action == "acknowledge":
        signals = (*signals, Acknowledgement(NAME, alert.key, updated_at or now, author))
    if note := payload.read_text(data, "note"):
        id_ = payload.read_key(data, "updatedAt") or payload.derived_key(note)
        signals = (
            *signals,
            _note(alert.key, payload.read_key(data, "alertId") or alert.key, id_, note, updated_at or now, author),
        )
    return signals


def _key(data: Fields) -> str:
    return payload.require(
        payload.read_key(data, "alias", "alertId"), "alert.alertId", "052652ac-5d1c-464a-812a-7dd18bbfba8c"
    )


def _read_create_request(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    content = (payload.read_text(body, name) for name in ("message", "entity", "source"))
    key = payload.read_key(body, "alias") or payload.derived_key(*content)
    signals: tuple[InboundEvent, ...] = (_alert(body, key, None, None, now, ended=False),)
    if note := payload.read_text(body, "note"):
        signals = (*signals, _note(key, key, payload.derived_key(note), note, now, payload.read_name(body, "user")))
    return signals


def _note(key: str, about: str, id_: str, text: str, at: datetime, by: str | None) -> Note:
    """Build a note. Opsgenie gives notes no id, so it is made of their alert and their time."""
    return Note(NAME, key, payload.shorten_key(f"{about}/{id_}"), text, at, by)


def _alert(
    data: Fields, key: str, starts: datetime | None, at: datetime | None, now: datetime, *, ended: bool
) -> Alert:
    details = payload.flatten(data.get("details") or data.get("extraProperties"), payload.LONGEST_TEXT)
    labels = {**payload.identifying_labels(details), **_labels(data)}
    links, link_kinds = collect_links((kind_by_name(name), details.get(name)) for name in _LINKS)
    return Alert(
        source=NAME,
        key=key,
        title=payload.read_line(data, "message") or key,
        starts_at=starts or now,
        status="resolved" if ended else "firing",
        description=payload.read_text(data, "description") or "",
        service=payload.service_from_labels(labels),
        environment=payload.environment_from_labels(labels),
        severity=parse_severity(payload.read_name(data, "priority")),
        labels=labels,
        annotations={name: value for name, value in details.items() if name not in labels},
        ends_at=at if ended and at and starts and at >= starts else None,
        links=links,
        link_kinds=link_kinds,
        told_at=at,
        starts_known=starts is not None,
    )


def _labels(data: Fields) -> dict[str, str]:
    fields_by_label = {
        **payload.tags_to_labels(data.get("tags")),
        "entity": payload.read_line(data, "entity"),
        "source": payload.read_line(data, "source"),
        "priority": payload.read_name(data, "priority"),
    }
    return {name: value for name, value in fields_by_label.items() if value}
