"""Messages as senders write them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def alert(n: int, status: str = "firing", minutes: float = 0, **labels: str) -> dict[str, Any]:
    started = NOON + timedelta(minutes=minutes)
    ended = (started + timedelta(minutes=5)).isoformat() if status == "resolved" else "0001-01-01T00:00:00Z"
    return {
        "status": status,
        "labels": {"alertname": "HighErrorRate", "service": f"svc-{n % 7}", "pod": f"pod-{n}"} | labels,
        "annotations": {"summary": f"5xx above 5% on pod-{n}", "description": f"pod-{n} answers 503 since {n} s"},
        "startsAt": started.isoformat(),
        "endsAt": ended,
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": f"{n:016x}",
    }


def notification(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": "{}:{alertname=x}",
        "status": "firing",
        "receiver": "onrecall",
        "groupLabels": {"alertname": "x"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "truncatedAlerts": 0,
        "alerts": list(alerts),
    } | more


def body(*alerts: dict[str, Any]) -> bytes:
    return json.dumps(notification(*alerts)).encode()


def event(n: int, action: str = "trigger", at: str | None = None) -> dict[str, Any]:
    payload = {"summary": f"disk {n} is full", "source": f"host-{n}", "severity": "critical"}
    if at:
        payload["timestamp"] = at
    return {"routing_key": "0" * 32, "event_action": action, "dedup_key": f"disk-{n}", "payload": payload}
