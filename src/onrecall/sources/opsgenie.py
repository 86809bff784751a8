"""Opsgenie and Jira Service Management: their outgoing webhook, and alerts as one creates them with their API."""

from datetime import datetime

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources.alert_links import collect_links, kind_by_name
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "opsgenie"
_ENDING = ("close", "delete")
_LINKS = ("runbook_url", "runbook", "dashboard_url", "dashboard", "url", "link")


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """What the action says of an alert; a body without `action` and `alert` is one of the create-alert API."""
    body = fields.fields(delivery.decoded(), "body")
    if "alert" in body or "action" in body:
        return fields.whole(body, lambda told: _signals(told, now))
    fields.need(fields.line(body, "message"), "message", "5xx above 5% on checkout")
    return fields.whole(body, lambda told: _created(told, now))


def _signals(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    action = fields.need(fields.name(body, "action"), "action", "Create").lower()
    data = fields.fields(body.get("alert"), "alert")
    at = fields.moment(data, "updatedAt")
    told = _alert(data, _key(data), fields.moment(data, "createdAt"), at, now, ended=action in _ENDING)
    by = fields.name(data, "username")
    said: tuple[InboundEvent, ...] = (told,)
    if action == "acknowledge":
        said = (*said, Acknowledgement(NAME, told.key, at or now, by))
    if note := fields.text(data, "note"):
        id_ = fields.key(data, "updatedAt") or fields.derived_key(note)
        said = (*said, _note(told.key, fields.key(data, "alertId") or told.key, id_, note, at or now, by))
    return said


def _key(data: Fields) -> str:
    return fields.need(fields.key(data, "alias", "alertId"), "alert.alertId", "052652ac-5d1c-464a-812a-7dd18bbfba8c")


def _created(body: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    content = (fields.text(body, name) for name in ("message", "entity", "source"))
    key = fields.key(body, "alias") or fields.derived_key(*content)
    said: tuple[InboundEvent, ...] = (_alert(body, key, None, None, now, ended=False),)
    if note := fields.text(body, "note"):
        said = (*said, _note(key, key, fields.derived_key(note), note, now, fields.name(body, "user")))
    return said


def _note(key: str, about: str, id_: str, text: str, at: datetime, by: str | None) -> Note:
    """Opsgenie gives its notes no id: what they are about and when they were written is one."""
    return Note(NAME, key, fields.short_key(f"{about}/{id_}"), text, at, by)


def _alert(
    data: Fields, key: str, starts: datetime | None, at: datetime | None, now: datetime, *, ended: bool
) -> Alert:
    told = fields.flat(data.get("details") or data.get("extraProperties"), fields.LONGEST_TEXT)
    labels = {**fields.known(told), **_labels(data)}
    links, link_kinds = collect_links((kind_by_name(name), told.get(name)) for name in _LINKS)
    return Alert(
        source=NAME,
        key=key,
        title=fields.line(data, "message") or key,
        starts_at=starts or now,
        status="resolved" if ended else "firing",
        description=fields.text(data, "description") or "",
        service=fields.service(labels),
        environment=fields.environment(labels),
        severity=severity(fields.name(data, "priority")),
        labels=labels,
        annotations={name: value for name, value in told.items() if name not in labels},
        ends_at=at if ended and at and starts and at >= starts else None,
        links=links,
        link_kinds=link_kinds,
        told_at=at,
        starts_known=starts is not None,
    )


def _labels(data: Fields) -> dict[str, str]:
    found = {
        **fields.tags(data.get("tags")),
        "entity": fields.line(data, "entity"),
        "source": fields.line(data, "source"),
        "priority": fields.name(data, "priority"),
    }
    return {name: value for name, value in found.items() if value}
