"""The channel protocol: a channel renders incident updates for its medium and sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from onrecall.domain.alert import AlertLink
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.suggestion import Suggestion

Kind = Literal["opened", "changed", "resolved", "reopened", "merged"]
Thread = Mapping[str, Any]
"""State that a channel stores about its messages on one incident; empty before the first."""


class PermanentDeliveryError(Exception):
    """The receiver permanently rejects a message; it is dead-lettered with the reason."""


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """An update of an incident. Each message repeats the full state, so only the newest pending one is sent."""

    kind: Kind
    incident: str
    seq: int
    """Sequence number of the event it comes from."""
    at: datetime
    by: str | None = None
    changes: tuple[str, ...] = ()
    """Changes since the last delivered message, as sentences that may quote untrusted text."""
    into: str | None = None
    """The incident this one was merged into."""
    suggestions: tuple[Suggestion, ...] = ()
    """Unconfirmed resolutions suggested by alert sources, newest first."""
    alert_links: tuple[AlertLink, ...] = ()
    """Links from the alerts' sources; untrusted, http or https only."""


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered message."""

    body: Mapping[str, Any]
    """JSON; stored, so that every attempt sends the same."""
    key: str = ""
    """Idempotency key, the same for each attempt of a delivery."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """The result of a successful delivery."""

    remote: Thread = field(default_factory=dict)
    """Thread state for the next message about this incident; replaces the previous one."""


class Channel(Protocol):
    """A delivery channel. `render` is pure; `send` takes bounded time and is never called concurrently."""

    @property
    def name(self) -> str:
        """Identifies the channel's deliveries; a renamed channel starts without any history."""

    def render(
        self, incident: Incident, recommendation: Recommendation | None, event: IncidentUpdate, thread: Thread
    ) -> Message | None:
        """Render the update; None if this channel sends nothing for it."""

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Send it; raise Unavailable to retry after `retry_after`, PermanentDeliveryError to give up."""
