"""CloudWatch alarms: in messages of SNS, delivered raw, or as events of EventBridge."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.sources import generic, sns
from onrecall.sources.body_decoding import parse_nested
from onrecall.sources.payload import (
    Fields,
    environment_from_labels,
    first_line,
    flatten,
    get_path,
    parse_single,
    read_key,
    read_line,
    read_name,
    read_number,
    read_objects,
    read_text,
    read_time,
    require,
    require_object,
    service_from_labels,
    to_text,
)
from onrecall.sources.webhook import Parse, ParsedWebhook, ReadRecognised, WebhookRequest

NAME = "cloudwatch"
TEXT_EXPIRES_AFTER = timedelta(hours=24)
"""A published text has no end, so its alert expires after this."""
DIMENSIONS = (
    *("ServiceName", "Service", "FunctionName", "ApiName", "QueueName", "TopicName", "TableName"),
    *("DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId", "StreamName", "ClusterName"),
    *("AutoScalingGroupName", "TargetGroup", "LoadBalancer"),
)
"""Dimensions that name the subject of an alarm, best first; without one, nothing is guessed."""
_STATES: dict[str, AlertStatus] = {"OK": "resolved", "ALARM": "firing", "INSUFFICIENT_DATA": "firing"}
_DATAPOINT = re.compile(r"datapoints? \[(-?\d{1,30}(?:\.\d{1,30})?(?:E-?\d{1,2})?) \(")
"""The newest value that crossed the threshold, in the reason text."""


def parser(read_recognised: ReadRecognised) -> Parse:
    """Return a parser for AWS messages; those that are no alarm go to the tool that `read_recognised` finds."""
    return _AwsReader(read_recognised).parse


@dataclass(frozen=True, slots=True)
class _AwsReader:
    """Reads messages of SNS and EventBridge, and bodies without an envelope."""

    read_recognised: ReadRecognised

    def parse(self, delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
        body = require_object(delivery.decoded(), "body")
        if not sns.is_envelope(body):
            return self._read_body(body, delivery, now)
        if body["Type"] == sns.CONFIRMATION:
            return ParsedWebhook(confirmation=sns.read_confirmation(body))
        return self._read_envelope(body, delivery, now) if body["Type"] == sns.NOTIFICATION else ParsedWebhook()

    def _read_envelope(self, body: Fields, delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
        """Read the message in an envelope of SNS, JSON or text."""
        inner = parse_nested(read_text(body, "Message") or "")
        if not isinstance(inner, dict):
            parsed = self.read_recognised(body, delivery, now, NAME)
            return parsed if parsed is not None else parse_single(body, lambda part: (_read_text_alert(part, now),))
        request = WebhookRequest(json.dumps(inner).encode())
        parsed = self._read_body(inner, request, now, read_line(body, "Subject"))
        signals = tuple(_with_envelope_time(signal, body) for signal in parsed.signals)
        return replace(_with_envelope(parsed, body), signals=signals)

    def _read_body(
        self, body: Fields, delivery: WebhookRequest, now: datetime, subject: str | None = None
    ) -> ParsedWebhook:
        if _is_alarm(body):
            return parse_single(body, lambda part: (_read_alarm(part, now),))
        parsed = self.read_recognised(body, delivery, now, NAME)
        if parsed is None:
            parsed = generic.read_body(body, now, NAME)
            if parsed.malformed and subject:
                parsed = generic.read_body({"subject": subject, **body}, now, NAME)
        return parsed


def _with_envelope(parsed: ParsedWebhook, envelope: Fields) -> ParsedWebhook:
    """Wrap rejected parts in the envelope that they came in."""
    return replace(
        parsed,
        malformed=tuple(
            replace(part, message=f"in `Message`: {part.message}", raw=json.dumps({**envelope, "Message": part.raw}))
            for part in parsed.malformed
        ),
    )


def _with_envelope_time(signal: InboundEvent, envelope: Fields) -> InboundEvent:
    """Date an alert without a time by its envelope."""
    if not isinstance(signal, Alert) or signal.told_at or signal.starts_known:
        return signal
    published = read_time(envelope, "Timestamp")
    return replace(signal, told_at=published, starts_at=published or signal.starts_at)


def _read_text_alert(body: Fields, now: datetime) -> Alert:
    """Read a published text as an alert; it never reports an end."""
    message = read_text(body, "Message") or ""
    published = read_time(body, "Timestamp")
    return Alert(
        NAME,
        require(read_key(body, "MessageId"), "MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"),
        require(read_line(body, "Subject") or first_line(message), "Message", '"disk full"'),
        published or now,
        description=message,
        labels={"topic": body["TopicArn"][:1000]} if to_text(body["TopicArn"]) else {},
        told_at=published,
        starts_known=published is not None,
        expires_after=TEXT_EXPIRES_AFTER,
    )


def _is_alarm(body: Fields) -> bool:
    detail = body.get("detail")
    return "AlarmName" in body or (isinstance(detail, dict) and "alarmName" in detail)


def _read_alarm(message: Fields, now: datetime) -> Alert:
    detail = message.get("detail")
    return _read_notification(
        _eventbridge_to_notification(message, detail)
        if isinstance(detail, dict) and "AlarmName" not in message
        else message,
        now,
    )


def _eventbridge_to_notification(event: Fields, detail: Fields) -> dict[str, Any]:
    """Convert an EventBridge event to the fields of a notification."""
    metrics = get_path(detail, "configuration.metrics")
    stat: dict[str, Any] = next(
        (metric["metricStat"] for metric in read_objects(metrics) if isinstance(metric.get("metricStat"), dict)), {}
    )
    resources = event.get("resources")
    return {
        "AlarmName": detail.get("alarmName"),
        "AlarmDescription": get_path(detail, "configuration.description"),
        "AlarmArn": next(iter(resources), None) if isinstance(resources, list) else None,
        "AWSAccountId": event.get("account"),
        "Region": event.get("region"),
        "NewStateValue": get_path(detail, "state.value"),
        "NewStateReason": get_path(detail, "state.reason"),
        "StateChangeTime": get_path(detail, "state.timestamp") or event.get("time"),
        "Trigger": {
            "MetricName": get_path(stat, "metric.name"),
            "Namespace": get_path(stat, "metric.namespace"),
            "Dimensions": get_path(stat, "metric.dimensions"),
            "Statistic": get_path(stat, "stat"),
            "Threshold": get_path(parse_nested(get_path(detail, "state.reasonData")), "threshold"),
        },
        "AlarmRule": get_path(detail, "configuration.alarmRule"),
    }


def _read_notification(notification: Fields, now: datetime) -> Alert:
    """Read an alarm notification. Its OK does not say when it began, so they are paired by order."""
    alarm_name = require(read_line(notification, "AlarmName"), "AlarmName", "ServerCpuTooHigh")
    state = _read_state(notification)
    changed_at = read_time(notification, "StateChangeTime")
    labels = _labels(notification, state)
    qualified_name = "/".join(filter(None, (labels.get("account"), labels.get("region"), alarm_name)))
    reason = read_text(notification, "NewStateReason")
    paragraphs = (read_text(notification, "AlarmDescription"), reason, read_line(notification, "AlarmRule"))
    return Alert(
        NAME,
        read_key(notification, "AlarmArn")
        or require(read_key({"alarm": qualified_name}, "alarm"), "AlarmName", "ServerCpuTooHigh"),
        alarm_name,
        changed_at or now,
        _STATES[state],
        "\n".join(filter(None, paragraphs)),
        service_from_labels(labels) or _subject_dimension(labels),
        environment_from_labels(labels),
        labels=labels,
        ends_at=changed_at if state == "OK" else None,
        values=_read_values(notification, reason or ""),
        told_at=changed_at,
        starts_known=False,
    )


def _read_state(notification: Fields) -> str:
    state = require(read_name(notification, "NewStateValue"), "NewStateValue", "ALARM")
    if state not in _STATES:
        raise Invalid(f"`NewStateValue` is {state!r}; it must be one of {', '.join(_STATES)}", "NewStateValue")
    return state


def _read_values(notification: Fields, reason: str) -> dict[str, float]:
    """Return the threshold, and the newest value that crossed it."""
    datapoint = _DATAPOINT.search(reason)
    values = {
        "threshold": read_number(notification, "Trigger.Threshold"),
        "current": float(datapoint[1]) if datapoint else None,
    }
    return {measure: value for measure, value in values.items() if value is not None}


def _labels(notification: Fields, state: str) -> dict[str, str]:
    """Return where the alarm is defined and what it watches."""
    listed = get_path(notification, "Trigger.Dimensions")
    pairs = {
        dimension_name: dimension.get("value")
        for dimension in read_objects(listed)
        if (dimension_name := read_name(dimension, "name"))
    }
    dimensions = flatten(listed) if isinstance(listed, dict) else flatten(pairs)
    arn = (read_line(notification, "AlarmArn") or "").split(":")
    alarm_labels = {
        "region": arn[3] if len(arn) > 5 and arn[3] else read_name(notification, "Region"),
        "account": read_name(notification, "AWSAccountId"),
        "namespace": read_name(notification, "Trigger.Namespace"),
        "metric": read_name(notification, "Trigger.MetricName"),
        "statistic": read_name(notification, "Trigger.Statistic"),
        "state": state if state == "INSUFFICIENT_DATA" else None,
    }
    return {label: value for label, value in alarm_labels.items() if value} | dimensions


def _subject_dimension(labels: Fields) -> str | None:
    return next((read_name({"of": labels[dimension]}, "of") for dimension in DIMENSIONS if dimension in labels), None)
