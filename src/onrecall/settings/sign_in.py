"""Settings: how people sign in through an identity provider, and how long sessions last."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from onrecall.identity.roles import parse_roles, parse_team_roles
from onrecall.settings.comma_lists import split_list


class SignInSettings(BaseSettings):
    """How people sign in through an identity provider, and how long sessions last."""

    oidc_issuer: str | None = Field(
        default=None, description="Issuer of an OpenID Connect provider through which people sign in (https://…)."
    )
    oidc_client_id: str | None = Field(default=None, description="Client id of this OnRecall at that provider.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Secret of that client; a public client has none."
    )
    oidc_name: str | None = Field(
        default=None, max_length=40, description="Name of the provider on the sign-in button; by default its host."
    )
    oidc_scopes: str = Field(
        default="openid profile email", description="Scopes to request, separated by blanks; add `groups` if needed."
    )
    oidc_groups_claim: str = Field(
        default="groups", min_length=1, description="Claim with a person's groups, such as `realm_access.roles`."
    )
    oidc_roles: str | None = Field(
        default=None, description="Roles by group: `sre=admin,dev=responder,*=viewer`; `*` is everybody."
    )
    oidc_teams: str | None = Field(
        default=None,
        description="Teams and roles by group: `sre=payments:admin,dev=search:viewer`; a person may be in several.",
    )
    oidc_allowed_domains: str | None = Field(
        default=None, description="Domains of verified email addresses that may sign in, separated by commas."
    )
    session_idle_hours: float = Field(
        default=24, gt=0, le=8760, description="Hours without use after which a session ends."
    )
    session_hours: float = Field(default=168, gt=0, le=8760, description="Hours after which every session ends.")

    @field_validator("oidc_roles")
    @classmethod
    def _are_roles(cls, value: str | None) -> str | None:
        if value is not None:
            parse_roles(value)
        return value

    @field_validator("oidc_teams")
    @classmethod
    def _are_team_roles(cls, value: str | None) -> str | None:
        if value is not None:
            parse_team_roles(value)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        is_http = parts.scheme in ("https", "http") and parts.hostname
        if not is_http or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("is not an issuer; write its address, such as https://login.example.com/realms/main")
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise ValueError("has no TLS, so anybody between could sign in as anybody; use https")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _are_scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("lacks `openid`, without which a provider names nobody; write openid profile email")
        return value

    @property
    def allowed_domains(self) -> tuple[str, ...]:
        """The domains of addresses that may sign in, in lower case; empty: all."""
        return tuple(domain.removeprefix("@").casefold() for domain in split_list(self.oidc_allowed_domains))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
