"""Microsoft Teams: an adaptive card for a workflow that starts "when a Teams webhook request is received".

What is untrusted stands in text runs, which Teams shows as they are: only text blocks know Markdown, and in those
stands nothing but words of our own.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Recommendation
from onrecall.notifications import text as words
from onrecall.notifications.channel import IncidentUpdate, Message, PermanentDeliveryError, SentMessage, Thread
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import JsonPoster
from onrecall.notifications.links import Links

HOSTS = ("*.api.powerplatform.com", "*.api.powerautomate.com", "*.logic.azure.com")
LARGEST = 28 * 1024
LONGEST_TITLE = 300
LONGEST = 700
MOST_CHANGES = 5
COLOUR = {"opened": "attention", "changed": "warning", "resolved": "good", "reopened": "attention", "merged": "default"}
Element = Mapping[str, Any]


def check(guard: EgressGuard, url: str) -> JsonPoster:
    """Where to post: a workflow of Microsoft's, over TLS, or a host that an operator named."""
    parsed = guard.check_url(url)
    if not guard.names_host(parsed.host):
        if not any(fnmatchcase(parsed.host.lower(), pattern) for pattern in HOSTS):
            raise Invalid(f"{parsed.host} is not a host of Teams workflows ({', '.join(HOSTS)})")
        if parsed.scheme != "https":
            raise Invalid("begins not with https://")
    return JsonPoster(guard, parsed)


@dataclass(frozen=True, slots=True)
class Teams:
    """Posts a card for each news; a workflow neither updates what it posted nor answers in a thread."""

    post: JsonPoster
    links: Links
    name: str = "teams"

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002
    ) -> Message:
        """The news as a card, texts cut until it is as small as Teams wants it."""
        longest = LONGEST
        body = _message(incident, recommendation, event, self.links, longest)
        while len(_bytes(body)) > LARGEST and longest > 1:
            longest //= 2
            body = _message(incident, recommendation, event, self.links, longest)
        return Message(body)

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Post it; 202 says that the workflow has it."""
        body = _bytes(message.body)
        if len(body) > LARGEST:
            raise PermanentDeliveryError(f"the card has {len(body)} bytes; Teams takes {LARGEST}")
        self.post(body, {"content-type": "application/json", "idempotency-key": message.key})
        return SentMessage()


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _message(
    incident: Incident, answer: Recommendation | None, event: IncidentUpdate, links: Links, longest: int
) -> dict[str, Any]:
    url = links.incident(incident.id)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": words.unlinked(words.flat(words.headline(incident, event), min(longest, LONGEST_TITLE))),
        "body": list(_body(incident, answer, event, longest)),
        "actions": [{"type": "Action.OpenUrl", "title": "Open in OnRecall", "url": url}] if url else [],
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _body(incident: Incident, answer: Recommendation | None, event: IncidentUpdate, longest: int) -> Iterator[Element]:
    yield _ours(words.HEADLINE[event.kind], color=COLOUR[event.kind], weight="Bolder")
    yield _text(f"{incident.id}  {incident.title}", min(longest, LONGEST_TITLE), size="Large", weight="Bolder")
    yield _text(words.facts(incident), longest, isSubtle=True)
    if event.into:
        yield _text(f"It is part of {event.into} now.", longest)
    if incident.status == "resolved" and event.kind == "resolved":
        yield _text(words.ending(incident.resolution, event.suggestions), longest)
    for change in event.changes[:MOST_CHANGES]:
        yield _text(f"Changed: {change}", longest)
    if answer and incident.status != "resolved":
        yield from _answer(answer, longest)


def _answer(answer: Recommendation, longest: int) -> Iterator[Element]:
    yield _ours(words.VERDICT[answer.verdict], weight="Bolder")
    if answer.cause:
        where = f" ({words.cited(answer.cause_citation)})" if answer.cause_citation else ""
        yield _text(f"Cause: {answer.cause}{where}", longest)
    yield _text(words.confidence(answer.confidence, answer.confidence_reason), longest)
    step = words.first_safe(answer)
    if step is None:
        yield _ours(words.NO_SAFE_STEP)
        return
    yield _text(f"First safe step: {step.text}", longest, weight="Bolder")
    if step.command:
        command = words.block(step.command, longest)
        runs = [_run(row or " ", fontType="Monospace") for row in command.splitlines()]
        yield from ({"type": "RichTextBlock", "inlines": [run], "spacing": "None"} for run in runs)
    yield _text(words.step_note(step), longest, isSubtle=True)


def _ours(text: str, **style: Any) -> Element:
    """Words of our own, where Markdown would be obeyed."""
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _text(text: str, longest: int, **style: Any) -> Element:
    """Words of others, shown as they are."""
    return {"type": "RichTextBlock", "inlines": [_run(words.unlinked(words.flat(text, longest)), **style)]}


def _run(text: str, **style: Any) -> Element:
    return {"type": "TextRun", "text": text, **style}
