"""CloudEvents 1.0: single, batched, or in binary mode (headers). The data may be another tool's payload."""

import base64
import binascii
import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.sources import generic, payload
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading
from onrecall.sources.webhook import MOST_ITEMS, Parse, ParsedWebhook, ReadRecognised, WebhookRequest, load_json

NAME = "cloudevents"
_TEXT = ("text/", "application/x-ndjson", "application/xml")


def parser(read_recognised: ReadRecognised) -> Parse:
    """Return a parser for one event or a batch; the data of an event is parsed by the tool it is recognised as."""
    return lambda delivery, now: _Events(read_recognised, now).read(delivery)


class _Events:
    """Reads the events of one delivery."""

    def __init__(self, read_recognised: ReadRecognised, now: datetime) -> None:
        self._read_recognised = read_recognised
        self._now = now

    def read(self, delivery: WebhookRequest) -> ParsedWebhook:
        """Parse the alerts in one event or a batch."""
        kind = delivery.headers.get("content-type", "").split(";")[0].strip().lower()
        if "ce-specversion" in delivery.headers and not kind.startswith("application/cloudevents"):
            return self._event(_event_from_headers(delivery, kind), "body")
        body = delivery.decoded()
        if not isinstance(body, list):
            return self._event(payload.require_object(body, "body"), "body")
        if len(body) > MOST_ITEMS:
            raise Invalid(f"the batch has {len(body)} events; send at most {MOST_ITEMS} at once", "body")
        parts = [self._batch_event(event, f"body[{n}]") for n, event in enumerate(body)]
        return ParsedWebhook(
            tuple(signal for part in parts for signal in part.signals),
            tuple(malformed for part in parts for malformed in part.malformed),
            tuple(document for part in parts for document in part.documents),
        )

    def _batch_event(self, event: Any, where: str) -> ParsedWebhook:
        """Parse one event of a batch; a broken one does not block the others."""
        try:
            return self._event(payload.require_object(event, where), where)
        except Invalid as error:
            return _rejected_event(event, where, error)

    def _event(self, event: Fields, where: str) -> ParsedWebhook:
        for name in ("id", "source", "type"):
            if payload.to_text(event.get(name)) is None:
                raise Invalid(f"`{name}` is missing; a CloudEvent needs id, source, specversion and type", name)
        if not (payload.to_text(event.get("specversion")) or "").startswith("1."):
            raise Invalid("`specversion` must be 1.0", "specversion")
        try:
            data = _event_data(event)
            parsed = self._read_carried(event, data) or ParsedWebhook((_read_alert(event, data, self._now),))
            return replace(parsed, signals=tuple(replace(signal, source=NAME) for signal in parsed.signals))
        except Invalid as error:
            return _rejected_event(event, where, error)

    def _read_carried(self, event: Fields, data: Any) -> ParsedWebhook | None:
        """Parse another tool's payload; None if no tool is recognised."""
        parsed = self._read_recognised(data, WebhookRequest(json.dumps(data).encode()), self._now, NAME)
        if parsed is None:
            return None
        envelope = {name: value for name, value in event.items() if name != "data_base64"}
        malformed = (
            replace(part, raw=json.dumps({**envelope, "data": json.loads(part.raw)})) for part in parsed.malformed
        )
        return replace(parsed, malformed=tuple(malformed))


def _rejected_event(event: Any, where: str, error: Invalid) -> ParsedWebhook:
    return ParsedWebhook(malformed=(RejectedPart(where, error.field, str(error), json.dumps(event)),))


def _event_from_headers(delivery: WebhookRequest, kind: str) -> dict[str, Any]:
    """Build the structured event from headers and body."""
    event: dict[str, Any] = {
        name[3:]: unquote(value, errors="replace") for name, value in delivery.headers.items() if name.startswith("ce-")
    }
    event["datacontenttype"] = kind or "application/json"
    if not delivery.body.strip():
        return event
    try:
        event["data"] = delivery.decoded()
    except Invalid:
        if not kind.startswith(_TEXT):
            raise
        event["data"] = delivery.body.decode(errors="replace")
    return event


def _event_data(event: Fields) -> Any:
    """Return the payload, decoding base64."""
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


def _read_alert(event: Fields, data: Any, now: datetime) -> Alert:
    """Read an alert by common field names; missing fields are taken from the event around it."""
    event_payload = data if isinstance(data, dict) else {"message": data}
    kind, source = payload.read_line(event, "type") or "", payload.read_line(event, "source") or ""
    subject, event_time = payload.read_line(event, "subject"), payload.read_time(event, "time")
    alert = generic.read_alert(
        event_payload, AlertReading(NAME, now), around={"reason": f"{kind}: {subject or source}", "type": kind}
    )
    alert_id = subject or generic.find_key(event_payload) or payload.to_text(event.get("id"))
    return replace(
        alert,
        key=payload.shorten_key(f"{source} {alert_id}"),
        starts_at=alert.starts_at if alert.starts_known else event_time or alert.starts_at,
        ends_at=(alert.ends_at or event_time) if alert.status == "resolved" else None,
        labels={**alert.labels, "event_type": kind, "event_source": source},
        told_at=event_time or alert.told_at,
    )
