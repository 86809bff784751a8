"""Microsoft Teams: an adaptive card for a workflow that starts "when a Teams webhook request is received".

Untrusted text goes into text runs, which Teams shows literally. Only text blocks interpret Markdown; they contain only
our own words.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
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


def check_workflow_url(guard: EgressGuard, url: str) -> JsonPoster:
    """Check the workflow URL: a Microsoft host over https, or a host allowed by the operator."""
    parsed = guard.check_url(url)
    if not guard.names_host(parsed.host):
        if not any(fnmatchcase(parsed.host.lower(), pattern) for pattern in HOSTS):
            raise Invalid(f"{parsed.host} is not a host of Teams workflows ({', '.join(HOSTS)})")
        if parsed.scheme != "https":
            raise Invalid("does not begin with https://")
    return JsonPoster(guard, parsed)


@dataclass(frozen=True, slots=True)
class Teams:
    """Posts a card per update; workflows support neither updates of a card nor threads."""

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
        """Render the update as a card; texts are cut until it fits Teams' limit."""
        longest = LONGEST
        body = _message(incident, recommendation, event, self.links, longest)
        while len(_bytes(body)) > LARGEST and longest > 1:
            longest //= 2
            body = _message(incident, recommendation, event, self.links, longest)
        return Message(body)

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Post the card; status 202 means that the workflow accepted it."""
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
        "fallbackText": words.defang_links(
            words.single_line(words.headline(incident, event), min(longest, LONGEST_TITLE))
        ),
        "body": list(_card_body(incident, answer, event, longest)),
        "actions": [{"type": "Action.OpenUrl", "title": "Open in OnRecall", "url": url}] if url else [],
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _card_body(
    incident: Incident, answer: Recommendation | None, event: IncidentUpdate, longest: int
) -> Iterator[Element]:
    yield _own_text(words.HEADLINES[event.kind], color=COLOUR[event.kind], weight="Bolder")
    yield _untrusted_text(
        f"{incident.id}  {incident.title}", min(longest, LONGEST_TITLE), size="Large", weight="Bolder"
    )
    yield _untrusted_text(words.facts_line(incident), longest, isSubtle=True)
    if event.into:
        yield _untrusted_text(f"It is now part of {event.into}.", longest)
    if incident.status == "resolved" and event.kind == "resolved":
        yield _untrusted_text(words.resolution_sentence(incident.resolution, event.suggestions), longest)
    for change in event.changes[:MOST_CHANGES]:
        yield _untrusted_text(f"Changed: {change}", longest)
    if answer and incident.status != "resolved":
        yield from _answer_elements(answer, longest)


def _answer_elements(answer: Recommendation, longest: int) -> Iterator[Element]:
    yield _own_text(words.VERDICT_SENTENCES[answer.verdict], weight="Bolder")
    if answer.cause:
        where = f" ({words.format_citation(answer.cause_citation)})" if answer.cause_citation else ""
        yield _untrusted_text(f"Cause: {answer.cause}{where}", longest)
    yield _untrusted_text(words.trust_sentence(answer), longest)
    step = words.first_safe(answer)
    if step is None:
        yield _own_text(words.NO_SAFE_STEP)
        return
    yield _untrusted_text(f"First safe step: {step.text}", longest, weight="Bolder")
    if step.command:
        command = words.multi_line(step.command, longest)
        runs = [_text_run(row or " ", fontType="Monospace") for row in command.splitlines()]
        yield from ({"type": "RichTextBlock", "inlines": [run], "spacing": "None"} for run in runs)
    yield _untrusted_text(words.step_note(step), longest, isSubtle=True)


def _own_text(text: str, **style: Any) -> Element:
    """Return a block of our own words, where Markdown is interpreted."""
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _untrusted_text(text: str, longest: int, **style: Any) -> Element:
    """Return untrusted text, shown literally."""
    return {
        "type": "RichTextBlock",
        "inlines": [_text_run(words.defang_links(words.single_line(text, longest)), **style)],
    }


def _text_run(text: str, **style: Any) -> Element:
    return {"type": "TextRun", "text": text, **style}
