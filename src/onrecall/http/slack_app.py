"""The app in Slack as an operator configured it: what signs its requests, and how it is called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Forbidden, Unavailable
from onrecall.notifications import Links
from onrecall.notifications.egress_guard import EgressGuard
from onrecall.notifications.slack.api import Api
from onrecall.sources import WebhookRequest
from onrecall.sources.signatures import check_timestamp, require_header, split_versions, verify_hmac


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The app in Slack as an operator configured it."""

    secret: str | None = None
    """Slack's signing secret; without it no request from Slack is accepted."""
    api: Api | None = None
    guard: EgressGuard = field(default_factory=EgressGuard)
    links: Links = field(default_factory=Links)
    workspaces: frozenset[str] = frozenset()
    """Ids of other workspaces of the same organization, whose people may do the same."""

    def verify(self, delivery: WebhookRequest, now: datetime) -> None:
        """Raise Forbidden unless Slack signed exactly this, just now."""
        if not self.secret:
            raise Forbidden("no signing secret for Slack is set; set ONRECALL_SLACK_SIGNING_SECRET")
        stamp = require_header(delivery, "X-Slack-Request-Timestamp")
        check_timestamp(stamp, now)
        offered = split_versions(require_header(delivery, "X-Slack-Signature"), "v0=")
        verify_hmac(b"v0:" + stamp.encode() + b":" + delivery.body, offered, (self.secret,))

    def require_own_workspace(self, payload: Mapping[str, Any]) -> None:
        """Raise Forbidden for people of other workspaces: in a shared channel they may be of another company.

        An organization's installation says only which organization it is, not whether the person is of it.
        """
        team, theirs = (payload.get("team") or {}).get("id"), (payload.get("user") or {}).get("team_id")
        is_own = theirs == team if team else not payload.get("enterprise")
        if theirs and not is_own and not (isinstance(theirs, str) and theirs in self.workspaces):
            raise Forbidden(
                "only members of the workspace in which OnRecall is installed may do this; "
                "name other workspaces of your organization in ONRECALL_SLACK_WORKSPACES"
            )

    def require_api(self) -> Api:
        """Return the API of the workspace. Raises Unavailable where no bot is configured."""
        if self.api is None:
            raise Unavailable("this requires a bot; set ONRECALL_SLACK_BOT_TOKEN and ONRECALL_SLACK_CHANNEL")
        return self.api
