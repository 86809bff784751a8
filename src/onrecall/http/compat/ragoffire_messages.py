"""What RAG of Fire's WebSockets say: one message for each decision, anomaly, notification and turn of an incident."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import NotFound
from onrecall.domain.recommendation import Recommendation
from onrecall.http.compat.ragoffire_decisions import decision
from onrecall.pipeline import IncidentService
from onrecall.pipeline.postmortem import EVENT_WORDS
from onrecall.storage import IncidentEvent, StoredAlert
from onrecall.storage.notices import StoredNotice
from onrecall.storage.overview import FeedPositions

Message = Mapping[str, Any]
AT_ONCE = 200
MOST_UNGROUPED = 1000
ANOMALIES = "anomaly"
SYSTEM = ("opened", "acknowledged", "resolved", "reopened", "merged", "split")
EVERYTHING = "every client receives everything; filter by tenant_id if you want less"
DECISION_FIELDS = {
    "id",
    "incident_id",
    "matched_incident",
    "symptom",
    "recommended_action",
    "confidence_score",
    "confidence_basis",
    "confidence_reason",
    "verdict",
    "citations",
    "latency_ms",
    "generated_at",
    "tenant_id",
    "service_name",
    "error_type",
}
"""What of a decision is told; the rest is at its own address."""


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far the lists of what happens were read."""

    lists: FeedPositions
    notice: int


class Feed:
    """What happened, as messages, from the store's own lists; each thing once, in order."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        self._place = FeedPosition(FeedPositions(0, 0, 0), 0)
        self._ungrouped: frozenset[int] = frozenset()
        """Anomalies that were told of, and joined no incident yet."""

    def begin(self) -> None:
        """Go on from now."""
        self._place = FeedPosition(self._memory.store.overview.places(), self._memory.store.notices.newest_number())

    def news(self) -> list[str]:
        """Return what came since the last time; where reading fails, all of it is returned next time."""
        store, place = self._memory.store, self._place
        events = store.events.feed(place.lists.event, AT_ONCE)  # before alerts, so that each event's alerts are known
        alerts = store.overview.alerts_after(ANOMALIES, place.lists.alert, AT_ONCE)
        answers = store.overview.asked_after(place.lists.answer, AT_ONCE)
        notices = store.notices.after(place.notice, AT_ONCE)
        ungrouped = frozenset(sorted(self._ungrouped | {alert.id for alert in alerts})[-MOST_UNGROUPED:])
        grouped = store.overview.grouped(ungrouped) if any(event.type == "alerted" for event in events) else {}
        messages = [
            *(anomaly_message(alert) for alert in alerts),
            *(decision_message(self._memory, answer) for _, answer in answers),
            *(message for event in events for message in self._of_event(event, grouped.values())),
            *(notification_message(notice) for notice in notices),
        ]
        last_event = events[-1].seq if events else place.lists.event
        last_answer = answers[-1][0] if answers else place.lists.answer
        last_alert = alerts[-1].id if alerts else place.lists.alert
        last_notice = notices[-1].number if notices else place.notice
        self._place = FeedPosition(FeedPositions(last_event, last_answer, last_alert), last_notice)
        self._ungrouped = ungrouped - grouped.keys()
        return [encode(message) for message in messages]

    def _of_event(self, event: IncidentEvent, joined: Collection[str]) -> Iterator[Message]:
        """Yield the messages of an event; an anomaly that joins an incident is followed by the incident's answer."""
        if event.detail.get("imported"):
            return
        if event.type == "recommended":
            with suppress(NotFound):
                answer = self._memory.store.recommendations.get(event.detail["recommendation"])
                yield decision_message(self._memory, answer)
        elif event.type == "alerted" and event.incident in joined:
            if (current_answer := self._answer_before(event)) is not None:
                yield decision_message(self._memory, current_answer)
        elif event.type in SYSTEM:
            yield system_message(event)

    def _answer_before(self, event: IncidentEvent) -> Recommendation | None:
        """Return the answer that an incident had when something happened to it."""
        answered = [
            earlier.detail["recommendation"]
            for earlier in self._memory.store.events.timeline(event.incident)
            if earlier.type == "recommended" and earlier.seq < event.seq
        ]
        return self._memory.store.recommendations.get(answered[-1]) if answered else None


def decision_message(memory: IncidentService, answer: Recommendation) -> Message:
    """Return a decision as it is told."""
    return {"type": "decision", "data": decision(memory, answer).model_dump(mode="json", include=DECISION_FIELDS)}


def anomaly_message(stored: StoredAlert) -> Message:
    """Return an anomaly as it is told; what clients read stands beside `data` as well."""
    alert = stored.alert
    data = {
        "id": alert.key,
        "error_type": alert.labels.get("error_type", ""),
        "spike_percentage": float(alert.values.get("spike_percent", 0.0)),
        "tenant_id": alert.labels.get("tenant"),
        "service_name": alert.service,
        "metric_name": alert.labels.get("metric"),
        "status": alert.status,
        "detected_at": alert.starts_at.isoformat(),
    }
    return {"type": "anomaly", **data, "timestamp": data["detected_at"], "data": data}


def system_message(event: IncidentEvent) -> Message:
    """Return a turn of an incident as it is told."""
    data = {
        "event": event.type,
        "incident": event.incident,
        "message": f"{event.incident}: {EVENT_WORDS[event.type]}",
        "seq": event.seq,
        "at": event.at.isoformat(),
    }
    return {"type": "system", "message": data["message"], "timestamp": data["at"], "data": data}


def notification_message(notice: StoredNotice) -> Message:
    """Return a notification as it is told."""
    data = {
        "notification_id": notice.id,
        "type": notice.type,
        "title": notice.title,
        "message": notice.message,
        "decision_id": notice.decision,
        "status": notice.status,
        "created_at": notice.created_at.isoformat(),
    }
    return {"type": "notification", "message": notice.title, "timestamp": data["created_at"], "data": data}


def connected_message(client_id: str, now: datetime) -> Message:
    """Return the welcome, the first thing that every client reads."""
    welcome = (
        "Connected to OnRecall: decisions, anomalies, notifications and changes of incidents follow as they happen"
    )
    return {"type": "connected", "client_id": client_id, "message": welcome, **_timed(now)}


def status_message(memory: IncidentService, listening: int, now: datetime) -> Message:
    """Return how much is stored and how many listen, for dashboards."""
    counts = memory.store.health.counts()
    data = {"status": "operational", "active_connections": listening, **counts, "timestamp": now.isoformat()}
    return {"type": "system_status", "message": "operational", "timestamp": now.isoformat(), "data": data}


def heartbeat_message(now: datetime) -> Message:
    """Return that the connection still stands."""
    return {"type": "heartbeat", **_timed(now)}


def reply(text: str | None, now: datetime) -> Message:
    """Return the answer to what a client sent: to a ping, to a subscription, or what is understood here."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        message = None
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == "ping":
        return {"type": "pong", **_timed(now)}
    if isinstance(message, dict) and kind in ("subscribe", "unsubscribe"):
        tenant = message.get("tenant_id")
        content = {"tenant_id": tenant if isinstance(tenant, str) else None, "message": EVERYTHING}
        return {"type": f"{kind}d", **content, **_timed(now)}
    wrong = 'only {"type": "ping"}, {"type": "subscribe"} and {"type": "unsubscribe"} are supported here'
    data = {"event": "error", "field": "type", "message": wrong}
    return {"type": "system", "message": wrong, "timestamp": now.isoformat(), "data": data}


def encode(message: Message) -> str:
    """Return a message as it is sent."""
    return json.dumps(message, ensure_ascii=False)


def _timed(now: datetime) -> Message:
    return {"server_time": now.isoformat(), "timestamp": now.isoformat()}
