"""Settings: what sends alerts, and how they are read."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from onrecall.settings.comma_lists import split_list


class SourceSettings(BaseSettings):
    """What sends alerts, and how they are read."""

    webhook_secrets: SecretStr | None = Field(
        default=None,
        description='Signing secrets of senders, as JSON: {"pagerduty": ["new", "old"]}.',
    )
    sns_topics: str | None = Field(
        default=None,
        description="Topics of Amazon SNS (ARNs, separated by commas) to accept subscriptions and alarms from.",
    )
    alert_mapping: Path | None = Field(
        default=None,
        description="YAML or JSON file that maps the fields of your `generic` payloads.",
    )
    trusted_sources: str | None = Field(
        default=None,
        description="Senders whose notes and documents count without confirmation by a responder, separated by commas.",
    )
    sources_dir: Path | None = Field(
        default=None, description="Folder of your own source files (YAML), each a tool: `acme.yaml` is `/alerts/acme`."
    )
    alert_expiry: str | None = Field(
        default=None,
        description="Time after which alerts without a reported end expire: `default=24h,falco=1h`, or never.",
    )
    heartbeats: str | None = Field(
        default=None,
        description="Time without a heartbeat that raises an alert: `default=10m,alertmanager=1h`, or never.",
    )

    @field_validator("webhook_secrets")
    @classmethod
    def _are_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        _parse_secrets(value)
        return value

    @field_validator("sns_topics")
    @classmethod
    def _are_topics(cls, value: str | None) -> str | None:
        _parse_sns_topics(value)
        return value

    @property
    def webhook_secrets_by_source(self) -> Mapping[str, tuple[str, ...]]:
        """The secrets that each sender may sign with; SNS signs with its own, so for it these are the topics."""
        topics = _parse_sns_topics(self.sns_topics)
        return {**_parse_secrets(self.webhook_secrets), **({"cloudwatch": topics} if topics else {})}

    @property
    def trusted_source_names(self) -> tuple[str, ...]:
        """The sources that are trusted like a responder."""
        return split_list(self.trusted_sources)


def _parse_secrets(value: SecretStr | None) -> Mapping[str, tuple[str, ...]]:
    """Parse webhook secrets. Error messages never include the value, because it is secret."""
    if value is None:
        return {}
    try:
        parsed = json.loads(value.get_secret_value(), object_pairs_hook=_reject_duplicates)
    except json.JSONDecodeError as error:
        raise ValueError(
            f'is not JSON at line {error.lineno}, column {error.colno}; write {{"pagerduty": ["secret"]}}'
        ) from None
    if not isinstance(parsed, dict):
        raise ValueError('give each sender a list of secrets, such as {"pagerduty": ["secret"]}')  # noqa: TRY004
    for sender, secrets in parsed.items():
        if not isinstance(secrets, list) or not secrets:
            raise ValueError(f'{sender}: give a list with at least one secret, such as {{"{sender}": ["secret"]}}')
        if not all(isinstance(secret, str) and secret and secret == secret.strip() for secret in secrets):
            raise ValueError(f"{sender}: each secret must be a non-empty string without surrounding blanks")
    return {sender: tuple(secrets) for sender, secrets in parsed.items()}


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{min(twice)} appears twice; put all its secrets into one list")
    return dict(pairs)


def _parse_sns_topics(value: str | None) -> tuple[str, ...]:
    topics = tuple(part.strip() for part in value.split(",")) if value else ()
    for topic in topics:
        if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}", topic, re.ASCII):
            raise ValueError(f"{topic!r} is not a topic; write it as arn:aws:sns:eu-west-1:123456789012:alarms")
    return topics
