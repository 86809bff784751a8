"""A structured anomaly, as RAG of Fire streams them: a kind of fault and how far a metric went, and no cause."""

from datetime import datetime

from onrecall.domain.alert import Alert, AlertStatus, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.domain.severity import parse_severity
from onrecall.sources.payload import (
    Fields,
    environment_from_labels,
    flatten,
    parse_items,
    parse_single,
    read_key,
    read_line,
    read_name,
    read_number,
    read_text,
    read_time,
    require,
    require_object,
    safe_links,
    shorten_key,
    to_text,
    without_empty,
)
from onrecall.sources.webhook import ParsedWebhook, WebhookRequest

NAME = "anomaly"
_RESOLVED_WORDS = ("resolved", "recovered", "ok", "closed", "normal")
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
        return parse_items(
            listed, "anomalies", lambda anomaly: _read_anomaly(anomaly, now), lambda anomaly: {"anomalies": [anomaly]}
        )
    return parse_single(require_object(body, "body"), lambda anomaly: _read_anomaly(anomaly, now))


def _read_anomaly(anomaly: Fields, now: datetime) -> tuple[InboundEvent, ...]:
    error_type = require(read_name(anomaly, "error_type"), "error_type", "database_timeout")
    spike = _read_spike(anomaly)
    service, metric = read_name(anomaly, "service_name"), read_name(anomaly, "metric_name")
    tenant = read_name(anomaly, "tenant_id")
    started_at = read_time(anomaly, "started_at", "detected_at", "timestamp")
    status = _read_status(anomaly)
    own_key = read_key(anomaly, "id", "key")
    subject = shorten_key(" ".join(filter(None, (error_type, service, metric, tenant))))
    own_labels = without_empty(error_type=error_type, service=service, metric=metric, tenant=tenant)
    labels = flatten(anomaly.get("labels")) | own_labels
    return (
        Alert(
            NAME,
            own_key or subject,
            _build_title(error_type, spike, service, metric),
            started_at or now,
            status,
            _build_description(anomaly),
            service,
            environment_from_labels(labels),
            parse_severity(read_name(anomaly, "severity")),
            labels,
            ends_at=read_time(anomaly, "ended_at", "resolved_at") if status == "resolved" else None,
            values=_read_measurements(anomaly, spike),
            links=safe_links(anomaly.get("link"), anomaly.get("url")),
            group=subject if own_key else None,  # anomalies of one thing that each have an id are one incident still
            told_at=started_at,
            starts_known=False,
        ),
    )


def _read_spike(anomaly: Fields) -> float:
    spike: float = require(read_number(anomaly, "spike_percentage"), "spike_percentage", "450")
    if spike < 0:
        raise Invalid(f"`spike_percentage` is {spike:g}; it must not be below 0", "spike_percentage")
    return spike


def _read_status(anomaly: Fields) -> AlertStatus:
    return "resolved" if (read_name(anomaly, "status") or "").lower() in _RESOLVED_WORDS else "firing"


def _read_measurements(anomaly: Fields, spike: float) -> dict[str, float]:
    measurements = {
        "spike_percent": spike,
        "baseline": read_number(anomaly, "baseline_value"),
        "current": read_number(anomaly, "current_value"),
        "window_minutes": read_number(anomaly, "window_minutes"),
    }
    return {name: value for name, value in measurements.items() if value is not None}


def _build_title(kind: str, spike: float, service: str | None, metric: str | None) -> str:
    headline = f"{kind} +{spike:g} %"
    place = f" in {service}" if service else ""
    return f"{headline}{place} ({metric})" if metric else headline + place


def _build_description(anomaly: Fields) -> str:
    """Join the sender's text and its attachment."""
    attached = anomaly.get(_PAYLOAD)
    attached_lines = (f"{field}: {value}" for field, value in flatten(attached).items())
    paragraphs = (
        read_text(anomaly, "message", "description"),
        to_text(attached) or "\n".join(attached_lines) or None,
        read_line(anomaly, "symptom"),
    )
    return "\n".join(paragraph for paragraph in paragraphs if paragraph)
