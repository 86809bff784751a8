"""Slack: one message for each incident that always tells its state, and its thread; or, by a webhook, a message for
each news.

Slack has no idempotency keys. What says whose a message is stands in its metadata, and it is looked for before anything
is posted, so that a process which died between posting and remembering leaves no second message behind.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Recommendation
from onrecall.notifications.channel import IncidentUpdate, Message, SentMessage, Thread
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import JsonPoster
from onrecall.notifications.links import Links
from onrecall.notifications.notice import Notice, NoticeKind
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack.api import Api, Deadline, SlackApiRejected
from onrecall.notifications.slack.blocks import fitted

WEBHOOK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
EVENT = "onrecall_incident"
SECONDS = 25.0
"""For all calls of one delivery."""
PAGE = 200
MOST_PAGES = 10
EARLIER = timedelta(hours=1)
"""A message may be older than its news by so much, as clocks and superseded deliveries go."""
GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})
PLAIN: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "mrkdwn": False}


@dataclass(frozen=True, slots=True)
class ChannelRouting:
    """Which channel hears of which incident."""

    channel: str
    by_service: Mapping[str, str] = field(default_factory=dict)
    by_severity: Mapping[str, str] = field(default_factory=dict)

    def of(self, incident: Incident) -> str:
        """That of its service, or else of its severity, or else the one for all."""
        for_severity = self.by_severity.get(incident.severity, self.channel)
        return self.by_service.get(incident.service or "", for_severity)


@dataclass(frozen=True, slots=True)
class SlackBot:
    """An app with a bot: posts once for an incident, then changes what it posted, and tells the rest in the thread."""

    api: Api
    rooms: ChannelRouting
    links: Links
    name: str = "slack"
    notice_kind: NoticeKind = "slack"

    def render_notice(self, notice: Notice) -> Message:
        """The notice as a message of its own in the channel for all; its metadata tells that it is there already."""
        return Message(
            {
                "channel": self.rooms.channel,
                "incident": notice.id,
                "since": _stamp(notice.at - EARLIER),
                "root": slack_message.notice(notice),
                "news": None,
                "answer": None,
                "details": [],
            }
        )

    def render(
        self, incident: Incident, recommendation: Recommendation | None, event: IncidentUpdate, thread: Thread
    ) -> Message:
        """The root message as it is to be from now on, and what is to be said in its thread."""
        answer = recommendation if incident.status != "resolved" and not event.into else None
        since = min(incident.started_at, event.at) - EARLIER
        return Message(
            {
                "channel": thread.get("channel") or self.rooms.of(incident),
                "incident": incident.id,
                "seq": event.seq,
                "since": _stamp(max(since, event.at - timedelta(days=7))),
                "root": slack_message.root(incident, recommendation, event, self.links),
                "news": None if event.kind == "opened" else slack_message.reply(incident, event),
                "answer": answer.id if answer else None,
                "details": slack_message.details(answer, incident.id) if answer else [],
            }
        )

    def send(self, message: Message, thread: Thread) -> SentMessage:
        """Bring the root message up to date and the thread, whatever of it is there already."""
        delivery = _Delivery(self.api, message.body, Deadline(SECONDS))
        channel, ts, fresh = delivery.root(thread)
        delivery.replies(channel, ts, thread, fresh=fresh)
        answer = message.body["answer"] or thread.get("answer")
        return SentMessage({"channel": channel, "ts": ts, "answer": answer})


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery on its way."""

    api: Api
    body: Mapping[str, Any]
    deadline: Deadline

    def root(self, thread: Thread) -> tuple[str, str, bool]:
        """Where the root message is, and whether it was posted just now."""
        known = (thread["channel"], thread["ts"]) if thread.get("ts") else self._found(self.body["channel"])
        if known is not None:
            try:
                self.api.call("chat.update", self.deadline, channel=known[0], ts=known[1], **self._root())
            except SlackApiRejected as error:
                if error.code not in GONE:
                    raise
            else:
                return known[0], known[1], False
        posted = self._post(self.body["channel"], **self._root(), **PLAIN)
        return posted["channel"], posted["ts"], True

    def replies(self, channel: str, ts: str, thread: Thread, *, fresh: bool) -> None:
        """What the thread lacks of this delivery."""
        wanted = list(self._wanted(thread))
        there = set() if fresh or not wanted else {_payload(one).get("part") for one in self._in_thread(channel, ts)}
        for part, said in wanted:
            if part not in there:
                self._post(channel, thread_ts=ts, metadata=self._metadata(part), **said, **PLAIN)

    def _wanted(self, thread: Thread) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self.body["news"]:
            yield f"{self.body['seq']}:news", self.body["news"]
        if self.body["answer"] == thread.get("answer"):
            return
        for n, said in enumerate(self.body["details"]):
            yield f"{self.body['answer']}:{n}", said

    def _root(self) -> Mapping[str, Any]:
        return {**self.body["root"], "metadata": self._metadata("root")}

    def _metadata(self, part: str) -> Mapping[str, Any]:
        return {"event_type": EVENT, "event_payload": {"incident": self.body["incident"], "part": part}}

    def _post(self, channel: str, **said: Any) -> Mapping[str, Any]:
        self.api.wait_turn(channel, self.deadline)
        return self.api.call("chat.postMessage", self.deadline, channel=channel, **said)

    def _found(self, channel: str) -> tuple[str, str] | None:
        """Find a root message posted by a process that crashed before storing its timestamp."""
        for one in self._pages("conversations.history", channel=channel, oldest=self.body["since"]):
            said = _payload(one)
            if said.get("incident") == self.body["incident"] and said.get("part") == "root" and self._ours(one):
                return channel, str(one["ts"])
        return None

    def _in_thread(self, channel: str, ts: str) -> Iterator[Mapping[str, Any]]:
        mine = self._pages("conversations.replies", channel=channel, ts=ts)
        return (one for one in mine if _payload(one).get("incident") == self.body["incident"] and self._ours(one))

    def _ours(self, message: Mapping[str, Any]) -> bool:
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
    """An incoming webhook: each news is a message of its own, for it can neither be changed nor has it a thread."""

    post: JsonPoster
    links: Links
    name: str = "slack-webhook"
    notice_kind: NoticeKind = "slack"

    def render_notice(self, notice: Notice) -> Message:
        """The notice as a message."""
        return Message(slack_message.notice(notice))

    def render(
        self,
        incident: Incident,
        recommendation: Recommendation | None,
        event: IncidentUpdate,
        thread: Thread,  # noqa: ARG002 - each message stands for itself
    ) -> Message:
        """The incident as it stands; without buttons, for nobody hears them."""
        told = slack_message.root(incident, recommendation, event, self.links, quiet=True)
        if event.kind != "changed":
            return Message(told)
        changed: Sequence[Any] = slack_message.reply(incident, event)["blocks"]
        return Message({**told, "blocks": fitted([*changed, *told["blocks"]])})

    def send(self, message: Message, thread: Thread) -> SentMessage:  # noqa: ARG002
        """Post it; whether one whose answer was lost arrived can't be found out, so it may come twice."""
        body = json.dumps({**message.body, **PLAIN}, ensure_ascii=False, separators=(",", ":")).encode()
        self.post(body, {"content-type": "application/json; charset=utf-8"})
        return SentMessage()


def check_webhook(guard: EgressGuard, url: str) -> JsonPoster:
    """Where to post: Slack's own host over TLS, or one that an operator named."""
    parsed = guard.check_url(url)
    if not guard.names_host(parsed.host):
        if parsed.host.lower() not in WEBHOOK_HOSTS:
            raise Invalid(f"{parsed.host} is not a host of Slack's webhooks ({', '.join(sorted(WEBHOOK_HOSTS))})")
        if parsed.scheme != "https":
            raise Invalid("begins not with https://")
    return JsonPoster(guard, parsed)


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload") or {} if metadata.get("event_type") == EVENT else {}


def _stamp(at: datetime) -> str:
    return f"{at.timestamp():.6f}"
