"""Settings: an OpenSearch cluster that holds the search index."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from onrecall.settings.comma_lists import split_list


class OpenSearchSettings(BaseSettings):
    """An OpenSearch cluster that holds the search index."""

    opensearch_url: str | None = Field(
        default=None,
        description="Base URLs of OpenSearch nodes that hold the search index, separated by commas.",
    )
    opensearch_user: str | None = Field(default=None, description="User name for OpenSearch.")
    opensearch_password: SecretStr | None = Field(default=None, description="Password of that user.")
    opensearch_ca: Path | None = Field(default=None, description="CA certificates for verifying the nodes.")
    opensearch_index: str = Field(default="onrecall", description="Beginning of the names of the indexes there.")
    opensearch_shards: int = Field(default=1, ge=1, le=256, description="Shards of an index that is made.")
    opensearch_timeout: float = Field(
        default=2, gt=0, le=60, description="Seconds that a question waits for a node before words alone answer it."
    )

    @field_validator("opensearch_url")
    @classmethod
    def _are_nodes(cls, value: str | None) -> str | None:
        _parse_nodes(value)
        return value

    @field_validator("opensearch_index")
    @classmethod
    def _is_index(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", value, re.ASCII):
            raise ValueError(
                f"{value!r} can't begin the name of an index; use lower-case letters, digits, underscores and hyphens"
            )
        return value

    @property
    def opensearch_nodes(self) -> tuple[str, ...]:
        """The base URLs of OpenSearch's nodes; none where none is configured."""
        return _parse_nodes(self.opensearch_url)


def _parse_nodes(value: str | None) -> tuple[str, ...]:
    nodes = tuple(url.rstrip("/") for url in split_list(value))
    for url in nodes:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ValueError("has a user in it; set ONRECALL_OPENSEARCH_USER and ONRECALL_OPENSEARCH_PASSWORD instead")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is not an address; write a scheme and a host, such as https://search:9200")
    return nodes
