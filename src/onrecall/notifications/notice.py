"""A notice: a message that stands for itself and tells of no incident, such as a decision that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from onrecall.notifications.channel import Channel, Message

NoticeKind = Literal["slack", "email", "webhook"]
SETTING: Mapping[NoticeKind, str] = {
    "slack": "ONRECALL_SLACK_WEBHOOK_URL, or ONRECALL_SLACK_BOT_TOKEN and ONRECALL_SLACK_CHANNEL",
    "email": "ONRECALL_SMTP_HOST, ONRECALL_SMTP_FROM and ONRECALL_SMTP_TO",
    "webhook": "ONRECALL_WEBHOOK_URL",
}
"""What to set so that there is a channel for a kind of notice."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell. All of it may quote untrusted text; each channel makes it safe for its medium."""

    id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    """Pairs of a label, which may be empty, and what it says."""
    footnote: str
    at: datetime

    @property
    def text(self) -> str:
        """The facts as lines."""
        return "\n".join(f"{label}: {value}" if label else value for label, value in self.facts)


class NoticeChannel(Channel, Protocol):
    """A channel that takes notices as well."""

    @property
    def notice_kind(self) -> NoticeKind:
        """The kind of notices that go out here."""

    def render_notice(self, notice: Notice) -> Message:
        """Put a notice into words of the medium. Pure."""


def notice_channel(channel: object, kind: NoticeKind) -> NoticeChannel | None:
    """Return the channel as one that takes notices of this kind; None where it takes none."""
    return channel if getattr(channel, "notice_kind", None) == kind else None  # type: ignore[return-value]
