"""Notices: standalone messages that are not about an incident, such as a requested decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from onrecall.notifications.channel import Channel, Message

NoticeKind = Literal["slack", "email", "webhook"]
SETTINGS_BY_KIND: Mapping[NoticeKind, str] = {
    "slack": "ONRECALL_SLACK_WEBHOOK_URL, or ONRECALL_SLACK_BOT_TOKEN and ONRECALL_SLACK_CHANNEL",
    "email": "ONRECALL_SMTP_HOST, ONRECALL_SMTP_FROM and ONRECALL_SMTP_TO",
    "webhook": "ONRECALL_WEBHOOK_URL",
}
"""Notice kind → settings that configure a channel for it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The content of a notice. It may quote untrusted text; each channel sanitises it for its medium."""

    id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    """Pairs of label, which may be empty, and value."""
    footnote: str
    at: datetime

    @property
    def text(self) -> str:
        """Return the facts as lines."""
        return "\n".join(f"{label}: {value}" if label else value for label, value in self.facts)


class NoticeChannel(Channel, Protocol):
    """A channel that also sends notices."""

    @property
    def notice_kind(self) -> NoticeKind:
        """The kind of notices sent by this channel."""

    def render_notice(self, notice: Notice) -> Message:
        """Render a notice; pure."""


def notice_channel(channel: object, kind: NoticeKind) -> NoticeChannel | None:
    """Return the channel if it sends notices of this kind, else None."""
    return channel if getattr(channel, "notice_kind", None) == kind else None  # type: ignore[return-value]
