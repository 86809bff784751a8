"""Call Slack's Web API through the vendor's SDK, with error mapping, a deadline and rate limiting."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onrecall.domain.errors import Unavailable
from onrecall.notifications.channel import PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import retry_after

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

DEFAULT_URL = "https://slack.com/api/"
CALL_SECONDS = 5.0
PACE_SECONDS = 1.0
"""Slack accepts about one message per second in a channel."""
RETRY_CODES = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "fatal_error", "internal_error", "service_unavailable"}
    | {"request_timeout", "team_added_to_org", "accesslimited"}
)
ADVICE_BY_CODE: Mapping[str, str] = {
    "not_in_channel": "invite the app into the channel: /invite @OnRecall",
    "channel_not_found": "ONRECALL_SLACK_CHANNEL names a channel that the app can't see; invite it there",
    "invalid_auth": "ONRECALL_SLACK_BOT_TOKEN is not the token of this app; reinstall it and copy the token",
    "token_revoked": "reinstall the app and set ONRECALL_SLACK_BOT_TOKEN",
    "account_inactive": "reinstall the app and set ONRECALL_SLACK_BOT_TOKEN",
    "is_archived": "the channel is archived; set ONRECALL_SLACK_CHANNEL to another",
    "missing_scope": "the app lacks a scope; reinstall it with the manifest in docs/slack.md",
}
SDK_LOGGER = "onrecall.slack.sdk"
"""The SDK's logger, silenced because it would repeat raised errors with message bodies."""


class SlackApiRejected(PermanentDeliveryError):
    """Slack rejected a call with an error code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack says {code}" + (f"; {ADVICE_BY_CODE[code]}" if code in ADVICE_BY_CODE else ""))
        self.code = code


def check_url(guard: EgressGuard, url: str) -> str:
    """Check the API URL: https, or a host allowed by the operator."""
    guard.check_secure_url(url, ", so the token could be read on its way")
    return url if url.endswith("/") else f"{url}/"


@dataclass(slots=True)
class Deadline:
    """The total time limit of several calls."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def remaining(self) -> float:
        """Return the remaining seconds for the next call; raise Unavailable if there are none."""
        remaining = self.began + self.seconds - time.monotonic()
        if remaining <= 0:
            raise Unavailable(f"Slack did not respond within {self.seconds:g} s")
        return min(remaining, CALL_SECONDS)


class Api:
    """Calls one workspace as one app."""

    def __init__(self, token: str, url: str = DEFAULT_URL, pace: float = PACE_SECONDS) -> None:
        self._token = token
        self._url = url
        self._pace = pace
        self._posted: dict[str, float] = {}
        self._lock = threading.Lock()
        self._bot: str | None = None

    def call(self, method: str, deadline: Deadline, **arguments: Any) -> Mapping[str, Any]:
        """Call a method once; raise Unavailable to retry, SlackApiRejected to give up."""
        return self._call(method, deadline, {"json": arguments})

    def ask(self, method: str, deadline: Deadline, **params: Any) -> Mapping[str, Any]:
        """Call a reading method; Slack takes its arguments as a form."""
        return self._call(method, deadline, {"params": params})

    def _call(self, method: str, deadline: Deadline, request: Mapping[str, Any]) -> Mapping[str, Any]:
        from slack_sdk import WebClient  # noqa: PLC0415 - costs time when nothing goes to Slack
        from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

        quiet = logging.getLogger(SDK_LOGGER)
        quiet.setLevel(logging.CRITICAL)
        # Nothing is tried again inside: a message whose answer was lost would be posted twice.
        client = WebClient(self._token, self._url, max(1, round(deadline.remaining())), retry_handlers=[], logger=quiet)
        try:
            answer = client.api_call(method, **request)
        except SlackApiError as error:
            raise _to_error(error) from error
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise Unavailable(f"no answer from Slack at {urlsplit(self._url).hostname}: {error}") from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def bot(self, deadline: Deadline) -> str:
        """Return this app's bot id, to tell our messages from lookalikes."""
        if self._bot is None:
            self._bot = str(self.call("auth.test", deadline)["bot_id"])
        return self._bot

    def wait_turn(self, channel: str, deadline: Deadline) -> None:
        """Wait until the channel accepts another message."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._posted.get(channel, 0.0) + self._pace)
            self._posted[channel] = turn
        if turn > now:
            deadline.remaining()
            time.sleep(turn - now)


def _to_error(error: "SlackApiError") -> Exception:
    answer: Any = error.response
    code = str(answer.get("error") or "an error without a name")[:200]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status_code == 429 or answer.status_code >= 500 or code in RETRY_CODES:
        return Unavailable(f"Slack says {answer.status_code} {code}", retry_after(headers.get("retry-after")))
    if answer.status_code != 200:
        return PermanentDeliveryError(
            f"Slack's address answers {answer.status_code}; ONRECALL_SLACK_API_URL may be wrong"
        )
    return SlackApiRejected(code)
