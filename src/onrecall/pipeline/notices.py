"""Notices: a decision that was asked for becomes one for Slack, and people may post their own."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.incident import Recommendation
from onrecall.notifications import Channel, Notice, NoticeChannel, NoticeKind, notice_channel
from onrecall.notifications.notice import SETTINGS_BY_KIND
from onrecall.notifications.text import confidence_sentence
from onrecall.recommendation.short_actions import action_line, matched_evidence
from onrecall.redaction import redact_model
from onrecall.storage import Storage
from onrecall.storage.notices import NewNotice, NoticePost, NoticeType, StoredNotice

CHANNEL_OF_TYPE: Mapping[NoticeType, NoticeKind] = {"slack": "slack", "email": "email", "webhook": "webhook"}
"""Types of notices that a channel sends; the others are only shown."""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice that somebody wants sent."""

    type: NoticeType
    title: str
    message: str
    target: str | None = None
    decision: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class NoticePoster:
    """Keeps notices that people post, and has each sent on the channel that is configured for its type."""

    def __init__(
        self, store: Storage, channels: Sequence[Channel], clock: Callable[[], datetime], *, personal: bool
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._personal = personal

    def post(self, request: NoticeRequest) -> StoredNotice:
        """Keep a notice and queue it. Nothing is sent to its `target`: only where an operator has configured a channel.

        Raises Invalid where it names a decision that does not exist.
        """
        clean = redact_model(request, personal=self._personal)
        now = self._clock()
        notice = Notice(f"ntf-{secrets.token_hex(8)}", clean.title, (("", clean.message),), "posted by hand", now)
        bodies, failed_reason = self._bodies(clean.type, notice)
        new = NewNotice(
            id=notice.id,
            type=clean.type,
            title=clean.title,
            message=clean.message,
            target=clean.target,
            decision=clean.decision,
            metadata=clean.metadata,
            failed_reason=failed_reason,
        )
        return self._store.outbox.enqueue_notice(NoticePost(new, bodies), now)

    def channel_names(self, kind: NoticeKind) -> frozenset[str]:
        """Return the names of the channels that send notices of this kind."""
        return frozenset(channel.name for channel in self._channels if notice_channel(channel, kind))

    def _bodies(self, kind: NoticeType, notice: Notice) -> tuple[Mapping[str, Mapping[str, Any]], str | None]:
        """The message by channel; what is shown to browsers and readers alone needs none."""
        sent = CHANNEL_OF_TYPE.get(kind)
        if sent is None:
            return {}, None
        channels = [noticing for channel in self._channels if (noticing := notice_channel(channel, sent))]
        if not channels:
            return {}, f"no channel for {kind} is configured; set {SETTINGS_BY_KIND[sent]}"
        return {channel.name: channel.render_notice(notice).body for channel in channels}, None


def decision_post(channel: NoticeChannel, answer: Recommendation) -> NoticePost:
    """Return the notice of a decision; the same decision has the same notice."""
    notice = decision_notice(answer)
    new = NewNotice(notice.id, channel.notice_kind, notice.title, notice.text, decision=answer.id)
    return NoticePost(new, {channel.name: channel.render_notice(notice).body})


def decision_notice(answer: Recommendation) -> Notice:
    """Return what is told of a decision: what it is about, what it matches, how far to trust it, and what to do."""
    matched = matched_evidence(answer)
    return Notice(
        id=f"ntf-{hashlib.sha256(answer.id.encode()).hexdigest()[:16]}",
        title=f"Incident Decision: {matched.id if matched else 'never seen'}",
        facts=(
            ("Symptom", (answer.asked or "").partition("\n")[0]),
            ("", confidence_sentence(answer.confidence, answer.confidence_reason)),
            ("Recommended action", action_line(answer)),
        ),
        footnote=f"{answer.latency_ms.total:.0f} ms · {answer.id}",
        at=answer.created_at,
    )
