"""Find the incidents in the messages of a chat: the one that a channel was opened for, or one per thread.

A channel such as `inc-417-checkout` is one incident. In a channel for all of them, such as `incidents`, each thread is;
in other channels, each thread in which somebody states that the problem is resolved.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.importers.incident_builder import build_incident
from onrecall.importers.narrative import Comment
from onrecall.importers.record import FieldRecord
from onrecall.importers.states import state_of

LONGEST_TITLE = 160
NO_INCIDENT = "a channel without incidents: none of its threads says that something was resolved"
"""Why a channel gives no incident."""

ONE_INCIDENT = re.compile(
    r"(?:inc|incident|outage|sev\d?|p[0-3]|war-?room|major|emergency)[-_]?\w*\d|(?:inc|incident|outage|sev\d?|war-?room)[-_].+",
    re.IGNORECASE,
)
"""Names of channels opened for one incident."""
_MANY_INCIDENTS = re.compile(
    r"(?:.*[-_])?(?:incidents|outages|alerts|oncall|on-call|ops|sre|firefighting|status|emergencies)(?:[-_].*)?",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\b(?P<level>sev(?:erity)?[ -]?\d|p[0-5])\b", re.IGNORECASE)
_REACTIONS = r"(?:[^\w:]|:[\w+-]+:|:(?![\w+-]+:))*$"
"""What may follow a last word: punctuation and emoji."""
_OVER = re.compile(
    r"\b(?:(?:is|are|now|been|was|marked|all)\s+(?:now\s+|fully\s+)?(?:resolved|fixed|mitigated|recovered|closed)"
    r"|all[- ]clear|back to normal|(?:closing|resolving) (?:this|the|it)\b"
    r"|(?:incident|issue|problem|outage) (?:over|closed|resolved|fixed|solved))"
    r"|(?<!not )\b(?:works?|working|flows?|flowing|green|healthy|stable) again\b(?!\s*\?)"
    rf"|[,;.\u2013\u2014]\s*(?:it['\u2019]?s\s+)?(?:resolved|fixed|solved|mitigated|all good|all green){_REACTIONS}"
    r"|^[^\w\n]*(?:resolved|fixed|mitigated)\b"
    r"|\b(?:ist|sind|war) (?:wieder )?(?:behoben|gelöst)|\b(?:est|sont) résolus?\b|\b(?:está|quedó) resuelt[oa]\b"
    r"|\bproblema risolto\b|\b(?:is|zijn) opgelost\b|復旧しました|解決しました|已恢复|已解决",
    re.IGNORECASE | re.MULTILINE,
)
"""Phrases written when an incident ends."""
_LEAD = re.compile(r"^(?::[\w+-]+:|[\s*_>~•-])+")

Message = Mapping[str, Any]
"""A message with `thread` and `text`."""


def incidents_of_channel(name: str, messages: Sequence[Message]) -> Iterator[tuple[str, Sequence[Message]]]:
    """Yield id and messages of each incident in a channel, or its name with no messages if it has none."""
    threads: dict[str, list[Message]] = {}
    for message in messages:
        threads.setdefault(str(message["thread"]), []).append(message)
    several = {thread: part for thread, part in threads.items() if len(part) > 1}
    of_many = _MANY_INCIDENTS.fullmatch(name) is not None
    if not of_many:
        several = {thread: part for thread, part in several.items() if _any_reports_end(part)}
    if ONE_INCIDENT.fullmatch(name) or (not several and not of_many and _any_reports_end(messages)):
        yield name, messages
    elif not several:
        yield name, []
    else:
        yield from ((f"{name}-{thread}", part) for thread, part in several.items())


def _any_reports_end(messages: Sequence[Message]) -> bool:
    return any(reports_end(str(message.get("text") or "")) for message in messages)


def reports_end(text: str) -> bool:
    """Return whether a message reports that the incident is over."""
    return _OVER.search(text) is not None or state_of(text) == "fixed"


def build_chat_incident(
    record: FieldRecord, source: str, comments: Sequence[Comment], *, channel: str, subject: str | None
) -> Incident:
    """Build the incident, from the first message to the last one that reports its end.

    Args:
        record: The row, whose `id` is that of the incident.
        source: The chat.
        comments: The messages, oldest first.
        channel: Its name.
        subject: What the channel or the thread is called, if more than its first message.
    """
    first = comments[0] if comments else None
    ended = next((comment for comment in reversed(comments) if reports_end(comment.text)), None)
    words = f"{channel} {subject or ''} {first.text if first else ''}".replace("_", " ")
    level = _LEVEL.search(words)
    return build_incident(
        record,
        source=source,
        id=record.text("id"),
        title=subject or (title_of(first.text) if first else None),
        description=first.text if first else None,
        started_at=first.at if first else None,
        resolved_at=ended.at if ended else None,
        level=level["level"] if level else None,
        state="resolved" if ended else "open",
        labels={"channel": channel},
        comments=comments[: comments.index(ended) + 1] if ended else comments,
    )


def title_of(text: str) -> str | None:
    """Return the first line of a message without its marks."""
    line = next((title for line in text.splitlines() if (title := _LEAD.sub("", line).strip("*_ "))), "")
    return (line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…") or None
