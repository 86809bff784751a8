"""Hindsight: mirror every incident as one document of a bank, replaced on each change."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, ResolutionStep, StepOutcome
from onrecall.notifications.channel import Message, PermanentDeliveryError, SentMessage, Thread

SOURCE = "onrecall"
"""What `source` says in the metadata of a document that OnRecall wrote."""
PREFIX = "inc:"
LONGEST_TEXT = 50_000
"""Maximum characters of a document; a longer one is cut with a note."""
LONGEST_VALUE = 2000
TITLE, DESCRIPTION, CAUSE, STEPS = "Incident", "What happened", "Root cause", "Resolution"
"""The labels of a document's parts."""
OUTCOMES: Mapping[StepOutcome, str] = {
    "worked": "",
    "did_not_help": " (did not help)",
    "made_it_worse": " (made it worse)",
}


class DocumentBank(Protocol):
    """A store of documents."""

    def retain(self, items: Sequence[Mapping[str, Any]]) -> int:
        """Store items by document id; raise Unavailable if it may work later, Invalid if it never will."""

    def delete(self, document_id: str) -> bool:
        """Remove a document; return whether it existed."""


@dataclass(frozen=True, slots=True)
class HindsightMirror:
    """Sends incidents to one bank; they are rendered when something happens and stored in order."""

    bank: DocumentBank
    name: str = "hindsight"

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002 - each document stands for itself
        """Store the document; idempotent."""
        try:
            self.bank.retain([message.body])
        except Invalid as error:
            raise PermanentDeliveryError(str(error)) from error
        return SentMessage()


def document_id(incident_id: str) -> str:
    """Return the id of an incident's document."""
    return PREFIX + incident_id


def memory_item(incident: Incident, versions: int) -> dict[str, Any]:
    """Return an incident as a document to retain; `versions` is its number of resolutions so far.

    The `digest` in its metadata shows whether the stored document is up to date.
    """
    item: dict[str, Any] = {
        "document_id": document_id(incident.id),
        "content": _text(incident),
        "timestamp": incident.started_at.isoformat(),
        "context": "incident",
        "tags": [SOURCE],
        "metadata": {key: value[:LONGEST_VALUE] for key, value in _metadata(incident, versions) if value},
    }
    digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:16]
    item["metadata"]["digest"] = digest
    return item


def _metadata(incident: Incident, versions: int) -> Iterator[tuple[str, str | None]]:
    """Yield the metadata fields; Hindsight accepts strings only."""
    resolution = incident.resolution
    yield "source", SOURCE
    yield "incident_id", incident.id
    yield "title", incident.title
    yield "status", incident.status
    yield "severity", incident.severity
    yield "service", incident.service
    yield "environment", incident.environment
    yield "started_at", incident.started_at.isoformat()
    yield "resolved_at", incident.resolved_at.isoformat() if incident.resolved_at else None
    if resolution is not None:
        yield "root_cause", resolution.root_cause
        yield "cause", resolution.cause
        yield "mitigation_steps", "; ".join(step.text for step in resolution.steps if step.outcome == "worked")
        yield "provenance", resolution.provenance
        yield "resolution_version", str(versions)


def _text(incident: Incident) -> str:
    parts = [f"{TITLE}: {incident.title}"]
    if incident.description:
        parts.append(f"{DESCRIPTION}:\n{incident.description}")
    resolution = incident.resolution
    if resolution is not None and resolution.root_cause:
        parts.append(f"{CAUSE}: {resolution.root_cause}")
    if resolution is not None and resolution.steps:
        parts.append("\n".join([f"{STEPS}:", *(f"- {_step(step)}" for step in resolution.steps)]))
    text = "\n\n".join(parts)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\n(cut here; OnRecall has the whole text)"


def _step(step: ResolutionStep) -> str:
    command = f": `{step.command}`" if step.command and step.command not in step.text else ""
    return f"{step.text}{command}{OUTCOMES[step.outcome]}"
