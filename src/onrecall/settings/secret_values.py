"""Secrets among the settings: read from files, and never shown."""

import os
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from onrecall.domain.errors import Invalid

_PASSWORD_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&]*", re.IGNORECASE)


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `ONRECALL_<SECRET>_FILE`, as container platforms mount secrets."""

    def __init__(self, settings_cls: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings_cls)
        self._prefix = prefix

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name, field in self.settings_cls.model_fields.items():
            path = os.environ.get(f"{self._prefix}{name.upper()}_FILE")
            if path and may_be_in_file(field):
                try:
                    values[name] = Path(path).read_text(encoding="utf-8").removesuffix("\n")
                except OSError as error:
                    raise Invalid(
                        f"{self._prefix}{name.upper()}_FILE: {path} can't be read: {error.strerror}", name
                    ) from error
                except UnicodeDecodeError:  # it quotes the secret
                    raise Invalid(
                        f"{self._prefix}{name.upper()}_FILE: {path} is not UTF-8 text; save it as such", name
                    ) from None
        return values


def is_secret(field: FieldInfo) -> bool:
    """Return whether a setting's value is never shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def may_be_in_file(field: FieldInfo) -> bool:
    """Return whether `…_FILE` is read for a setting: for each secret, and for what may contain one."""
    marked = isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("from_file") is True
    return marked or is_secret(field)


def mask_url(url: str) -> str:
    """Return the URL without its password, before the host or among the parameters."""
    scheme, mark, remainder = _PASSWORD_PARAMETER.sub(r"\1***", url).partition("://")
    credentials, at, place = remainder.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{place}"
