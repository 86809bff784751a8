"""A structured anomaly, as RAG of Fire streams them: a kind of fault and how far a metric went, and no cause."""

from datetime import datetime

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import severity
from onrecall.sources.payload import (
    Fields,
    environment,
    fields,
    flat,
    key,
    line,
    links,
    moment,
    name,
    need,
    number,
    parts,
    plain,
    short_key,
    text,
    whole,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "anomaly"
_OVER = ("resolved", "recovered", "ok", "closed", "normal")
_PAYLOAD = "raw_payload"
OPTIONAL = frozenset(
    {
        "description",
        "ended_at",
        "key",
        "labels",
        "link",
        "message",
        "resolved_at",
        "severity",
        "started_at",
        "status",
        "symptom",
        "timestamp",
        "url",
    }
)
"""Fields of an anomaly that RAG of Fire does not write, and that are read where somebody else does."""


def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
    """One anomaly, a list of them, or an object with `anomalies`."""
    body = delivery.decoded()
    listed = body.get("anomalies") if isinstance(body, dict) and "error_type" not in body else body
    if isinstance(listed, list):
        return parts(listed, "anomalies", lambda one: _read(one, now), lambda one: {"anomalies": [one]})
    return whole(fields(body, "body"), lambda one: _read(one, now))


def _read(one: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    kind = need(name(one, "error_type"), "error_type", "database_timeout")
    spike = need(number(one, "spike_percentage"), "spike_percentage", "450")
    if spike < 0:
        raise Invalid(f"`spike_percentage` is {spike:g}; it must not be below 0", "spike_percentage")
    service, metric, tenant = name(one, "service_name"), name(one, "metric_name"), name(one, "tenant_id")
    began = moment(one, "started_at", "detected_at", "timestamp")
    status: AlertStatus = "resolved" if (name(one, "status") or "").lower() in _OVER else "firing"
    measured = {
        "spike_percent": spike,
        "baseline": number(one, "baseline_value"),
        "current": number(one, "current_value"),
        "window_minutes": number(one, "window_minutes"),
    }
    own_key = key(one, "id", "key")
    subject = short_key(" ".join(filter(None, (kind, service, metric, tenant))))
    named = {"error_type": kind, "service": service, "metric": metric, "tenant": tenant}
    labels = flat(one.get("labels")) | {called: value for called, value in named.items() if value}
    return (
        Alert(
            NAME,
            own_key or subject,
            _title(kind, spike, service, metric),
            began or now,
            status,
            _described(one),
            service,
            environment(labels),
            severity(name(one, "severity")),
            labels,
            ends_at=moment(one, "ended_at", "resolved_at") if status == "resolved" else None,
            values={called: value for called, value in measured.items() if value is not None},
            links=links(one.get("link"), one.get("url")),
            group=subject if own_key else None,  # anomalies of one thing that each have an id are one incident still
            told_at=began,
            starts_known=False,
        ),
    )


def _title(kind: str, spike: float, service: str | None, metric: str | None) -> str:
    what = f"{kind} +{spike:g} %"
    place = f" in {service}" if service else ""
    return f"{what}{place} ({metric})" if metric else what + place


def _described(one: Fields) -> str:
    """What the sender wrote, and what it attached."""
    attached = one.get(_PAYLOAD)
    lines = (f"{called}: {value}" for called, value in flat(attached).items())
    told = (text(one, "message", "description"), plain(attached) or "\n".join(lines) or None, line(one, "symptom"))
    return "\n".join(part for part in told if part)
