"""CloudWatch alarms: in messages of SNS, delivered raw, or as events of EventBridge."""

import re
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, AlertStatus
from onrecall.domain.errors import Invalid
from onrecall.sources import sns
from onrecall.sources.payload import (
    Fields,
    at,
    environment,
    fields,
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
from onrecall.sources.webhook import Delivery, Parsed, load_json

NAME = "cloudwatch"
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


def parse(delivery: Delivery, now: datetime) -> Parsed:
    """The alarm that a message or event tells of, or a subscription that asks to be confirmed."""
    body = fields(load_json(delivery.body), "body")
    if not sns.is_envelope(body):
        return whole(body, lambda one: (_alarm(one, now),))
    if body["Type"] == sns.CONFIRMATION:
        return Parsed(confirmation=sns.confirmation(body))
    return whole(body, lambda one: (_notified(one, now),)) if body["Type"] == sns.NOTIFICATION else Parsed()


def _notified(body: Fields, now: datetime) -> Alert:
    """A notification: an alarm, or whatever text somebody published."""
    message = text(body, "Message") or ""
    if message.startswith("{"):
        try:
            return _alarm(fields(load_json(message.encode(errors="replace")), "Message"), now)
        except Invalid as error:
            raise Invalid(f"in `Message`: {error}", error.field) from error
    published = moment(body, "Timestamp")
    return Alert(
        NAME,
        need(key(body, "MessageId"), "MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"),
        need(line(body, "Subject") or line({"first": message.split("\n")[0]}, "first"), "Message", '"disk full"'),
        published or now,
        description=message,
        labels={"topic": body["TopicArn"][:1000]} if plain(body["TopicArn"]) else {},
        told_at=published,
        starts_known=published is not None,
    )


def _alarm(said: Fields, now: datetime) -> Alert:
    if "AlarmName" in said:
        return _told(said, now)
    detail = said.get("detail")
    if not isinstance(detail, dict) or "alarmName" not in detail:
        raise Invalid("it is no CloudWatch alarm: there is neither AlarmName nor detail.alarmName", "AlarmName")
    return _told(_as_notified(said, detail), now)


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
            "Threshold": at(_inner(at(detail, "state.reasonData")), "threshold"),
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


def _inner(said: Any) -> Any:
    """What a text holds as JSON, where it does."""
    if not isinstance(said, str):
        return said
    try:
        return load_json(said.encode(errors="replace"))
    except Invalid:
        return None


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
