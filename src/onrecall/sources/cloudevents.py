"""CloudEvents 1.0: single, in batches, or as headers around a body. What they carry may be another sender's payload."""

import base64
import binascii
import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid
from onrecall.sources import (
    alertmanager,
    anomaly,
    cloudwatch,
    datadog,
    generic,
    github,
    grafana,
    opsgenie,
    pagerduty,
    pagerduty_events,
    rootly,
    sentry,
)
from onrecall.sources import payload as fields
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import MOST_ITEMS, Delivery, Malformed, Parse, Parsed, load_json

NAME = "cloudevents"
_TEXT = ("text/", "application/x-ndjson", "application/xml")
_SHAPES: tuple[tuple[tuple[str, ...], Parse], ...] = (
    (("alerts", "orgId", "state"), grafana.parse),
    (("alerts", "groupKey"), alertmanager.parse),
    (("alerts", "receiver", "commonLabels"), alertmanager.parse),
    (("routing_key", "event_action"), pagerduty_events.parse),
    (("event.event_type", "event.data"), pagerduty.parse),
    (("event.type", "event.issued_at", "data"), rootly.parse),
    (("action", "alert.alertId"), opsgenie.parse),
    (("action", "alert.alias"), opsgenie.parse),
    (("message", "alias", "priority"), opsgenie.parse),
    (("action", "installation", "data"), sentry.parse),
    (("repository.full_name", "sender.login"), github.parse),
    (("AlarmName", "NewStateValue"), cloudwatch.parse),
    (("detail-type", "detail.alarmName"), cloudwatch.parse),
    (("alert_id", "transition"), datadog.parse),
    (("alert_cycle_key", "transition"), datadog.parse),
    (("event_type", "org.id", "last_updated"), datadog.parse),
    (("error_type", "spike_percentage"), anomaly.parse),
)
"""What other senders' payloads can be told by."""


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """The alerts that one event or a batch of them carries."""
    kind = delivery.headers.get("content-type", "").split(";")[0].strip().lower()
    if "ce-specversion" in delivery.headers and not kind.startswith("application/cloudevents"):
        return _event(_binary(delivery, kind), "body", now)
    body = load_json(delivery.body)
    if not isinstance(body, list):
        return _event(fields.fields(body, "body"), "body", now)
    if len(body) > MOST_ITEMS:
        raise Invalid(f"the batch has {len(body)} events; send at most {MOST_ITEMS} at once", "body")
    read = [_one(one, f"body[{n}]", now) for n, one in enumerate(body)]
    return Parsed(
        tuple(signal for one in read for signal in one.signals),
        tuple(part for one in read for part in one.malformed),
        tuple(document for one in read for document in one.documents),
    )


def _one(event: Any, where: str, now: datetime) -> Parsed:
    """One event of a batch; a broken one does not keep out the others."""
    try:
        return _event(fields.fields(event, where), where, now)
    except Invalid as error:
        return _broken(event, where, error)


def _broken(event: Any, where: str, error: Invalid) -> Parsed:
    return Parsed(malformed=(Malformed(where, error.field, str(error), json.dumps(event)),))


def _binary(delivery: Delivery, kind: str) -> dict[str, Any]:
    """The event of headers and a body, as it would be written in one piece."""
    told: dict[str, Any] = {
        name[3:]: unquote(value, errors="replace") for name, value in delivery.headers.items() if name.startswith("ce-")
    }
    told["datacontenttype"] = kind or "application/json"
    if not delivery.body.strip():
        return told
    try:
        told["data"] = load_json(delivery.body)
    except Invalid:
        if not kind.startswith(_TEXT):
            raise
        told["data"] = delivery.body.decode(errors="replace")
    return told


def _event(event: Fields, where: str, now: datetime) -> Parsed:
    for name in ("id", "source", "type"):
        if fields.plain(event.get(name)) is None:
            raise Invalid(f"`{name}` is missing; a CloudEvent needs id, source, specversion and type", name)
    if not (fields.plain(event.get("specversion")) or "").startswith("1."):
        raise Invalid("`specversion` must be 1.0", "specversion")
    try:
        data = _data(event)
        read = _reader(data)
        told = _carried(read, event, data, now) if read else Parsed((_alert(event, data, now),))
        return replace(told, signals=tuple(replace(signal, source=NAME) for signal in told.signals))
    except Invalid as error:
        return _broken(event, where, error)


def _carried(read: Parse, event: Fields, data: Any, now: datetime) -> Parsed:
    """What another sender's payload says. Nobody may have an address fetched by putting it into an event."""
    told = read(Delivery(json.dumps(data).encode()), now)
    around = {name: value for name, value in event.items() if name != "data_base64"}
    again = (replace(one, raw=json.dumps({**around, "data": json.loads(one.raw)})) for one in told.malformed)
    return replace(told, malformed=tuple(again), confirmation=None)


def _data(event: Fields) -> Any:
    """The payload, also where it stands as base64."""
    packed = event.get("data_base64")
    if packed is None:
        return event.get("data")
    try:
        raw = base64.b64decode(str(packed), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"`data_base64` is not base64: {error}", "data_base64") from error
    try:
        return load_json(raw)
    except Invalid:
        return raw.decode(errors="replace")


def _reader(data: Any) -> Parse | None:
    """The parser of the sender whose payload this looks like."""
    if not isinstance(data, dict):
        return None
    return next((read for marks, read in _SHAPES if all(fields.at(data, one) is not None for one in marks)), None)


def _alert(event: Fields, data: Any, now: datetime) -> Alert:
    """An alert in anybody's words; what it leaves out is taken from around it."""
    said = data if isinstance(data, dict) else {"message": data}
    kind, source = fields.line(event, "type") or "", fields.line(event, "source") or ""
    subject, happened = fields.line(event, "subject"), fields.moment(event, "time")
    read = generic.alert(said, now, around={"reason": f"{kind}: {subject or source}", "type": kind})
    own = subject or generic.given_key(said) or fields.plain(event.get("id"))
    return replace(
        read,
        key=fields.short_key(f"{source} {own}"),
        starts_at=read.starts_at if read.starts_known else happened or read.starts_at,
        ends_at=(read.ends_at or happened) if read.status == "resolved" else None,
        labels={**read.labels, "event_type": kind, "event_source": source},
        told_at=happened or read.told_at,
    )
