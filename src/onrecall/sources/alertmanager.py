"""Alertmanager: its webhook, version 4. What its alerts look like is shared with Prometheus and Grafana."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert, AlertLinkKind, AlertStatus
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import parse_severity
from onrecall.sources import payload
from onrecall.sources.alert_links import collect_links
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Parse, ParsedWebhook

NAME = "alertmanager"
CLOCK_SKEW = timedelta(seconds=30)
"""How far the sender's clock may be ahead when it says that an alert has ended."""
_SEVERITY_LABELS = ("severity", "level", "priority")
_SUMMARY = ("summary", "title", "message")
_DESCRIPTION = ("description", "message", "details")
_LINKS: tuple[tuple[AlertLinkKind, tuple[str, ...]], ...] = (
    ("runbook", ("runbook_url", "runbook", "runbookURL", "playbook_url", "playbook")),
    (
        "dashboard",
        ("dashboard_url", "dashboard", "dashboardURL", "panelURL", "grafana_url", "related_logs", "related_traces"),
    ),
    ("source", ("link", "url")),
)
"""Annotations that hold a link."""
_OWN_LINKS: tuple[tuple[AlertLinkKind, str], ...] = (
    ("dashboard", "dashboardURL"),
    ("dashboard", "panelURL"),
    ("generator", "generatorURL"),
    ("silence", "silenceURL"),
)
"""Fields of the alert itself that hold one."""
_RULE_LABELS = ("rulename", "alert", "rule", "name", "check", "error_type")
_PLACE_LABELS = ("instance", "host", "hostname", "pod", "namespace", "cluster")
_PLACEHOLDER_NAMES = ("DatasourceNoData", "DatasourceError")
"""Grafana's alert names that hide the rule's own."""
_PRIME, _OFFSET, _BITS = 1099511628211, 14695981039346656037, (1 << 64) - 1


def parser(source: str) -> Parse:
    """Returns a parser for webhooks in Alertmanager's form, which several tools send."""
    return lambda delivery, now: parse_notification(delivery.decoded(), source, now)


parse = parser(NAME)
"""Parse each alert of the notification; an unreadable one does not block the others."""


def parse_notification(body: Any, source: str, now: datetime) -> ParsedWebhook:
    """Parse a webhook in Alertmanager's format."""
    notification = payload.require_object(body, "body")
    if "alerts" not in notification:
        raise Invalid("`alerts` is missing; send Alertmanager's webhook payload, version 4", "alerts")
    group = read_group(notification)

    def read(part: Fields) -> tuple[Alert, ...]:
        return (read_alert(part, source, now, group),)

    return payload.parse_items(notification["alerts"], "alerts", read, lambda part: {"alerts": [part]})


def read_group(notification: Fields) -> str | None:
    """Return the sender's group; None if it groups all alerts together, which carries no information."""
    return payload.read_key(notification, "groupKey") if notification.get("groupLabels") else None


def read_alert(part: Fields, source: str, now: datetime, group: str | None = None) -> Alert:
    """Read one alert as Alertmanager, Prometheus and Grafana write it."""
    labels = public_labels(payload.read_labels(part, "labels"))
    annotations = public_labels(payload.read_labels(part, "annotations", payload.LONGEST_TEXT))
    key = payload.read_key(part, "fingerprint") or _key_from_labels(part.get("labels"))
    starts = payload.read_time(part, "startsAt")
    status, ends = read_state(part, now)
    links, link_kinds = collect_links(_links(part, annotations))
    return Alert(
        source=source,
        key=key,
        title=build_title(labels, annotations) or f"alert {key}",
        starts_at=starts or now,
        status=status,
        description=next((annotations[name] for name in _DESCRIPTION if name in annotations), ""),
        service=payload.service_from_labels(labels),
        environment=payload.environment_from_labels(labels),
        severity=parse_severity(next((labels[name] for name in _SEVERITY_LABELS if name in labels), None)),
        labels=labels,
        annotations=annotations,
        ends_at=ends if ends and (starts is None or ends >= starts) else None,
        values=read_values(part, annotations),
        links=links,
        link_kinds=link_kinds,
        group=group,
        starts_known=starts is not None,
        one_at_a_time=starts is not None,
    )  # fmt: skip


def _links(part: Fields, annotations: Mapping[str, str]) -> Iterator[tuple[AlertLinkKind, object]]:
    for kind, names in _LINKS:
        yield from ((kind, annotations.get(name)) for name in names)
    for kind, name in _OWN_LINKS:
        yield kind, part.get(name)


def read_state(part: Fields, now: datetime) -> tuple[AlertStatus, datetime | None]:
    """Return the status and the end. Prometheus sends no status: an alert that ends in the future still fires."""
    ends = payload.read_time(part, "endsAt")
    status = payload.read_name(part, "status")
    if status not in (None, "firing", "resolved"):
        raise Invalid(f"`status` is {status!r}; it must be firing or resolved", "status")
    if status == "resolved" or (status is None and ends is not None and ends <= now + CLOCK_SKEW):
        return "resolved", ends
    return "firing", None


def build_title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    """Return the alert's name and summary in one line; without either, the description or the labels."""
    alert_name = labels.get("alertname")
    if alert_name in _PLACEHOLDER_NAMES and (rule := labels.get("rulename")):
        alert_name = f"{rule} ({alert_name})"
    summary = payload.read_line(annotations, *_SUMMARY)
    if alert_name and summary and alert_name.lower() not in summary.lower():
        return payload.truncate(f"{alert_name}: {summary}", payload.LONGEST_LINE)
    return summary or alert_name or _first_line(annotations) or _title_from_labels(labels)


def _first_line(annotations: Mapping[str, str]) -> str | None:
    text = payload.read_text(annotations, *_DESCRIPTION) or next(iter(annotations.values()), "")
    return payload.first_line(text)


def _title_from_labels(labels: Mapping[str, str]) -> str | None:
    """Build a title from labels that name a rule or a place, for an alert without a name."""
    rule = next((labels[name] for name in _RULE_LABELS if name in labels), None)
    place = payload.service_from_labels(labels) or next(
        (labels[name] for name in _PLACE_LABELS if name in labels), None
    )
    return payload.read_line({"title": ": ".join(dict.fromkeys(filter(None, (rule, place))))}, "title")


def public_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels without the sender's internal ones, such as `__alert_rule_uid__`."""
    return {name: value for name, value in labels.items() if not (name.startswith("__") and name.endswith("__"))}


def read_values(part: Fields, annotations: Mapping[str, str]) -> dict[str, float]:
    """Return the numbers that raised the alert: Grafana's `values`, or an annotation `value`."""
    measured = payload.read_numbers(part, "values")
    annotated_value = payload.read_number(annotations, "value")
    return measured if measured or annotated_value is None else {"value": annotated_value}


def fingerprint(labels: Mapping[str, str]) -> str:
    """Compute Alertmanager's fingerprint of a label set: FNV-1a over the sorted names and values."""
    total = _OFFSET
    for label_name, value in sorted((_to_bytes(name), _to_bytes(value)) for name, value in labels.items()):
        for byte in label_name + b"\xff" + value + b"\xff":
            total = ((total ^ byte) * _PRIME) & _BITS
    return f"{total:016x}"


def _key_from_labels(labels: Any) -> str:
    """Compute the fingerprint of the raw labels: truncated or cleaned ones could match another alert's."""
    label_texts = (
        {name: label_text for name, value in labels.items() if (label_text := _uncleaned_text(value))} if labels else {}
    )
    if not label_texts:
        raise Invalid("`labels` is missing; an alert is known by its labels, such as alertname", "labels")
    return fingerprint(label_texts)


def _uncleaned_text(value: Any) -> str | None:
    return value if isinstance(value, str) else payload.to_text(value)


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
