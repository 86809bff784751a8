"""Settings: where answers are sent: webhook, browsers, Teams, Slack, mail."""

import json
import re
from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from onrecall.domain.incident import Severity
from onrecall.domain.issue_form import IssueForm
from onrecall.settings.comma_lists import split_list


class NotificationSettings(BaseSettings):
    """Where answers are sent: webhook, browsers, Teams, Slack, mail."""

    issue_form_url: str | None = Field(
        default=None,
        description="Address of your tracker's form for a new issue, with {title} and {body} where they go.",
    )
    notify_min_severity: Literal["critical", "high", "medium", "low", "info"] | None = Field(
        default=None, description="Lowest severity to notify about; unknown severity always notifies."
    )
    webhook_url: SecretStr | None = Field(default=None, description="Address to post answers to, as JSON.")
    webhook_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Secret for signing those posts (HMAC-SHA256)."
    )
    webhook_format: Literal["json", "cloudevents"] = Field(
        default="json", description="Format of those posts; `cloudevents` uses structured mode."
    )
    web_push_key: SecretStr | None = Field(
        default=None, description="Private key for push notifications to browsers; `onrecall web-push-key` prints one."
    )
    web_push_contact: str | None = Field(
        default=None,
        pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$",
        description="How push services reach you: mailto:ops@example.com, or an https address.",
    )
    teams_url: SecretStr | None = Field(default=None, description="Address of a workflow of Microsoft Teams.")
    slack_bot_token: SecretStr | None = Field(default=None, description="Token of your Slack app's bot (`xoxb-…`).")
    slack_signing_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Signing secret of the Slack app, for buttons, commands and mentions."
    )
    slack_channel: str | None = Field(default=None, description="Id of the channel for incidents.")
    slack_channels: str | None = Field(
        default=None,
        description='Other channels, as JSON: {"service": {"checkout": "C…"}, "severity": {"critical": "C…"}}.',
    )
    slack_workspaces: str | None = Field(
        default=None,
        description="Ids of other workspaces of your organization whose people may press buttons, separated by commas.",
    )
    slack_webhook_url: SecretStr | None = Field(
        default=None, description="Address of an incoming webhook of Slack, if you cannot use a bot."
    )
    slack_api_url: str = Field(default="https://slack.com/api/", description="Base URL of Slack's API.")
    smtp_host: str | None = Field(default=None, description="Mail server for answers.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="Encryption of the connection."
    )
    smtp_user: str | None = Field(default=None, description="User name for the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_from: str | None = Field(default=None, description="Sender address of the mails.")
    smtp_to: str | None = Field(default=None, description="Recipient addresses, separated by commas.")
    allow_private_hosts: str | None = Field(
        default=None,
        description="Private hosts, addresses or networks that channels may call, separated by commas.",
    )

    @field_validator("slack_channel")
    @classmethod
    def _is_channel(cls, value: str | None) -> str | None:
        return value if value is None else _check_channel(value)

    @field_validator("slack_channels")
    @classmethod
    def _are_channels(cls, value: str | None) -> str | None:
        _parse_channels(value)
        return value

    @field_validator("slack_workspaces")
    @classmethod
    def _are_workspaces(cls, value: str | None) -> str | None:
        for workspace in split_list(value):
            if re.fullmatch(r"T[A-Z0-9]{7,20}", workspace, re.ASCII) is None:
                raise ValueError(f"{workspace!r} is not the id of a workspace, such as T0123456789")
        return value

    @field_validator("issue_form_url")
    @classmethod
    def _is_issue_form(cls, value: str | None) -> str | None:
        if value is not None and (problem := IssueForm(value).problem()):
            raise ValueError(problem)
        return value

    @property
    def private_hosts(self) -> tuple[str, ...]:
        """Hosts that channels may call although their addresses are not public."""
        return split_list(self.allow_private_hosts)

    @property
    def slack_routing(self) -> Mapping[str, Mapping[str, str]]:
        """Slack's channels by `service` and by `severity`."""
        return _parse_channels(self.slack_channels)

    @property
    def slack_team_ids(self) -> tuple[str, ...]:
        """Ids of other workspaces of the organization in Slack."""
        return split_list(self.slack_workspaces)

    @property
    def mail_recipients(self) -> tuple[str, ...]:
        """The recipients of mail."""
        return split_list(self.smtp_to)


def _check_channel(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[CG][A-Z0-9]{7,20}", value, re.ASCII):
        raise ValueError(
            f"{value!r} is not the id of a channel; find it at the end of the channel's details, such as C0123456789"
        )
    return value


def _parse_channels(value: str | None) -> Mapping[str, Mapping[str, str]]:
    try:
        parsed = json.loads(value or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f'is not JSON: {error}; write {{"severity": {{"critical": "C0123456789"}}}}') from None
    if not isinstance(parsed, dict) or not all(isinstance(channels, dict) for channels in parsed.values()):
        raise ValueError('write {"service": {"checkout": "C0123456789"}, "severity": {"critical": "C0123456789"}}')
    if unknown := parsed.keys() - {"service", "severity"}:
        raise ValueError(f"{min(unknown)} is neither service nor severity")
    if strange := parsed.get("severity", {}).keys() - set(get_args(Severity)):
        raise ValueError(f"{min(strange)} is not a severity; choose from {', '.join(get_args(Severity))}")
    return {
        kind: {name: _check_channel(channel) for name, channel in channels.items()} for kind, channels in parsed.items()
    }
