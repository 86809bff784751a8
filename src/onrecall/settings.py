"""What an operator can choose: environment variables with the prefix ONRECALL_, each secret also as …_FILE."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from onrecall.errors import Invalid

PREFIX = "ONRECALL_"


class Settings(BaseSettings):
    """Everything that can be chosen. The defaults need no network, no key and no server."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("onrecall"),
        description="Folder for the database, the derived indexes and the embedding cache.",
    )
    database_url: str | None = Field(
        default=None,
        description="Where memory is kept: `postgresql://user@host/name`; by default a SQLite file in the data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `serve` and `demo` listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port that `serve` and `demo` listen on; 0 picks a free one."
    )
    model_dir: Path | None = Field(
        default=None,
        description="Folder with a sentence model (`model.safetensors`, …) in place of the packaged one.",
    )
    embeddings_url: str | None = Field(
        default=None, description="Base URL of an OpenAI-compatible embeddings endpoint, in place of the local model."
    )
    embeddings_model: str | None = Field(default=None, description="Model name to ask of that endpoint.")
    embeddings_key: SecretStr | None = Field(default=None, description="Key for that endpoint.")
    redact_personal: bool = Field(
        default=False, description="Also redact e-mail addresses, phone and card numbers before anything is stored."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_stray_quotes(cls, value: object) -> object:
        if isinstance(value, str) and value != value.strip(" \t\r\n\"'"):
            raise ValueError("has blanks or quotes around it, which would become part of the value; remove them")
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
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @property
    def database(self) -> str:
        """The URL of the store in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'onrecall.db'}"

    def shown(self) -> Mapping[str, str]:
        """Every effective value by its variable's name, secrets masked."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values["database_url"] = mask_url(self.database)
        return {PREFIX + name.upper(): "" if value is None else str(value) for name, value in values.items()}


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `ONRECALL_<SECRET>_FILE`, as container platforms mount secrets."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
            if path and SecretStr in (field.annotation, *get_args(field.annotation)):
                try:
                    found[name] = Path(path).read_text(encoding="utf-8").removesuffix("\n")
                except OSError as error:
                    raise Invalid(
                        f"{PREFIX}{name.upper()}_FILE: {path} can't be read: {error.strerror}", name
                    ) from error
        return found


def load() -> Settings:
    """The settings of this environment; a wrong one is a sentence naming its variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = PREFIX + str(first["loc"][0]).upper()
        raise Invalid(f"{variable}: {first['msg'].removeprefix('Value error, ')}", variable) from error


def mask_url(url: str) -> str:
    """The URL without its password."""
    scheme, mark, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{place}" if at else url
