"""Actions in Slack: vote on answers and steps, resolve. The signature is the key, the user's id the name."""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from onrecall.domain.errors import Invalid, OnRecallError
from onrecall.domain.recommendation import Recommendation, RecommendationOutcome
from onrecall.http.slack_app import SlackApp
from onrecall.http.slack_votes import StepVote, merge_vote
from onrecall.notifications import PermanentDeliveryError
from onrecall.notifications.slack import block_kit
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack import modal as slack_modal
from onrecall.notifications.slack.api import Deadline
from onrecall.notifications.slack.channel import check_webhook
from onrecall.pipeline import IncidentService

_USER = re.compile(r"[A-Z0-9]{2,32}", re.ASCII)

log = logging.getLogger(__name__)


class SlackActions:
    """Carries out actions from Slack. Idempotent."""

    def __init__(self, memory: IncidentService, app: SlackApp) -> None:
        self._memory = memory
        self._app = app
        self._vote_lock = threading.Lock()

    def interact(self, payload: Mapping[str, Any], later: Callable[[Callable[[], None]], None]) -> Mapping[str, Any]:
        """Handle a button or a modal, and return the response; `later` runs a job after it is sent."""
        self._app.require_own_workspace(payload)
        user = _user_name(payload.get("user"))
        match payload.get("type"):
            case "view_submission":
                return self._resolve(payload["view"], user)
            case "block_actions":
                for action in payload.get("actions") or ():
                    if reply := self._act(action, payload, user):
                        later(lambda reply=reply: self.reply_privately(payload, {"text": block_kit.fallback(reply)}))  # type: ignore[misc]
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
        self._app.require_api().call("views.open", Deadline(2.5), trigger_id=trigger, view=view)

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


MARKS: Mapping[str, bool] = {
    "helped": True,
    "did_not_help": False,
    "step_worked": True,
    "step_did_not_help": False,
}
"""Whether each button means that it helped."""


DECISIONS = frozenset({"confirm_suggestion", "dismiss_suggestion"})


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
