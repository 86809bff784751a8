"""Notices: decisions are posted to Slack, and people may post their own."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.recommendation import Recommendation
from onrecall.notifications import Channel, Notice, NoticeChannel, NoticeKind, notice_channel
from onrecall.notifications.notice import SETTINGS_BY_KIND
from onrecall.notifications.text import trust_sentence
from onrecall.recommendation.short_actions import action_line, matched_evidence
from onrecall.redaction import redact_model
from onrecall.storage import Storage
from onrecall.storage.notices import NewNotice, NoticePost, NoticeType, StoredNotice

CHANNEL_OF_TYPE: Mapping[NoticeType, NoticeKind] = {"slack": "slack", "email": "email", "webhook": "webhook"}
"""Notice types that a channel sends; the others are only displayed."""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """Request to post a notice."""

    type: NoticeType
    title: str
    message: str
    target: str | None = None
    decision: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class NoticePoster:
    """Stores notices that people post and queues each for the channels configured for its type."""

    def __init__(
        self, store: Storage, channels: Sequence[Channel], clock: Callable[[], datetime], *, personal: bool
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._personal = personal

    def post(self, request: NoticeRequest) -> StoredNotice:
        """Store a notice and queue it. It is sent only to configured channels, never to its `target`.

        Raises Invalid if it names a decision that does not exist.
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
        """Return the message per channel, or the reason why there is no channel for it."""
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
    """Return the notice of a decision: symptom, matched incident, confidence and recommended action."""
    matched = matched_evidence(answer)
    return Notice(
        id=f"ntf-{hashlib.sha256(answer.id.encode()).hexdigest()[:16]}",
        title=f"Incident Decision: {matched.id if matched else 'never seen'}",
        facts=(
            ("Symptom", (answer.asked or "").partition("\n")[0]),
            ("", trust_sentence(answer)),
            ("Recommended action", action_line(answer)),
        ),
        footnote=f"{answer.latency_ms.total:.0f} ms · {answer.id}",
        at=answer.created_at,
    )
