"""What an operator can choose: the environment comes in (ONRECALL_…, each secret also as …_FILE), `Settings` goes out.

Each module holds the settings of one topic.
"""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from onrecall.domain.errors import Invalid
from onrecall.domain.validation_messages import describe_error
from onrecall.settings.grouping import GroupingSettings
from onrecall.settings.hindsight import HindsightSettings
from onrecall.settings.kafka import KafkaSettings
from onrecall.settings.models import ModelSettings
from onrecall.settings.notifications import NotificationSettings
from onrecall.settings.opensearch import OpenSearchSettings
from onrecall.settings.secret_values import SecretFiles, is_secret, mask_url, may_be_in_file
from onrecall.settings.server import ServerSettings
from onrecall.settings.sign_in import SignInSettings
from onrecall.settings.sources import SourceSettings
from onrecall.settings.store import StoreSettings

__all__ = ["PREFIX", "RENAMED", "Settings", "is_secret", "load", "mask_url", "may_be_in_file", "read_settings"]

PREFIX = "ONRECALL_"
RENAMED = {
    "SETTLE_SECONDS": "GROUP_WAIT_SECONDS",
    "REFRESH_SECONDS": "GROUP_INTERVAL_SECONDS",
    "RESOLVE_AFTER_SECONDS": "RESOLVE_TIMEOUT_SECONDS",
}
"""Former names of settings; they are refused, because a name that is ignored changes nothing and nobody notices."""


class Settings(
    ModelSettings,
    HindsightSettings,
    NotificationSettings,
    OpenSearchSettings,
    KafkaSettings,
    GroupingSettings,
    SignInSettings,
    SourceSettings,
    ServerSettings,
    StoreSettings,
):
    """Everything that can be chosen. The defaults need no network, no key and no server."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_stray_quotes(cls, value: object) -> object:
        if isinstance(value, str) and value != value.strip(" \t\r\n\"'"):
            raise ValueError("has surrounding blanks or quotes, which would become part of the value; remove them")
        return value

    @field_validator(
        "public_url", "otlp_endpoint", "hindsight_url", "llm_url", "groq_url", "openai_url", "anthropic_url"
    )
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        is_http = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0  # ValueError: no number
        if not is_http or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("is not an address; write a scheme and a host, such as https://recall.example.com")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes all four
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the environment, then from the files that …_FILE variables name."""
        prefix = env_settings.env_prefix if isinstance(env_settings, EnvSettingsSource) else PREFIX
        return init_settings, env_settings, SecretFiles(settings_cls, prefix)

    def effective_values(self) -> Mapping[str, str]:
        """Return every effective value by its variable's name; secrets and the passwords of addresses are masked."""
        values = {name: getattr(self, name) for name in type(self).model_fields} | {"database_url": self.database}
        shown = {name: "" if value is None else str(value) for name, value in values.items()}
        return {
            PREFIX + name.upper(): mask_url(value) if name.endswith("_url") else value for name, value in shown.items()
        }


def load() -> Settings:
    """Load the settings of this environment. Raises Invalid naming the wrong variable."""
    variables = {name.upper() for name in os.environ}
    for former, current in RENAMED.items():
        if PREFIX + former in variables:
            raise Invalid(f"{PREFIX}{former} is now {PREFIX}{current}; rename it", PREFIX + former)
    return read_settings(PREFIX)


def read_settings(prefix: str) -> Settings:
    """Read the variables that begin with a prefix. Raises Invalid naming the wrong one."""
    try:
        return Settings(_env_prefix=prefix)  # type: ignore[call-arg]  # the library takes it; its types do not say so
    except ValidationError as error:
        first = error.errors()[0]
        variable = prefix + str(first["loc"][0]).upper()
        raise Invalid(f"{variable}: {describe_error(first)}", variable) from error
