"""Alertmanager: its webhook, version 4. What its alerts look like is shared with Prometheus and Grafana."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert, AlertLinkKind, AlertStatus
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources import payload as fields
from onrecall.sources.alert_links import collect_links
from onrecall.sources.payload import Fields
from onrecall.sources.webhook import Parse, ParsedWebhook

NAME = "alertmanager"
SLACK = timedelta(seconds=30)
"""How far the sender's clock may be ahead when it says that an alert has ended."""
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
_NAMING = ("rulename", "alert", "rule", "name", "check", "error_type")
_PLACES = ("instance", "host", "hostname", "pod", "namespace", "cluster")
_STANDINS = ("DatasourceNoData", "DatasourceError")
"""Grafana's alert names that hide the rule's own."""
_PRIME, _OFFSET, _BITS = 1099511628211, 14695981039346656037, (1 << 64) - 1


def parser(source: str) -> Parse:
    """Returns a parser for webhooks in Alertmanager's form, which several tools send."""
    return lambda delivery, now: notification(delivery.decoded(), source, now)


parse = parser(NAME)
"""Each alert of the notification. One that can't be read does not keep out the others."""


def notification(body: Any, source: str, now: datetime) -> ParsedWebhook:
    """The alerts of a webhook in Alertmanager's form."""
    told = fields.fields(body, "body")
    if "alerts" not in told:
        raise Invalid("`alerts` is missing; send Alertmanager's webhook payload, version 4", "alerts")
    group = grouped(told)

    def read(part: Fields) -> tuple[Alert, ...]:
        return (alert(part, source, now, group),)

    return fields.parts(told["alerts"], "alerts", read, lambda part: {"alerts": [part]})


def grouped(told: Fields) -> str | None:
    """The sender's group; None where it has all alerts in a single one, which says nothing."""
    return fields.key(told, "groupKey") if told.get("groupLabels") else None


def alert(part: Fields, source: str, now: datetime, group: str | None = None) -> Alert:
    """One alert, as Alertmanager, Prometheus and Grafana write it."""
    labels = public(fields.labels(part, "labels"))
    annotations = public(fields.labels(part, "annotations", fields.LONGEST_TEXT))
    key = fields.key(part, "fingerprint") or _own_key(part.get("labels"))
    starts = fields.moment(part, "startsAt")
    status, ends = state(part, now)
    links, link_kinds = collect_links(_links(part, annotations))
    return Alert(
        source=source,
        key=key,
        title=title(labels, annotations) or f"alert {key}",
        starts_at=starts or now,
        status=status,
        description=next((annotations[name] for name in _DESCRIPTION if name in annotations), ""),
        service=fields.service(labels),
        environment=fields.environment(labels),
        severity=severity(next((labels[name] for name in ("severity", "level", "priority") if name in labels), None)),
        labels=labels,
        annotations=annotations,
        ends_at=ends if ends and (starts is None or ends >= starts) else None,
        values=values(part, annotations),
        links=links,
        link_kinds=link_kinds,
        group=group,
        starts_known=starts is not None,
    )  # fmt: skip


def _links(part: Fields, annotations: Mapping[str, str]) -> Iterator[tuple[AlertLinkKind, object]]:
    for kind, names in _LINKS:
        yield from ((kind, annotations.get(name)) for name in names)
    for kind, name in _OWN_LINKS:
        yield kind, part.get(name)


def state(part: Fields, now: datetime) -> tuple[AlertStatus, datetime | None]:
    """Whether it fires, and when it ended. Prometheus says no status: what ends in the future still fires."""
    ends = fields.moment(part, "endsAt")
    said = fields.name(part, "status")
    if said not in (None, "firing", "resolved"):
        raise Invalid(f"`status` is {said!r}; it must be firing or resolved", "status")
    if said == "resolved" or (said is None and ends is not None and ends <= now + SLACK):
        return "resolved", ends
    return "firing", None


def title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    """The alert's name and its summary, in one line; without either, what its description or its labels say."""
    called = labels.get("alertname")
    if called in _STANDINS and (rule := labels.get("rulename")):
        called = f"{rule} ({called})"
    told = fields.line(annotations, *_SUMMARY)
    if called and told and called.lower() not in told.lower():
        return fields.cut(f"{called}: {told}", fields.LONGEST_LINE)
    return told or called or _first_line(annotations) or _by_labels(labels)


def _first_line(annotations: Mapping[str, str]) -> str | None:
    text = fields.text(annotations, *_DESCRIPTION) or next(iter(annotations.values()), "")
    return fields.first_line(text)


def _by_labels(labels: Mapping[str, str]) -> str | None:
    """What names a rule or a place among the labels, for an alert that has no name of its own."""
    named = next((labels[name] for name in _NAMING if name in labels), None)
    where = fields.service(labels) or next((labels[name] for name in _PLACES if name in labels), None)
    return fields.line({"title": ": ".join(dict.fromkeys(filter(None, (named, where))))}, "title")


def public(labels: Mapping[str, str]) -> dict[str, str]:
    """Without what is meant for the sender's own use, such as `__alert_rule_uid__`."""
    return {name: value for name, value in labels.items() if not (name.startswith("__") and name.endswith("__"))}


def values(part: Fields, annotations: Mapping[str, str]) -> dict[str, float]:
    """The numbers that the alert was raised on: Grafana's `values`, or an annotation `value`."""
    measured = fields.numbers(part, "values")
    told = fields.number(annotations, "value")
    return measured if measured or told is None else {"value": told}


def fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's own fingerprint of a set of labels: FNV-1a over the sorted names and values."""
    total = _OFFSET
    for called, value in sorted((_bytes(name), _bytes(value)) for name, value in labels.items()):
        for byte in called + b"\xff" + value + b"\xff":
            total = ((total ^ byte) * _PRIME) & _BITS
    return f"{total:016x}"


def _own_key(labels: Any) -> str:
    """Over the labels as they came: cut or cleaned ones could be those of another alert."""
    told = {name: said for name, value in labels.items() if (said := _whole(value))} if labels else {}
    if not told:
        raise Invalid("`labels` is missing; an alert is known by its labels, such as alertname", "labels")
    return fingerprint(told)


def _whole(value: Any) -> str | None:
    return value if isinstance(value, str) else fields.plain(value)


def _bytes(said: str) -> bytes:
    return said.encode("utf-8", "replace")
