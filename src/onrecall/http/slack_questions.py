"""Questions in Slack: the command, mentions of the app, and messages to it. Asking stores nothing."""

import html
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from onrecall.domain.errors import OnRecallError
from onrecall.domain.situation import make_situation
from onrecall.http.slack_app import SlackApp
from onrecall.notifications import PermanentDeliveryError
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack.api import Deadline
from onrecall.notifications.slack.channel import PLAIN_OPTIONS
from onrecall.pipeline import IncidentService

MAX_QUESTION = 4000
MAX_REMEMBERED_EVENTS = 1000
MAX_PROMPTS, MAX_PROMPT_TITLE, MAX_PROMPT = 4, 70, 1000
"""How many prompts Slack shows, and how many characters of each are sent."""
ANSWER = "onrecall_answer"
USAGE = "Describe the problem, or paste an alert or log lines: /recall checkout answers 502 since the deploy"
PROMPTS_TITLE = "Describe the problem, paste an alert or log lines, or ask about an open incident"
EXAMPLE_PROMPT = "checkout answers 502 since the deploy"
STATUS = "is looking for similar incidents …"
_MENTION = re.compile(r"<@[A-Z0-9]+(\|[^>]*)?>")

log = logging.getLogger(__name__)


class SlackQuestions:
    """Answers questions from Slack, each once, however often Slack repeats it."""

    def __init__(self, memory: IncidentService, app: SlackApp) -> None:
        self._memory = memory
        self._app = app
        self._events: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, text: str) -> slack_message.MessageContent:
        """Answer a question; nothing is stored."""
        question = html.unescape(_MENTION.sub(" ", text)).strip()[:MAX_QUESTION]
        if not question:
            return {"text": USAGE}
        try:
            return slack_message.answer_message(self._memory.ask(make_situation(question)), self._app.links)
        except OnRecallError as error:
            return {"text": block_kit.fallback(f"No answer: {error}")}

    def handle_event(self, envelope: Mapping[str, Any], *, again: bool) -> None:
        """Answer a mention or a message to the app in its thread; suggest prompts where a conversation begins.

        `again` says that Slack repeats the event, so an earlier process may have answered it. Other events are ignored.
        """
        event, event_id = envelope.get("event") or {}, str(envelope.get("event_id"))
        kind = _kind(event)
        if kind is None or not self._is_first(event_id):
            return
        answered = False
        try:
            self._app.require_own_workspace(
                {"team": {"id": envelope.get("team_id")}, "user": {"team_id": event.get("user_team")}}
            )
            if kind == "conversation":
                self._suggest_prompts(event["assistant_thread"])
            else:
                self._reply(event, event_id, again=again, is_direct=kind == "direct message")
            answered = True
        finally:
            if not answered:
                self._forget(event_id)

    def _suggest_prompts(self, thread: Mapping[str, Any]) -> None:
        """Offer the newest open incidents as questions, or an example where none is open."""
        incidents = self._memory.store.incidents.page("unresolved", limit=MAX_PROMPTS).items
        prompts = [
            {
                "title": block_kit.safe_line(f"{incident.id}: {incident.title}", MAX_PROMPT_TITLE),
                "message": block_kit.fallback(incident.text, MAX_PROMPT),
            }
            for incident in incidents
        ]
        self._app.require_api().call(
            "assistant.threads.setSuggestedPrompts",
            Deadline(20),
            channel_id=str(thread["channel_id"]),
            thread_ts=str(thread["thread_ts"]),
            title=PROMPTS_TITLE,
            prompts=prompts or [{"title": EXAMPLE_PROMPT, "message": EXAMPLE_PROMPT}],
        )

    def _reply(self, event: Mapping[str, Any], event_id: str, *, again: bool, is_direct: bool) -> None:
        api, deadline = self._app.require_api(), Deadline(20)
        channel, thread = str(event["channel"]), str(event.get("thread_ts") or event["ts"])
        if again and self._is_answered(channel, thread, event_id, deadline):
            return
        if is_direct:
            self._show_status(channel, thread, deadline)
        metadata = {"event_type": ANSWER, "event_payload": {"event": event_id}}
        answer = self.ask(str(event.get("text", "")))
        api.wait_turn(channel, deadline)
        api.call(
            "chat.postMessage",
            deadline,
            channel=channel,
            thread_ts=thread,
            metadata=metadata,
            **answer,
            **PLAIN_OPTIONS,
        )

    def _show_status(self, channel: str, thread: str, deadline: Deadline) -> None:
        """Say that an answer is under way; Slack removes it when the answer comes."""
        try:
            self._app.require_api().call(
                "assistant.threads.setStatus", deadline, channel_id=channel, thread_ts=thread, status=STATUS
            )
        except (OnRecallError, PermanentDeliveryError) as error:  # without the status the answer goes out all the same
            log.info("Slack shows no status: %s", error)

    def _is_answered(self, channel: str, thread: str, event_id: str, deadline: Deadline) -> bool:
        thread_replies = self._app.require_api().ask(
            "conversations.replies", deadline, channel=channel, ts=thread, limit=200, include_all_metadata=True
        )
        payloads = [
            (message.get("metadata") or {}).get("event_payload") or {} for message in thread_replies.get("messages", ())
        ]
        return any(payload.get("event") == event_id for payload in payloads)

    def _is_first(self, event_id: str) -> bool:
        with self._lock:
            if event_id in self._events:
                return False
            self._events[event_id] = None
            if len(self._events) > MAX_REMEMBERED_EVENTS:
                self._events.popitem(last=False)
            return True

    def _forget(self, event_id: str) -> None:
        """Forget an event, so that a retry counts."""
        with self._lock:
            self._events.pop(event_id, None)


def _kind(event: Mapping[str, Any]) -> str | None:
    """Return what an event asks for, or None for what a bot wrote, edits and everything else."""
    if event.get("type") == "assistant_thread_started":
        return "conversation"
    if event.get("bot_id") or event.get("subtype"):
        return None
    if event.get("type") == "message" and event.get("channel_type") == "im":
        return "direct message"
    return "mention" if event.get("type") == "app_mention" else None
