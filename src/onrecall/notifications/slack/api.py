"""Slack's Web API by the vendor's SDK: what its errors mean here, one deadline, and no faster than Slack wants it."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onrecall.domain.errors import Invalid, Unavailable
from onrecall.notifications.channel import PermanentDeliveryError
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.json_poster import retry_after

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

DEFAULT_URL = "https://slack.com/api/"
CALL_SECONDS = 5.0
PACE_SECONDS = 1.0
"""Slack takes about one message a second in a channel."""
LATER = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "fatal_error", "internal_error", "service_unavailable"}
    | {"request_timeout", "team_added_to_org", "accesslimited"}
)
MEND: Mapping[str, str] = {
    "not_in_channel": "invite the app into the channel: /invite @OnRecall",
    "channel_not_found": "ONRECALL_SLACK_CHANNEL names a channel that the app can't see; invite it there",
    "invalid_auth": "ONRECALL_SLACK_BOT_TOKEN is not the token of this app; install it anew and copy the token",
    "token_revoked": "install the app anew and set ONRECALL_SLACK_BOT_TOKEN",
    "account_inactive": "install the app anew and set ONRECALL_SLACK_BOT_TOKEN",
    "is_archived": "the channel is archived; set ONRECALL_SLACK_CHANNEL to another",
    "missing_scope": "the app lacks a scope; install it anew with the manifest of docs/slack.md",
}
SDK = "onrecall.slack.sdk"
"""The SDK's own log: it would repeat what is raised here, bodies and all."""


class SlackApiRejected(PermanentDeliveryError):
    """Slack will not do it, for a reason that has a name."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack says {code}" + (f"; {MEND[code]}" if code in MEND else ""))
        self.code = code


def check_url(guard: EgressGuard, url: str) -> str:
    """Where the API is: over TLS, or at a host that an operator named."""
    parsed = guard.check_url(url)
    if parsed.scheme != "https" and not guard.names_host(parsed.host):
        raise Invalid("begins not with https://, so the token could be read on its way")
    return url if url.endswith("/") else f"{url}/"


@dataclass(slots=True)
class Deadline:
    """How long a stretch of calls may take in all."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """The seconds that are left, which end a call that waits; Unavailable when there are none."""
        left = self.began + self.seconds - time.monotonic()
        if left <= 0:
            raise Unavailable(f"Slack did not respond within {self.seconds:g} s")
        return min(left, CALL_SECONDS)


class Api:
    """Calls one workspace as one app."""

    def __init__(self, token: str, url: str = DEFAULT_URL, pace: float = PACE_SECONDS) -> None:
        self._token = token
        self._url = url
        self._pace = pace
        self._posted: dict[str, float] = {}
        self._lock = threading.Lock()
        self._bot: str | None = None

    def call(self, method: str, deadline: Deadline, **said: Any) -> Mapping[str, Any]:
        """Have something done, once: Unavailable where it may be tried again, SlackSaysNo where that would not help."""
        return self._call(method, deadline, {"json": said})

    def ask(self, method: str, deadline: Deadline, **params: Any) -> Mapping[str, Any]:
        """The same for what only reads; Slack takes its arguments as a form."""
        return self._call(method, deadline, {"params": params})

    def _call(self, method: str, deadline: Deadline, how: Mapping[str, Any]) -> Mapping[str, Any]:
        from slack_sdk import WebClient  # noqa: PLC0415 - costs time when nothing goes to Slack
        from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

        quiet = logging.getLogger(SDK)
        quiet.setLevel(logging.CRITICAL)
        # Nothing is tried again inside: a message whose answer was lost would be posted twice.
        client = WebClient(self._token, self._url, max(1, round(deadline.left())), retry_handlers=[], logger=quiet)
        try:
            answer = client.api_call(method, **how)
        except SlackApiError as error:
            raise _meaning(error) from error
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            raise Unavailable(f"no answer from Slack at {urlsplit(self._url).hostname}: {error}") from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def bot(self, deadline: Deadline) -> str:
        """Who this app is: messages of others that look like ours are not ours."""
        if self._bot is None:
            self._bot = str(self.call("auth.test", deadline)["bot_id"])
        return self._bot

    def wait_turn(self, channel: str, deadline: Deadline) -> None:
        """Wait until the channel takes another message."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._posted.get(channel, 0.0) + self._pace)
            self._posted[channel] = turn
        if turn > now:
            deadline.left()
            time.sleep(turn - now)


def _meaning(error: "SlackApiError") -> Exception:
    answer: Any = error.response
    code = str(answer.get("error") or "an error without a name")[:200]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status_code == 429 or answer.status_code >= 500 or code in LATER:
        return Unavailable(f"Slack says {answer.status_code} {code}", retry_after(headers.get("retry-after")))
    if answer.status_code != 200:
        return PermanentDeliveryError(
            f"Slack's address answers {answer.status_code}; ONRECALL_SLACK_API_URL may be wrong"
        )
    return SlackApiRejected(code)
