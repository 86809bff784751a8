"""Who a person is, from the claims of the identity provider: a name and a role."""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onrecall.domain.access import Role, parse_key_id
from onrecall.domain.hidden_characters import visible
from onrecall.domain.session import Person
from onrecall.identity.refusal import SignInRefused
from onrecall.identity.roles import claimed_groups, highest_role

if TYPE_CHECKING:
    from onrecall.identity.provider import ProviderSettings

MAX_NAME_LENGTH = 90
LOWEST_ROLE: Role = "viewer"
RESERVED_NAMES = frozenset({"local proxy", "slack"})
"""Names under which other actions are recorded."""


def required_claims(settings: "ProviderSettings") -> tuple[str, ...]:
    """Return the claims that decide about a person."""
    return ("email", settings.groups_claim)


def team_roles_of(claims: Mapping[str, Any], settings: "ProviderSettings") -> Mapping[str, Role]:
    """Return the roles that a person's groups give in teams; teams without one are absent."""
    groups = claimed_groups(claims, settings.groups_claim)
    roles = {team: highest_role(by_group, groups) for team, by_group in settings.team_roles.items()}
    return {team: role for team, role in roles.items() if role is not None}


def person_of(
    issuer: str, claims: Mapping[str, Any], settings: "ProviderSettings", team_roles: Mapping[str, Role]
) -> tuple[Person, Role | None]:
    """Return who signed in, and the role in the installation's own store, None if only teams give one.

    Raises SignInRefused if the domain or the groups give no access anywhere.
    """
    if (objection := _domain_objection(claims, settings.allowed_domains)) is not None:
        raise SignInRefused("domain", objection, claims["sub"])
    role = highest_role(settings.roles, claimed_groups(claims, settings.groups_claim))
    name = _name(claims)
    if role is None and not team_roles:
        message = f"{name} is in no group that ONRECALL_OIDC_ROLES gives a role (claim {settings.groups_claim!r})"
        raise SignInRefused("role", message, claims["sub"])
    return Person(issuer, claims["sub"], name, role or LOWEST_ROLE), role


def is_name_proven(claims: Mapping[str, Any], name: str) -> bool:
    """Return whether a name is an email address that the provider has verified."""
    return _is_email_verified(claims) and claims.get("email") == name


def _name(claims: Mapping[str, Any]) -> str:
    """Return the first that can serve as a name: the email address, the user name, the subject."""
    email = None if claims.get("email_verified") in (False, "false") else claims.get("email")
    for candidate in (email, claims.get("preferred_username"), claims["sub"]):
        if (name := _usable(candidate)) is not None:
            return name
    return f"account {hashlib.sha256(claims['sub'].encode()).hexdigest()[:6]}"


def _usable(candidate: object) -> str | None:
    if not isinstance(candidate, str):
        return None
    printable = visible("".join(letter for letter in candidate if not unicodedata.category(letter).startswith("C")))
    name = " ".join(printable.split())[:MAX_NAME_LENGTH].strip()
    if parse_key_id(name) or name.casefold() in RESERVED_NAMES:
        return f"{name[:12]} (account)"
    return name or None


def _domain_objection(claims: Mapping[str, Any], allowed_domains: tuple[str, ...]) -> str | None:
    """Return why the domain of the address gives no access; None if it does."""
    if not allowed_domains:
        return None
    email = claims.get("email")
    if not isinstance(email, str) or not _is_email_verified(claims):
        return "the account has no verified email address, which ONRECALL_OIDC_ALLOWED_DOMAINS needs"
    domain = email.rpartition("@")[2].casefold()
    return None if domain in allowed_domains else f"{domain[:100]!r} is not among ONRECALL_OIDC_ALLOWED_DOMAINS"


def _is_email_verified(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true")
