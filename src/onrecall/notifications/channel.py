"""What a channel is: something that puts news into words of its medium, and carries them there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from onrecall.domain.alert import AlertLink
from onrecall.domain.incident import Incident, Recommendation
from onrecall.domain.suggestion import Suggestion

Kind = Literal["opened", "changed", "resolved", "reopened", "merged"]
Thread = Mapping[str, Any]
"""What a channel remembered of what it sent about one incident; empty before the first."""


class PermanentDeliveryError(Exception):
    """The other side will not take it, however often it is tried: a dead letter, with the reason."""


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """An update of an incident. Each message repeats the full state, so only the newest pending one is sent."""

    kind: Kind
    incident: str
    seq: int
    """The number of the event that it comes from."""
    at: datetime
    by: str | None = None
    changes: tuple[str, ...] = ()
    """What is different from what was told before, in sentences that may quote untrusted text."""
    into: str | None = None
    """The incident that this one was merged into."""
    suggestions: tuple[Suggestion, ...] = ()
    """What senders say fixed it and nobody confirmed, the newest first."""
    alert_links: tuple[AlertLink, ...] = ()
    """Where the senders of its alerts say that people can look; untrusted, and only http or https."""


@dataclass(frozen=True, slots=True)
class Message:
    """News as its medium takes it."""

    body: Mapping[str, Any]
    """JSON; kept, so that every try sends the same."""
    key: str = ""
    """The same at each try of the same delivery: who has it already may drop it."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """It is there."""

    remote: Thread = field(default_factory=dict)
    """What to remember for the next message about this incident; put in place of what was remembered."""


class Channel(Protocol):
    """One way out. `render` is pure; `send` takes bounded time, and no two processes call it at once."""

    @property
    def name(self) -> str:
        """What its deliveries are kept under; another name is another channel, which has told nothing yet."""

    def render(
        self, incident: Incident, recommendation: Recommendation | None, event: IncidentUpdate, thread: Thread
    ) -> Message | None:
        """Put it into words; None when there is nothing to tell here."""

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Carry it there, or raise Unavailable (it is tried again, not before `retry_after`) or Refused (it is not)."""
