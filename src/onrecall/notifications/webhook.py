"""A generic webhook: signed JSON with an idempotency key, optionally as CloudEvents."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from onrecall.domain.evidence import Citation
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation, Step
from onrecall.domain.suggestion import Suggestion
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate, Message, SentMessage, Thread
from onrecall.notifications.json_poster import JsonPoster
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeKind

Form = Literal["json", "cloudevents"]
VERSION = 1
MEDIA: Mapping[Form, str] = {"json": "application/json", "cloudevents": "application/cloudevents+json"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts updates to one URL. Text is not escaped; the receiver must escape it for its medium."""

    post: JsonPoster
    links: Links
    secret: str | None = field(default=None, repr=False)
    form: Form = "json"
    clock: Callable[[], float] = time.time
    name: str = "webhook"
    notice_kind: NoticeKind = "webhook"

    def render_notice(self, notice: Notice) -> Message:
        """Render a notice as JSON, with type `notice` and no incident."""
        content = {"id": notice.id, "title": notice.title, "message": notice.text, "footnote": notice.footnote}
        return Message({"version": VERSION, "type": "notice", "time": _iso_text(notice.at), "notice": content})

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002 - each message stands for itself
    ) -> Message:
        """Render an update as JSON."""
        return Message(
            {
                "version": VERSION,
                "type": f"incident.{event.kind}",
                "seq": event.seq,
                "time": _iso_text(event.at),
                "incident": _incident(incident, self.links),
                "recommendation": _answer(recommendation) if recommendation else None,
                "changes": list(event.changes),
                "merged_into": event.into,
                "by": event.by,
                "suggestions": [_suggestion(suggestion) for suggestion in event.suggestions],
                "links": [{"kind": link.kind, "url": link.url} for link in event.alert_links],
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Post the message, signed over timestamp and body."""
        body = json.dumps(self._as_form(message), ensure_ascii=False, separators=(",", ":")).encode()
        at = str(int(self.clock()))
        headers = {"content-type": MEDIA[self.form], "idempotency-key": message.key, "x-onrecall-timestamp": at}
        if self.secret:
            headers["x-onrecall-signature"] = f"v1={signature(self.secret, at, body)}"
        self.post(body, headers)
        return SentMessage()

    def _as_form(self, message: Message) -> Mapping[str, Any]:
        if self.form == "json":
            return {"id": message.key, **message.body}
        return {
            "specversion": "1.0",
            "id": message.key,
            "source": self.links.public_url or "/onrecall",
            "type": f"onrecall.{message.body['type']}",
            "subject": (message.body.get("incident") or message.body["notice"])["id"],
            "time": message.body["time"],
            "datacontenttype": "application/json",
            "data": message.body,
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 of `timestamp.body`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _incident(incident: Incident, links: Links) -> dict[str, Any]:
    resolution = incident.resolution
    return {
        "id": incident.id,
        "title": incident.title,
        "service": incident.service,
        "environment": incident.environment,
        "severity": incident.severity,
        "status": incident.status,
        "labels": dict(incident.labels),
        "started_at": _iso_text(incident.started_at),
        "resolved_at": _iso_text(incident.resolved_at),
        "url": links.incident(incident.id),
        "resolution": None
        if resolution is None
        else {"root_cause": resolution.root_cause, "cause": resolution.cause, "by": resolution.by},
    }


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {"id": suggestion.id, "by": suggestion.by, "at": _iso_text(suggestion.at), "text": suggestion.text}


def _answer(answer: Recommendation) -> dict[str, Any]:
    confidence = answer.confidence
    step = words.first_safe(answer)
    measured = ("probability", "right", "of", "low", "high", "basis")
    return {
        "id": answer.id,
        "verdict": answer.verdict,
        "verdict_words": words.VERDICT_SENTENCES[answer.verdict],
        "verdict_reason": answer.verdict_reason,
        "cause": answer.cause,
        "cause_label": answer.cause_label,
        "cause_citation": _citation(answer.cause_citation) if answer.cause_citation else None,
        "confidence": {name: getattr(confidence, name) for name in measured} if confidence else None,
        "confidence_reason": answer.confidence_reason,
        "nearest_rates": asdict(answer.nearest_rates) if answer.nearest_rates else None,
        "first_safe_step": _step(step) if step else None,
        "steps": len(answer.steps),
        "ongoing": [{"id": ongoing.id, "title": ongoing.title, "status": ongoing.status} for ongoing in answer.ongoing],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "n": step.n,
        "text": step.text,
        "command": step.command,
        "risk": step.risk,
        "citation": _citation(step.citation),
        "rollback": step.rollback,
        "stale": step.stale,
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {"id": citation.id, "quote": citation.quote, "line": citation.line}


def _iso_text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
