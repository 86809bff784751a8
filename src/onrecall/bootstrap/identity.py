"""The identity provider and the lifetime of sessions, as the settings say."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onrecall.bootstrap.status import ComponentStatus
from onrecall.domain.access import Role
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.session import SessionLimits
from onrecall.domain.team import INSTALLATION
from onrecall.identity.roles import EXAMPLE, parse_roles, parse_team_roles
from onrecall.settings import PREFIX, Settings

if TYPE_CHECKING:
    from onrecall.identity.provider import ProviderSettings


def session_limits(chosen: Settings) -> SessionLimits:
    """Return how long sessions last."""
    return SessionLimits(timedelta(hours=chosen.session_idle_hours), timedelta(hours=chosen.session_hours))


def provider_settings(chosen: Settings) -> "ProviderSettings | None":
    """Return the identity provider; None if none is configured. Raises Invalid for a setting that lacks."""
    if chosen.oidc_issuer is None:
        return None
    from onrecall.identity.provider import ProviderSettings  # noqa: PLC0415 - what costs time where there is none

    client_id = _required(chosen, "oidc_client_id", "the client id that the provider gave to OnRecall")
    roles, team_roles = _roles(chosen)
    public_url = _required(chosen, "public_url", "where people reach OnRecall: the provider sends them back there")
    return ProviderSettings(
        chosen.oidc_issuer,
        client_id,
        None if chosen.oidc_client_secret is None else chosen.oidc_client_secret.get_secret_value(),
        chosen.oidc_name or urlsplit(chosen.oidc_issuer).hostname or chosen.oidc_issuer,
        chosen.oidc_scopes,
        chosen.oidc_groups_claim,
        roles,
        chosen.allowed_domains,
        public_url,
        team_roles,
    )


def _roles(chosen: Settings) -> tuple[Mapping[str, Role], Mapping[str, Mapping[str, Role]]]:
    """Return the roles of groups in the store of these settings, and by team in the others of the installation."""
    by_team = dict(parse_team_roles(chosen.oidc_teams)) if chosen.oidc_teams else {}
    if chosen.team is not None:
        return by_team.get(chosen.team, {}), {}
    own = by_team.pop(INSTALLATION, {})
    if chosen.oidc_roles or not (own or by_team):
        own = {**parse_roles(_required(chosen, "oidc_roles", f"who may do what, such as {EXAMPLE}")), **own}
    return own, by_team


def provider_checks(chosen: Settings) -> Sequence[Callable[[], ComponentStatus]]:
    """Return the check of the identity provider for `doctor`, if one is configured. It asks the provider."""
    configured = provider_settings(chosen)
    return [] if configured is None else [lambda: _provider_status(configured)]


def _provider_status(configured: "ProviderSettings") -> ComponentStatus:
    from onrecall.identity.provider import IdentityProvider  # noqa: PLC0415 - likewise

    provider = IdentityProvider(configured)
    try:
        issuer = provider.check()
    except Unavailable as error:
        return ComponentStatus(name="sign-in", state="degraded", detail=str(error))
    finally:
        provider.close()
    return ComponentStatus(name="sign-in", state="ok", detail=f"people sign in at {issuer}")


def _required(chosen: Settings, name: str, meaning: str) -> str:
    value: str | None = getattr(chosen, name)
    if not value:
        variable = PREFIX + name.upper()
        raise Invalid(f"{variable}: {PREFIX}OIDC_ISSUER is set, so set this as well: {meaning}", name)
    return value
