"""What is worth telling: the first answer, another answer, the end, and what was not the end. Not every refresh."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident, Recommendation
from onrecall.domain.suggestion import Suggestion
from onrecall.notifications.channel import IncidentUpdate, Kind
from onrecall.notifications.text import VERDICT, first_safe

QUOTED = 300
_NO_CAUSE = "no cause"
_NO_STEP = "no safe step"


@dataclass(frozen=True, slots=True)
class NotifiedState:
    """What was said last about an incident, as far as a difference would be news."""

    ended: bool = False
    """Whether it was over."""
    verdict: str | None = None
    """None: there was no answer yet."""
    cause: str | None = None
    cause_key: str | None = None
    """What makes it the same cause in other words."""
    step: str | None = None
    root_cause: str | None = None
    into: str | None = None
    suggested: str | None = None
    """The suggestion that was shown last."""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any] | None) -> "NotifiedState | None":
        """Back from JSON; what an older version did not write is as if it had not been said."""
        return None if plain is None else cls(**{name: plain[name] for name in cls.__slots__ if name in plain})


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """What the feed says, as far as it matters here."""

    seq: int
    type: str
    at: datetime
    by: str | None
    detail: Mapping[str, Any]


def standing(
    incident: Incident,
    answer: Recommendation | None,
    into: str | None = None,
    suggestions: Sequence[Suggestion] = (),
) -> NotifiedState:
    """What can be said of an incident now."""
    step = first_safe(answer) if answer else None
    return NotifiedState(
        ended=incident.status == "resolved",
        verdict=answer.verdict if answer else None,
        cause=answer.cause if answer else None,
        cause_key=(answer.cause_label or answer.cause) if answer else None,
        step=(step.command or step.text) if step else None,
        root_cause=incident.resolution.root_cause if incident.resolution else None,
        into=into,
        suggested=suggestions[0].id if suggestions else None,
    )


def news(
    incident: Incident,
    answer: Recommendation | None,
    event: FeedEvent,
    last: NotifiedState | None,
    sent: NotifiedState | None,
    suggestions: Sequence[Suggestion] = (),
) -> IncidentUpdate | None:
    """What an event adds to what was told last; None: nothing. `sent` is what has really arrived, which differences
    are told from. Imported history is told to nobody, nor is the end of what nobody heard of.
    """
    now = standing(incident, answer, suggestions=suggestions)
    kind = None if event.detail.get("imported") else _kind(event, now, last)
    if kind is None:
        return None
    if sent is None and kind in ("changed", "reopened"):
        kind = "opened"  # nobody heard of it before
    into = event.detail.get("into") if kind == "merged" else None
    now = standing(incident, answer, into)
    changes = tuple(_changes(sent, now)) if sent is not None else ()
    return IncidentUpdate(kind, incident.id, event.seq, event.at, event.by, changes, into, tuple(suggestions))


def _kind(event: FeedEvent, now: NotifiedState, last: NotifiedState | None) -> Kind | None:
    if event.type == "recommended":
        return _answered(now, last)
    if last is None:
        return None
    if event.type == "reopened":
        return "reopened" if last.ended and not now.ended else None
    if event.type == "merged":
        return "merged" if event.detail.get("into") and last.into is None else None
    if event.type in ("resolved", "suggested", "dismissed") and now.ended and last.into is None:
        return _ended(now, last)
    return None


def _ended(now: NotifiedState, last: NotifiedState | None) -> Kind | None:
    same = last is not None and (last.ended, last.root_cause, last.suggested) == (True, now.root_cause, now.suggested)
    return None if same else "resolved"


def _answered(now: NotifiedState, last: NotifiedState | None) -> Kind | None:
    if now.ended:
        return _ended(now, last)  # an answer to what is over is no news, but its end may be
    if last is None or last.verdict is None:
        return "opened"
    same = (last.verdict, last.cause_key, last.step) == (now.verdict, now.cause_key, now.step)
    return None if same else "changed"


def _changes(sent: NotifiedState, now: NotifiedState) -> Iterator[str]:
    if sent.ended != now.ended:
        yield "it is over" if now.ended else "it is open again"
    if sent.verdict != now.verdict:
        yield f"verdict: {_verdict(sent.verdict)} → {_verdict(now.verdict)}"
    if sent.cause_key != now.cause_key:
        yield f"cause: {_short(sent.cause, _NO_CAUSE)} → {_short(now.cause, _NO_CAUSE)}"
    if sent.step != now.step:
        yield f"first safe step: {_short(sent.step, _NO_STEP)} → {_short(now.step, _NO_STEP)}"
    if now.root_cause is not None and sent.root_cause != now.root_cause:
        yield f"what was wrong: {_short(now.root_cause, '')}"


def _verdict(name: str | None) -> str:
    words = next((words for verdict, words in VERDICT.items() if verdict == name), "none yet")
    return words.partition(":")[0].lower()


def _short(value: str | None, missing: str) -> str:
    return missing if value is None else f"“{value[:QUOTED]}”"
