"""Settings: how the HTTP server listens, who may call it, and where its worker runs."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from onrecall.domain.access import parse_key_id


class ServerSettings(BaseSettings):
    """How the HTTP server listens, who may call it, and where its worker runs."""

    host: str = Field(default="127.0.0.1", description="Address that `serve` and `demo` listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port that `serve` and `demo` listen on; 0 picks a free one."
    )
    admin_key: SecretStr | None = Field(
        default=None,
        description="Key of the role admin that `serve` stores when it starts; make one with `onrecall keys generate`.",
    )
    cors_origins: str | None = Field(
        default=None, description="Other origins whose pages may call the API, separated by commas."
    )
    local_proxy_role: Literal["viewer", "responder", "admin"] | None = Field(
        default=None,
        description="Role of requests without a key through a proxy on this machine, such as a Next.js rewrite.",
    )
    worker: Literal["auto", "thread", "process"] = Field(
        default="auto", description="Where `serve` runs its worker; auto: a process if there are two processors."
    )
    public_url: str | None = Field(
        default=None,
        description="Public address of this OnRecall, for links in messages, such as https://recall.example.com.",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        description="Base URL of an OpenTelemetry collector (OTLP over HTTP, as `http://otel:4318`) that gets traces.",
    )
    otlp_headers: SecretStr | None = Field(
        default=None, description="Headers of each export to it, as `name=value,name=value`."
    )

    @field_validator("admin_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and parse_key_id(value.get_secret_value()) is None:
            raise ValueError("is not a key of OnRecall; make one with `onrecall keys generate`")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str | None) -> str | None:
        _parse_origins(value)
        return value

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose web pages may call the API."""
        return _parse_origins(self.cors_origins)


def _parse_origins(value: str | None) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in value.split(",")) if value else ()
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(
                f"{origin!r} is not an origin; write a scheme and a host, such as https://wiki.example.com"
            )
    return origins
