"""CloudWatch alarms: in messages of SNS, delivered raw, or as events of EventBridge."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.sources import generic, sns
from onrecall.sources.body_decoding import parse_nested
from onrecall.sources.payload import (
    Fields,
    at,
    environment,
    fields,
    first_line,
    flat,
    key,
    line,
    moment,
    name,
    need,
    number,
    plain,
    service,
    text,
    whole,
)
from onrecall.sources.webhook import Parse, ParsedWebhook, ReadRecognised, WebhookRequest

NAME = "cloudwatch"
TEXT_LASTS = timedelta(hours=24)
"""A text that somebody published has no end; it is over after this."""
DETAIL_TYPE = "CloudWatch Alarm State Change"
DIMENSIONS = (
    *("ServiceName", "Service", "FunctionName", "ApiName", "QueueName", "TopicName", "TableName"),
    *("DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId", "StreamName", "ClusterName"),
    *("AutoScalingGroupName", "TargetGroup", "LoadBalancer"),
)
"""Dimensions that name what an alarm is about, the best first; where there is none, nothing is guessed."""
_STATES: dict[str, AlertStatus] = {"OK": "resolved", "ALARM": "firing", "INSUFFICIENT_DATA": "firing"}
_DATAPOINT = re.compile(r"datapoints? \[(-?\d{1,30}(?:\.\d{1,30})?(?:E-?\d{1,2})?) \(")
"""The newest value that crossed a threshold, in the sentence that tells of it."""


def parser(read_recognised: ReadRecognised) -> Parse:
    """Returns a parser for what AWS sends; what is no alarm goes to the tool that `read_recognised` knows it by."""

    def read(body: Fields, delivery: WebhookRequest, now: datetime, subject: str | None = None) -> ParsedWebhook:
        if _is_alarm(body):
            return whole(body, lambda part: (_alarm(part, now),))
        parsed = read_recognised(body, delivery, now, NAME)
        if parsed is None:
            parsed = generic.read_body(body, now, NAME)
            if parsed.malformed and subject:
                parsed = generic.read_body({"subject": subject, **body}, now, NAME)
        return parsed

    def read_notification(body: Fields, delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
        inner = parse_nested(text(body, "Message") or "")
        if not isinstance(inner, dict):
            parsed = read_recognised(body, delivery, now, NAME)
            return parsed if parsed is not None else whole(body, lambda part: (_text(part, now),))
        parsed = read(inner, WebhookRequest(json.dumps(inner).encode()), now, line(body, "Subject"))
        return replace(_within(parsed, body), signals=tuple(_sent(signal, body) for signal in parsed.signals))

    def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
        body = fields(delivery.decoded(), "body")
        if not sns.is_envelope(body):
            return read(body, delivery, now)
        if body["Type"] == sns.CONFIRMATION:
            return ParsedWebhook(confirmation=sns.confirmation(body))
        return read_notification(body, delivery, now) if body["Type"] == sns.NOTIFICATION else ParsedWebhook()

    return parse


def _within(parsed: ParsedWebhook, envelope: Fields) -> ParsedWebhook:
    """What could not be read of a message, as the delivery that it came in."""
    return replace(
        parsed,
        malformed=tuple(
            replace(part, message=f"in `Message`: {part.message}", raw=json.dumps({**envelope, "Message": part.raw}))
            for part in parsed.malformed
        ),
    )


def _sent(signal: InboundEvent, envelope: Fields) -> InboundEvent:
    """An alert that says no time is told of when its envelope was sent."""
    if not isinstance(signal, Alert) or signal.told_at or signal.starts_known:
        return signal
    published = moment(envelope, "Timestamp")
    return replace(signal, told_at=published, starts_at=published or signal.starts_at)


def _text(body: Fields, now: datetime) -> Alert:
    """Whatever text somebody published; nothing ever says that it is over."""
    message = text(body, "Message") or ""
    published = moment(body, "Timestamp")
    return Alert(
        NAME,
        need(key(body, "MessageId"), "MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"),
        need(line(body, "Subject") or first_line(message), "Message", '"disk full"'),
        published or now,
        description=message,
        labels={"topic": body["TopicArn"][:1000]} if plain(body["TopicArn"]) else {},
        told_at=published,
        starts_known=published is not None,
        expires_after=TEXT_LASTS,
    )


def _is_alarm(body: Fields) -> bool:
    detail = body.get("detail")
    return "AlarmName" in body or (isinstance(detail, dict) and "alarmName" in detail)


def _alarm(said: Fields, now: datetime) -> Alert:
    detail = said.get("detail")
    return _told(_as_notified(said, detail) if isinstance(detail, dict) and "AlarmName" not in said else said, now)


def _as_notified(event: Fields, detail: Fields) -> dict[str, Any]:
    """An event of EventBridge in the words of a notification."""
    metrics = at(detail, "configuration.metrics")
    stat: dict[str, Any] = next(
        (one["metricStat"] for one in _objects(metrics) if isinstance(one.get("metricStat"), dict)), {}
    )
    resources = event.get("resources")
    return {
        "AlarmName": detail.get("alarmName"),
        "AlarmDescription": at(detail, "configuration.description"),
        "AlarmArn": next(iter(resources), None) if isinstance(resources, list) else None,
        "AWSAccountId": event.get("account"),
        "Region": event.get("region"),
        "NewStateValue": at(detail, "state.value"),
        "NewStateReason": at(detail, "state.reason"),
        "StateChangeTime": at(detail, "state.timestamp") or event.get("time"),
        "Trigger": {
            "MetricName": at(stat, "metric.name"),
            "Namespace": at(stat, "metric.namespace"),
            "Dimensions": at(stat, "metric.dimensions"),
            "Statistic": at(stat, "stat"),
            "Threshold": at(parse_nested(at(detail, "state.reasonData")), "threshold"),
        },
        "AlarmRule": at(detail, "configuration.alarmRule"),
    }


def _told(said: Fields, now: datetime) -> Alert:
    """An alarm in the words of a notification. Its OK does not say when it began, so they are paired by order."""
    called = need(line(said, "AlarmName"), "AlarmName", "ServerCpuTooHigh")
    state = need(name(said, "NewStateValue"), "NewStateValue", "ALARM")
    if state not in _STATES:
        raise Invalid(f"`NewStateValue` is {state!r}; it must be one of {', '.join(_STATES)}", "NewStateValue")
    changed = moment(said, "StateChangeTime")
    labels = _labels(said, state)
    whose = "/".join(filter(None, (labels.get("account"), labels.get("region"), called)))
    reason = text(said, "NewStateReason")
    datapoint = _DATAPOINT.search(reason or "")
    values = {"threshold": number(said, "Trigger.Threshold"), "current": float(datapoint[1]) if datapoint else None}
    return Alert(
        NAME,
        key(said, "AlarmArn") or need(key({"alarm": whose}, "alarm"), "AlarmName", "ServerCpuTooHigh"),
        called,
        changed or now,
        _STATES[state],
        "\n".join(filter(None, (text(said, "AlarmDescription"), reason, line(said, "AlarmRule")))),
        service(labels) or _dimension(labels),
        environment(labels),
        labels=labels,
        ends_at=changed if state == "OK" else None,
        values={called: value for called, value in values.items() if value is not None},
        told_at=changed,
        starts_known=False,
    )


def _labels(said: Fields, state: str) -> dict[str, str]:
    """Where the alarm lives and what it watches."""
    listed = at(said, "Trigger.Dimensions")
    pairs = {n: one.get("value") for one in _objects(listed) if (n := name(one, "name"))}
    dimensions = flat(listed) if isinstance(listed, dict) else flat(pairs)
    arn = (line(said, "AlarmArn") or "").split(":")
    told = {
        "region": arn[3] if len(arn) > 5 and arn[3] else name(said, "Region"),
        "account": name(said, "AWSAccountId"),
        "namespace": name(said, "Trigger.Namespace"),
        "metric": name(said, "Trigger.MetricName"),
        "statistic": name(said, "Trigger.Statistic"),
        "state": state if state == "INSUFFICIENT_DATA" else None,
    }
    return {called: value for called, value in told.items() if value} | dimensions


def _dimension(labels: Fields) -> str | None:
    return next((name({"of": labels[one]}, "of") for one in DIMENSIONS if one in labels), None)


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
