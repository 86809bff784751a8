"""Actions in Slack: vote on answers and steps, resolve, ask. The signature is the key, the user's id the name."""

import html
import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from onrecall.domain.errors import Forbidden, Invalid, OnRecallError, Unavailable
from onrecall.domain.incident import Recommendation, RecommendationOutcome
from onrecall.domain.situation import make_situation
from onrecall.http.slack_votes import StepVote, merge_vote
from onrecall.notifications import Links, PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.slack import blocks as slack_blocks
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack import modal as slack_modal
from onrecall.notifications.slack.api import Api, Deadline
from onrecall.notifications.slack.channel import PLAIN_OPTIONS, check_webhook
from onrecall.pipeline import IncidentService
from onrecall.sources import WebhookRequest
from onrecall.sources.signatures import check_timestamp, require_header, split_versions, verify_hmac

LONGEST_QUESTION = 4000
MAX_REMEMBERED_EVENTS = 1000
ANSWER = "onrecall_answer"
USAGE = "Describe the problem, or paste an alert or log lines: /recall checkout answers 502 since the deploy"
_USER = re.compile(r"[A-Z0-9]{2,32}", re.ASCII)
_MENTION = re.compile(r"<@[A-Z0-9]+(\|[^>]*)?>")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The app in Slack as an operator configured it."""

    secret: str | None = None
    """Slack's signing secret; without it no request from Slack is accepted."""
    api: Api | None = None
    guard: EgressGuard = field(default_factory=EgressGuard)
    links: Links = field(default_factory=Links)

    def verify(self, delivery: WebhookRequest, now: datetime) -> None:
        """Raise Forbidden unless Slack signed exactly this, just now."""
        if not self.secret:
            raise Forbidden("no signing secret for Slack is set; set ONRECALL_SLACK_SIGNING_SECRET")
        stamp = require_header(delivery, "X-Slack-Request-Timestamp")
        check_timestamp(stamp, now)
        offered = split_versions(require_header(delivery, "X-Slack-Signature"), "v0=")
        verify_hmac(b"v0:" + stamp.encode() + b":" + delivery.body, offered, (self.secret,))


class SlackActions:
    """Carries out actions from Slack. Idempotent."""

    def __init__(self, memory: IncidentService, app: SlackApp) -> None:
        self._memory = memory
        self._app = app
        self._vote_lock = threading.Lock()
        self._events: OrderedDict[str, None] = OrderedDict()
        self._events_lock = threading.Lock()

    # buttons and the modal

    def interact(self, payload: Mapping[str, Any], later: Callable[[Callable[[], None]], None]) -> Mapping[str, Any]:
        """Handle a button or a modal, and return the response; `later` runs a job after it is sent."""
        _require_own_workspace(payload)
        user = _user_name(payload.get("user"))
        match payload.get("type"):
            case "view_submission":
                return self._resolve(payload["view"], user)
            case "block_actions":
                for action in payload.get("actions") or ():
                    if reply := self._act(action, payload, user):
                        later(lambda reply=reply: self.reply_privately(payload, {"text": slack_blocks.fallback(reply)}))  # type: ignore[misc]
        return {}

    def _act(self, action: Mapping[str, Any], payload: Mapping[str, Any], user: str) -> str | None:
        name = str(action.get("action_id"))
        try:
            if name == "resolve":
                self._open(json.loads(action["value"])["i"], str(payload["trigger_id"]))
            elif name in DECISIONS:
                return self._decide(str(json.loads(action["value"])["s"]), name, user)
            elif name in MARKS:
                return self._record_vote(
                    json.loads(action["value"]), name, _press_time(action.get("action_ts"), self._memory), user
                )
        except (OnRecallError, PermanentDeliveryError) as error:
            return f"That was not stored: {error}"
        return None

    def _record_vote(self, about: Mapping[str, Any], name: str, at: datetime, user: str) -> str:
        step = about.get("n")
        vote = StepVote(str(about["r"]), MARKS[name], step, at, user)
        with self._vote_lock:  # what one person says of several steps is one outcome, read and written as a whole
            earlier = [
                outcome
                for outcome in self._memory.store.outcomes.of_recommendation(vote.recommendation)
                if outcome.by == user
            ]
            outcome = merge_vote(vote, earlier[0] if earlier else None)
            if outcome is not None:
                self._memory.rate(outcome)
        subject = "the answer" if step is None else f"step {step}"
        return f"Recorded: {subject} {'helped' if MARKS[name] else 'did not help'}. You can change this later."

    def _decide(self, suggestion_id: str, name: str, user: str) -> str:
        """Confirm or dismiss a suggestion under the user's name in Slack."""
        if name == "confirm_suggestion":
            confirmed = self._memory.suggestions.confirm(suggestion_id, user)
            return f"Confirmed: it is now the resolution of {confirmed.incident}, in your name."
        dismissed = self._memory.suggestions.dismiss(suggestion_id, user)
        return f"Dismissed: it does not count for {dismissed.incident}."

    def _open(self, incident_id: str, trigger: str) -> None:
        incident = self._memory.store.incidents.get(incident_id)
        answer = self._memory.store.recommendations.newest(incident_id)
        view = slack_modal.view(incident, answer, self._outcomes(answer))
        self._api().call("views.open", Deadline(2.5), trigger_id=trigger, view=view)

    def _outcomes(self, answer: Recommendation | None) -> tuple[RecommendationOutcome, ...]:
        return self._memory.store.outcomes.of_recommendation(answer.id) if answer else ()

    def _resolve(self, view: Mapping[str, Any], user: str) -> Mapping[str, Any]:
        if view.get("callback_id") != slack_modal.CALLBACK:
            return {}
        try:
            submission = slack_modal.parse_submission(view)
            answer = (
                self._memory.store.recommendations.get(submission.recommendation) if submission.recommendation else None
            )
            self._memory.resolve(submission.incident, submission.resolution(answer, self._memory.now(), user))
        except OnRecallError as error:
            place = (
                error.field if isinstance(error, Invalid) and error.field in slack_modal.ERROR_FIELDS else "root_cause"
            )
            return {"response_action": "errors", "errors": {place: str(error)[:150]}}
        return {"response_action": "clear"}

    # questions

    def ask(self, text: str) -> slack_message.MessageContent:
        """Answer a question; nothing is stored."""
        question = html.unescape(_MENTION.sub(" ", text)).strip()[:LONGEST_QUESTION]
        if not question:
            return {"text": USAGE}
        try:
            return slack_message.answer_message(self._memory.ask(make_situation(question)), self._app.links)
        except OnRecallError as error:
            return {"text": slack_blocks.fallback(f"No answer: {error}")}

    def answer_mention(self, envelope: Mapping[str, Any], *, again: bool) -> None:
        """Answer a mention of the app in its thread, once, however often Slack repeats it."""
        event, event_id = envelope.get("event") or {}, str(envelope.get("event_id"))
        if event.get("type") != "app_mention" or event.get("bot_id") or not self._is_first(event_id):
            return
        answered = False
        try:
            _require_own_workspace(
                {"team": {"id": envelope.get("team_id")}, "user": {"team_id": event.get("user_team")}}
            )
            self._reply(event, event_id, again=again)
            answered = True
        finally:
            if not answered:
                self._forget(event_id)

    def _reply(self, event: Mapping[str, Any], event_id: str, *, again: bool) -> None:
        api, deadline = self._api(), Deadline(20)
        channel, thread = str(event["channel"]), str(event.get("thread_ts") or event["ts"])
        if again and self._is_answered(channel, thread, event_id, deadline):
            return
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

    def _is_answered(self, channel: str, thread: str, event_id: str, deadline: Deadline) -> bool:
        thread_replies = self._api().ask(
            "conversations.replies", deadline, channel=channel, ts=thread, limit=200, include_all_metadata=True
        )
        payloads = [
            (message.get("metadata") or {}).get("event_payload") or {} for message in thread_replies.get("messages", ())
        ]
        return any(payload.get("event") == event_id for payload in payloads)

    def _is_first(self, event_id: str) -> bool:
        with self._events_lock:
            if event_id in self._events:
                return False
            self._events[event_id] = None
            if len(self._events) > MAX_REMEMBERED_EVENTS:
                self._events.popitem(last=False)
            return True

    def _forget(self, event_id: str) -> None:
        """Forget an event, so that a retry counts."""
        with self._events_lock:
            self._events.pop(event_id, None)

    def reply_privately(self, payload: Mapping[str, Any], content: slack_message.MessageContent) -> None:
        """Send a reply that only the user sees."""
        url = payload.get("response_url")
        if not isinstance(url, str):
            return
        thread = (payload.get("message") or {}).get("thread_ts")
        body = {**content, "response_type": "ephemeral", "replace_original": False}
        body |= {"thread_ts": thread} if thread else {}
        try:
            post = check_webhook(self._app.guard, url)
            post(json.dumps(body).encode(), {"content-type": "application/json; charset=utf-8"})
        except (OnRecallError, PermanentDeliveryError) as error:
            log.warning("a request from Slack could not be answered: %s", error)

    def _api(self) -> Api:
        if self._app.api is None:
            raise Unavailable("this requires a bot; set ONRECALL_SLACK_BOT_TOKEN and ONRECALL_SLACK_CHANNEL")
        return self._app.api


MARKS: Mapping[str, bool] = {
    "helped": True,
    "did_not_help": False,
    "step_worked": True,
    "step_did_not_help": False,
}
"""Whether each button means that it helped."""


DECISIONS = frozenset({"confirm_suggestion", "dismiss_suggestion"})


def _require_own_workspace(payload: Mapping[str, Any]) -> None:
    """Raise Forbidden for people of other workspaces in a shared channel."""
    team, theirs = (payload.get("team") or {}).get("id"), (payload.get("user") or {}).get("team_id")
    if team and theirs and team != theirs and not payload.get("enterprise"):
        raise Forbidden("only members of the workspace in which OnRecall is installed may do this")


def _user_name(user: Any) -> str:
    user_id = user.get("id") if isinstance(user, dict) else None
    if not isinstance(user_id, str) or not _USER.fullmatch(user_id):
        raise Invalid("the user is missing; Slack always sends one", "user")
    return f"slack:{user_id}"


def _press_time(stamp: Any, memory: IncidentService) -> datetime:
    """Return when the button was pressed; Slack's retries give the same time."""
    try:
        at = datetime.fromtimestamp(float(stamp), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Invalid("action_ts is not a time", "action_ts") from None
    return min(at, memory.now())
