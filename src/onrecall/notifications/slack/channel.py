"""Slack: one message per incident that shows its current state, and its thread; or, by webhook, one message per update.

Slack has no idempotency keys. Messages are identified by metadata, which is searched before posting, so that a process
that died between posting and storing the result causes no duplicate.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.notifications.channel import IncidentUpdate, Message, SentMessage, Thread
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import JsonPoster
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeKind
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack.api import Api, Deadline, SlackApiRejected
from onrecall.notifications.slack.block_kit import fit_to_limits

WEBHOOK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
EVENT = "onrecall_incident"
SECONDS = 25.0
"""Time limit for all calls of one delivery."""
PAGE = 200
MOST_PAGES = 10
CLOCK_TOLERANCE = timedelta(hours=1)
"""How much older than its update a message may be, because of clock skew and superseded deliveries."""
MESSAGE_GONE_CODES = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})
PLAIN_OPTIONS: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False}


@dataclass(frozen=True, slots=True)
class ChannelRouting:
    """Selects the channel for an incident."""

    channel: str
    by_service: Mapping[str, str] = field(default_factory=dict)
    by_severity: Mapping[str, str] = field(default_factory=dict)

    def channel_for(self, incident: Incident) -> str:
        """Return the channel of its service, else of its severity, else the default."""
        for_severity = self.by_severity.get(incident.severity, self.channel)
        return self.by_service.get(incident.service or "", for_severity)


@dataclass(frozen=True, slots=True)
class SlackBot:
    """A bot that posts once per incident, then updates the message and replies in its thread."""

    api: Api
    routing: ChannelRouting
    links: Links
    name: str = "slack"
    notice_kind: NoticeKind = "slack"

    def render_notice(self, notice: Notice) -> Message:
        """Render a notice as a message in the default channel, identified by its metadata."""
        return Message(
            {
                "channel": self.routing.channel,
                "incident": notice.id,
                "since": _slack_timestamp(notice.at - CLOCK_TOLERANCE),
                "root": slack_message.notice_message(notice),
                "news": None,
                "answer": None,
                "details": [],
            }
        )

    def render(
        self, incident: Incident, recommendation: Recommendation | None, event: IncidentUpdate, thread: Thread
    ) -> Message:
        """Render the new root message and the replies for its thread."""
        answer = recommendation if incident.status != "resolved" and not event.into else None
        since = min(incident.started_at, event.at) - CLOCK_TOLERANCE
        return Message(
            {
                "channel": thread.get("channel") or self.routing.channel_for(incident),
                "incident": incident.id,
                "seq": event.seq,
                "since": _slack_timestamp(max(since, event.at - timedelta(days=7))),
                "root": slack_message.root_message(incident, recommendation, event, self.links),
                "news": None if event.kind == "opened" else slack_message.reply_message(incident, event),
                "answer": answer.id if answer else None,
                "details": slack_message.detail_messages(answer, incident.id) if answer else [],
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Update the root message and add missing replies; idempotent."""
        delivery = _Delivery(self.api, message.body, Deadline(SECONDS))
        channel, ts, fresh = delivery.root(thread)
        delivery.replies(channel, ts, thread, fresh=fresh)
        answer = message.body["answer"] or thread.get("answer")
        return SentMessage({"channel": channel, "ts": ts, "answer": answer})


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery in progress."""

    api: Api
    body: Mapping[str, Any]
    deadline: Deadline

    def root(self, thread: Thread) -> tuple[str, str, bool]:
        """Update or post the root message; return channel, timestamp and whether it was just posted."""
        position = (thread["channel"], thread["ts"]) if thread.get("ts") else self._find_root(self.body["channel"])
        if position is not None:
            try:
                self.api.call("chat.update", self.deadline, channel=position[0], ts=position[1], **self._root_content())
            except SlackApiRejected as error:
                if error.code not in MESSAGE_GONE_CODES:
                    raise
            else:
                return position[0], position[1], False
        posted = self._post(self.body["channel"], **self._root_content(), **PLAIN_OPTIONS)
        return posted["channel"], posted["ts"], True

    def replies(self, channel: str, ts: str, thread: Thread, *, fresh: bool) -> None:
        """Post the replies of this delivery that the thread lacks."""
        pending = list(self._pending_replies(thread))
        posted_parts = (
            set() if fresh or not pending else {_payload(reply).get("part") for reply in self._in_thread(channel, ts)}
        )
        for part, content in pending:
            if part not in posted_parts:
                self._post(channel, thread_ts=ts, metadata=self._metadata(part), **content, **PLAIN_OPTIONS)

    def _pending_replies(self, thread: Thread) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self.body["news"]:
            yield f"{self.body['seq']}:news", self.body["news"]
        if self.body["answer"] == thread.get("answer"):
            return
        for number, content in enumerate(self.body["details"]):
            yield f"{self.body['answer']}:{number}", content

    def _root_content(self) -> Mapping[str, Any]:
        return {**self.body["root"], "metadata": self._metadata("root")}

    def _metadata(self, part: str) -> Mapping[str, Any]:
        return {"event_type": EVENT, "event_payload": {"incident": self.body["incident"], "part": part}}

    def _post(self, channel: str, **content: Any) -> Mapping[str, Any]:
        self.api.wait_turn(channel, self.deadline)
        return self.api.call("chat.postMessage", self.deadline, channel=channel, **content)

    def _find_root(self, channel: str) -> tuple[str, str] | None:
        """Find a root message posted by a process that crashed before storing its timestamp."""
        for message in self._pages("conversations.history", channel=channel, oldest=self.body["since"]):
            payload = _payload(message)
            if (
                payload.get("incident") == self.body["incident"]
                and payload.get("part") == "root"
                and self._is_ours(message)
            ):
                return channel, str(message["ts"])
        return None

    def _in_thread(self, channel: str, ts: str) -> Iterator[Mapping[str, Any]]:
        replies = self._pages("conversations.replies", channel=channel, ts=ts)
        return (
            reply
            for reply in replies
            if _payload(reply).get("incident") == self.body["incident"] and self._is_ours(reply)
        )

    def _is_ours(self, message: Mapping[str, Any]) -> bool:
        return message.get("bot_id") == self.api.bot(self.deadline)

    def _pages(self, method: str, **where: str) -> Iterator[Mapping[str, Any]]:
        cursor: Mapping[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = self.api.ask(method, self.deadline, include_all_metadata=True, limit=PAGE, **where, **cursor)
            yield from answer.get("messages", ())
            following = (answer.get("response_metadata") or {}).get("next_cursor")
            if not following:
                return
            cursor = {"cursor": following}


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """An incoming webhook: each update is a separate message, since it has no updates and threads."""

    post: JsonPoster
    links: Links
    name: str = "slack-webhook"
    notice_kind: NoticeKind = "slack"

    def render_notice(self, notice: Notice) -> Message:
        """Render a notice as a message."""
        return Message(slack_message.notice_message(notice))

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002 - each message stands for itself
    ) -> Message:
        """Render the current state; without buttons, since webhooks receive no clicks."""
        content = slack_message.root_message(incident, recommendation, event, self.links, quiet=True)
        if event.kind != "changed":
            return Message(content)
        changed: Sequence[Any] = slack_message.reply_message(incident, event)["blocks"]
        return Message({**content, "blocks": fit_to_limits([*changed, *content["blocks"]])})

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Post the message; if a response is lost, a retry may duplicate it."""
        body = json.dumps({**message.body, **PLAIN_OPTIONS}, ensure_ascii=False, separators=(",", ":")).encode()
        self.post(body, {"content-type": "application/json; charset=utf-8"})
        return SentMessage()


def check_webhook(guard: EgressGuard, url: str) -> JsonPoster:
    """Check the webhook URL: Slack's host over https, or a host allowed by the operator."""
    parsed = guard.check_url(url)
    if not guard.names_host(parsed.host):
        if parsed.host.lower() not in WEBHOOK_HOSTS:
            raise Invalid(f"{parsed.host} is not a host of Slack's webhooks ({', '.join(sorted(WEBHOOK_HOSTS))})")
        if parsed.scheme != "https":
            raise Invalid("does not begin with https://")
    return JsonPoster(guard, parsed)


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload") or {} if metadata.get("event_type") == EVENT else {}


def _slack_timestamp(at: datetime) -> str:
    return f"{at.timestamp():.6f}"
