"""Settings: a Hindsight server as a peer."""

import re

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class HindsightSettings(BaseSettings):
    """A Hindsight server as a peer."""

    hindsight_url: str | None = Field(
        default=None, description="Base URL of a Hindsight server, `HINDSIGHT_BASE_URL` in its own clients."
    )
    hindsight_key: SecretStr | None = Field(default=None, description="API key of that server, if it requires one.")
    hindsight_bank: str = Field(default="onrecall", description="Bank on that server.")
    hindsight_timeout: float = Field(default=10, gt=0, le=300, description="Time limit of one call, in seconds.")
    hindsight_mirror: bool = Field(default=True, description="Mirror incidents to that bank as they change.")
    hindsight_opinion_seconds: float = Field(
        default=2, ge=0, le=30, description="Maximum seconds an answer waits for the second opinion; 0 turns it off."
    )

    @field_validator("hindsight_key")
    @classmethod
    def _is_one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("contains a blank, a line break or a character that no header allows; set only the key")
        return value

    @field_validator("hindsight_bank")
    @classmethod
    def _is_bank(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:-]{1,100}", value, re.ASCII):
            raise ValueError(
                f"{value!r} is not a valid bank; use letters, digits, dots, colons, underscores and hyphens"
            )
        return value
