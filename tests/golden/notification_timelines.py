"""Records what people are notified of while a story runs, and what its incidents are in the end.

A story is a list of steps with the seconds at which each happens. After each step the worker and the channel do all
that is due, so nothing waits for a clock.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.alert import Alert
from onrecall.domain.errors import OnRecallError, Unavailable
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.passage import Passage
from onrecall.domain.recommendation import Recommendation, RecommendationOutcome
from onrecall.grouping import ServiceGraph
from onrecall.notifications import IncidentUpdate, Message, PermanentDeliveryError, SentMessage, Thread
from onrecall.notifications.text import first_safe
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.notify import Notifier
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import WebhookRequest
from onrecall.storage import IngestBatch, Storage, StoredAlert

from .grouping_plans import alertmanager_webhook
from .knowledge import NOW, empty_store, history
from .records import read_inputs

_RECOMMENDATION = re.compile(r"rec-[0-9a-f]{16}")


def record_timelines() -> dict[str, Any]:
    """Returns the timeline of every story."""
    return {story["name"]: _timeline(story) for story in read_inputs("notification_timelines")}


def _timeline(story: Mapping[str, Any]) -> dict[str, Any]:
    with empty_store() as store:
        run = StoryRun(store, ServiceGraph.of(story.get("topology")))
        if "history" in story:
            run.memory.import_history(history(story["history"]))
            run.notify()
        steps = [run.perform(step) for step in story["steps"]]
        return _with_numbered_answers({"steps": steps, **run.outcome()})


def _with_numbered_answers(record: Mapping[str, Any]) -> Any:
    """The record with the ids of recommendations, which are hashes, in the order of their first mention."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"recommendation {len(numbers) + 1}")

    return json.loads(_RECOMMENDATION.sub(number, json.dumps(record)))


class InterruptedRecall(Retriever):
    """Retrieval that lets somebody act once between the reading of a grouping pass and its writing."""

    interruption: Callable[[], object] | None = None

    def prepare(self, things: Sequence[Any], progress: Any = None) -> list[tuple[Passage, ...]]:
        """Lets the interruption happen, then prepares the passages."""
        interruption, self.interruption = self.interruption, None
        if interruption:
            interruption()
        return super().prepare(things, progress)


@dataclass
class RecordingChannel:
    """A channel that records what it sends, and fails while it is told to."""

    name: str = "recorder"
    failure: Exception | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    def render(
        self, incident: Incident, answer: Recommendation | None, event: IncidentUpdate, thread: Thread
    ) -> Message | None:
        """Puts an update into words."""
        step = first_safe(answer) if answer else None
        return Message(
            {
                "kind": event.kind,
                "incident": incident.id,
                "title": incident.title,
                "status": incident.status,
                "verdict": answer.verdict if answer else None,
                "cause": answer.cause if answer else None,
                "first_safe_step": step.text if step else None,
                "changes": list(event.changes),
                "into": event.into,
                "by": event.by,
                "follows": thread.get("number"),
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Records the message, or fails."""
        if self.failure:
            raise self.failure
        self.sent.append(dict(message.body))
        return SentMessage({"number": thread.get("number", len(self.sent))})


FAILURES: Mapping[str, Exception | None] = {
    "up": None,
    "down": Unavailable("the channel does not answer"),
    "refusing": PermanentDeliveryError("the channel was archived"),
}


class StoryRun:
    """One story as it runs: its store, its clock and its channel."""

    def __init__(self, store: Storage, topology: ServiceGraph) -> None:
        self.at = NOW
        self.store = store
        self.recall = InterruptedRecall(store, None, LocalIndex(store.passages, None))
        self.memory = IncidentService(Dependencies(store, self.recall, lambda: self.at, topology=topology))
        self.channel = RecordingChannel()
        self.teller = Notifier(self.channel, store, lambda: self.at, jitter=lambda: 1.0)
        self.notify()

    def perform(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Performs a step and all that is due after it; returns what was sent."""
        self.at = NOW + timedelta(seconds=step["at"])
        first = len(self.channel.sent)
        if "meanwhile" in step:
            self.recall.interruption = lambda: self.act(step["meanwhile"])
        record: dict[str, Any] = {"at": f"{self.at:%d %H:%M:%S}", "step": _without_body(step)}
        try:
            result = self.act(step)
        except OnRecallError as error:
            result = {"error": type(error).__name__, "message": str(error)}
        while self.memory.work():
            pass
        self.notify()
        return record | ({"result": result} if result else {}) | {"sent": self.channel.sent[first:]}

    def notify(self) -> None:
        """Sends all that is due."""
        while self.teller.run_once():
            pass

    def act(self, step: Mapping[str, Any]) -> Any:
        """Does what a step says."""
        for name in self.ACTIONS:
            if name in step:
                return self.ACTIONS[name](self, step)
        return None

    def _open(self, step: Mapping[str, Any]) -> None:
        started_at = NOW + timedelta(seconds=step["open"].get("began", step["at"]))
        fields = {name: value for name, value in step["open"].items() if name != "began"}
        self.memory.open(Incident(**{"started_at": started_at, "source": "chat", **fields}))

    def _receive(self, step: Mapping[str, Any]) -> Any:
        body = json.dumps(alertmanager_webhook(step)) if "alerts" in step else step["body"]
        (receipt,) = self.memory.receive(step.get("source", "alertmanager"), [WebhookRequest(body.encode())])
        rejected = [{"field": part.field, "message": part.message} for part in receipt.rejected]
        return {"accepted": receipt.accepted, "duplicate": receipt.duplicate, "rejected": rejected}

    def _receive_unstorable(self, step: Mapping[str, Any]) -> Any:
        """Receives an alert that a source reads and no database takes: its key is too long."""
        fields = dict(step["unstorable"])
        key = fields.pop("key") * fields.pop("key_repeated")
        alert = Alert(source="generic", key=key, starts_at=self.at, **fields)
        (received,) = self.store.ingest.store([IngestBatch("generic", (alert,))], self.at)
        return {"rejected": [{"field": part.field, "message": part.message} for part in received.rejected]}

    def _retry(self, step: Mapping[str, Any]) -> Any:
        mended = step["mended"].encode() if "mended" in step else None
        receipt = self.memory.ingester.retry(step["retry"], mended)
        return {"accepted": receipt.accepted, "duplicate": receipt.duplicate}

    def _resolve(self, step: Mapping[str, Any]) -> None:
        steps = tuple(ResolutionStep(**done) for done in step.get("steps", ()))
        resolution = Resolution(step["root_cause"], self.at, cause=step.get("cause"), steps=steps, by=step.get("by"))
        self.memory.resolve(step["resolve"], resolution)

    def _rate(self, step: Mapping[str, Any]) -> None:
        answer = self.store.recommendations.newest(step["rate"])
        assert answer
        self.memory.rate(RecommendationOutcome(answer.id, step["verdict"], self.at, by=step.get("by")))

    def _split(self, step: Mapping[str, Any]) -> None:
        alerts = [one.id for one in self.store.alerts.of_incident(step["split"]) if one.alert.title in step["titles"]]
        self.memory.manual_grouping.split(step["split"], alerts, step.get("by"))

    def _regroup(self, step: Mapping[str, Any]) -> None:
        other = IncidentService(
            Dependencies(
                self.store, Retriever(self.store, None, LocalIndex(self.store.passages, None)), lambda: self.at
            )
        )
        other.grouping.run()

    def _set_channel(self, step: Mapping[str, Any]) -> None:
        self.channel.failure = FAILURES[step["channel"]]

    ACTIONS: Mapping[str, Callable[["StoryRun", Mapping[str, Any]], Any]] = {
        "open": _open,
        "alerts": _receive,
        "body": _receive,
        "unstorable": _receive_unstorable,
        "retry": _retry,
        "resolve": _resolve,
        "reopen": lambda run, step: run.memory.reopen(step["reopen"], step.get("by")) and None,
        "acknowledge": lambda run, step: run.memory.acknowledge(step["acknowledge"], step.get("by")) and None,
        "merge": lambda run, step: (
            run.memory.manual_grouping.merge(step["merge"], step["into"], step.get("by")) and None
        ),
        "unmerge": lambda run, step: (
            run.memory.manual_grouping.unmerge(step["out_of"], step["unmerge"], step.get("by")) and None
        ),
        "split": _split,
        "rate": _rate,
        "other_worker": _regroup,
        "channel": _set_channel,
    }

    def outcome(self) -> dict[str, Any]:
        """Returns what the story's incidents are in the end, what waits, and what was rejected."""
        incidents = [incident for incident in self.store.incidents.page(limit=200).items if incident.started_at >= NOW]
        rejected = self.store.rejected.page().items
        return {
            "incidents": [self._incident(incident) for incident in sorted(incidents, key=lambda each: each.id)],
            "rejected": [
                {"number": part.id, "source": part.source, "field": part.field, "message": part.message}
                for part in rejected
            ],
        }

    def _incident(self, incident: Incident) -> dict[str, Any]:
        alerts = sorted(self.store.alerts.of_incident(incident.id), key=lambda each: each.id)
        return {
            "id": incident.id,
            "title": incident.title,
            "service": incident.service,
            "severity": incident.severity,
            "status": incident.status,
            "started_at": _time(incident.started_at),
            "acknowledged_at": _time(incident.acknowledged_at),
            "resolved_at": _time(incident.resolved_at),
            "links": [f"{link.kind} {link.incident}" for link in incident.links],
            "alerts": [_alert(each) for each in alerts],
            "events": [
                {"type": event.type, "at": _time(event.at), "by": event.by, "detail": dict(event.detail)}
                for event in self.store.events.timeline(incident.id)
            ],
        }


def _alert(stored: StoredAlert) -> dict[str, Any]:
    return {
        "title": stored.alert.title,
        "status": stored.alert.status,
        "began": _time(stored.alert.starts_at),
        "joined": dict(stored.joined or {}),
    }


def _without_body(step: Mapping[str, Any]) -> str:
    """A step in a line."""
    return ", ".join(f"{name}: {_brief(value)}" for name, value in step.items() if name not in ("at", "body", "steps"))


def _brief(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id") or _without_body(value))
    return f"{len(value)} alerts" if isinstance(value, list) and value and isinstance(value[0], Mapping) else str(value)


def _time(moment: datetime | None) -> str | None:
    return f"{moment:%d %H:%M:%S}" if moment else None
