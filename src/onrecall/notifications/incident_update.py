"""Decide which events are worth a notification: first and changed answers, resolution, reopening; not every refresh."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.suggestion import Suggestion
from onrecall.notifications.channel import IncidentUpdate, Kind
from onrecall.notifications.text import VERDICT_SENTENCES, first_safe, truncate

QUOTED = 300
_NO_CAUSE = "no cause"
_NO_STEP = "no safe step"


@dataclass(frozen=True, slots=True)
class NotifiedState:
    """The last notified state of an incident, limited to what is compared for changes."""

    ended: bool = False
    """Whether it was resolved."""
    verdict: str | None = None
    """None if there was no answer yet."""
    cause: str | None = None
    cause_key: str | None = None
    """Identifies the cause independent of its wording."""
    step: str | None = None
    root_cause: str | None = None
    into: str | None = None
    suggested: str | None = None
    """Id of the suggestion shown last."""

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any] | None) -> "NotifiedState | None":
        """Restore from JSON; fields that an older version did not write get their defaults."""
        return None if plain is None else cls(**{name: plain[name] for name in cls.__slots__ if name in plain})


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """The parts of a feed event that matter here."""

    seq: int
    type: str
    at: datetime
    by: str | None
    detail: Mapping[str, Any]


def current_state(
    incident: Incident,
    answer: Recommendation | None,
    into: str | None = None,
    suggestions: Sequence[Suggestion] = (),
) -> NotifiedState:
    """Return the current state of an incident."""
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


def build_update(
    incident: Incident,
    answer: Recommendation | None,
    event: FeedEvent,
    last: NotifiedState | None,
    sent: NotifiedState | None,
    suggestions: Sequence[Suggestion] = (),
) -> IncidentUpdate | None:
    """Return the update for an event compared to the `last` state, or None. `sent` is the last delivered state, from
    which changes are computed. Imported history and the end of unreported incidents are not notified.
    """
    current = current_state(incident, answer, suggestions=suggestions)
    kind = None if event.detail.get("imported") else _kind(event, current, last)
    if kind is None:
        return None
    if sent is None and kind in ("changed", "reopened"):
        kind = "opened"  # nobody heard of it before
    into = event.detail.get("into") if kind == "merged" else None
    current = current_state(incident, answer, into)
    changes = tuple(_changes(sent, current)) if sent is not None else ()
    return IncidentUpdate(kind, incident.id, event.seq, event.at, event.by, changes, into, tuple(suggestions))


def _kind(event: FeedEvent, current: NotifiedState, last: NotifiedState | None) -> Kind | None:
    if event.type == "recommended":
        return _answer_kind(current, last)
    if last is None:
        return None
    if event.type == "reopened":
        return "reopened" if last.ended and not current.ended else None
    if event.type == "merged":
        return "merged" if event.detail.get("into") and last.into is None else None
    if event.type in ("resolved", "suggested", "dismissed") and current.ended and last.into is None:
        return _end_kind(current, last)
    return None


def _end_kind(current: NotifiedState, last: NotifiedState | None) -> Kind | None:
    unchanged = last is not None and (last.ended, last.root_cause, last.suggested) == (
        True,
        current.root_cause,
        current.suggested,
    )
    return None if unchanged else "resolved"


def _answer_kind(current: NotifiedState, last: NotifiedState | None) -> Kind | None:
    if current.ended:
        return _end_kind(current, last)  # an answer to what is over is no news, but its end may be
    if last is None or last.verdict is None:
        return "opened"
    unchanged = (last.verdict, last.cause_key, last.step) == (current.verdict, current.cause_key, current.step)
    return None if unchanged else "changed"


def _changes(sent: NotifiedState, current: NotifiedState) -> Iterator[str]:
    if sent.ended != current.ended:
        yield "it is over" if current.ended else "it is open again"
    if sent.verdict != current.verdict:
        yield f"verdict: {_verdict(sent.verdict)} → {_verdict(current.verdict)}"
    if sent.cause_key != current.cause_key:
        yield f"cause: {_quoted(sent.cause, _NO_CAUSE)} → {_quoted(current.cause, _NO_CAUSE)}"
    if sent.step != current.step:
        yield f"first safe step: {_quoted(sent.step, _NO_STEP)} → {_quoted(current.step, _NO_STEP)}"
    if current.root_cause is not None and sent.root_cause != current.root_cause:
        yield f"what was wrong: {_quoted(current.root_cause, '')}"


def _verdict(name: str | None) -> str:
    words = next((words for verdict, words in VERDICT_SENTENCES.items() if verdict == name), "none yet")
    return words.partition(":")[0].lower()


def _quoted(value: str | None, missing: str) -> str:
    return missing if value is None else f"“{truncate(value, QUOTED)}”"
