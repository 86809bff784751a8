"""Groups of the identity provider to roles."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from onrecall.domain.access import ROLE_INCLUDES, Role
from onrecall.domain.team import INSTALLATION, is_team_name

ANYBODY = "*"
EXAMPLE = "sre=admin,dev=responder,*=viewer"
TEAM_EXAMPLE = "sre=payments:admin,dev=payments:responder,dev=search:viewer"
PEOPLE_ROLES: Mapping[str, Role] = {"viewer": "viewer", "responder": "responder", "admin": "admin"}


def parse_roles(text: str) -> Mapping[str, Role]:
    """Parse `group=role,…`, or a JSON object where names of groups contain commas or equals signs.

    `*` is everybody who can sign in. Raises ValueError with what to write instead.
    """
    pairs = _json_pairs(text) if text.startswith("{") else [_pair(part) for part in text.split(",")]
    roles: dict[str, Role] = {}
    for group, role in pairs:
        if not isinstance(role, str) or role not in PEOPLE_ROLES:
            raise ValueError(f"{group}: {role!r} is not a role of people; choose from {', '.join(PEOPLE_ROLES)}")
        if group in roles:
            raise ValueError(f"{group} appears twice")
        roles[group] = PEOPLE_ROLES[role]
    return roles


def parse_team_roles(text: str) -> Mapping[str, Mapping[str, Role]]:
    """Parse `group=team:role,…`, or a JSON object of lists; returns the roles of groups by team.

    A group may give a role in several teams. Raises ValueError with what to write instead.
    """
    pairs = _json_team_pairs(text) if text.startswith("{") else [_pair(part, TEAM_EXAMPLE) for part in text.split(",")]
    roles: dict[str, dict[str, Role]] = {}
    for group, place in pairs:
        team, _, role = place.partition(":")
        if not (is_team_name(team) or team == INSTALLATION) or role not in PEOPLE_ROLES:
            raise ValueError(f"{group}: {place!r} is no team with a role of people; write {TEAM_EXAMPLE}")
        if group in roles.setdefault(team, {}):
            raise ValueError(f"{group} appears twice for {team}")
        roles[team][group] = PEOPLE_ROLES[role]
    return roles


def highest_role(roles: Mapping[str, Role], groups: Iterable[str]) -> Role | None:
    """Return the role that includes most of those a person's groups give; None if they give none."""
    matching = [roles[group] for group in (*groups, ANYBODY) if group in roles]
    return max(matching, key=lambda role: len(ROLE_INCLUDES[role]), default=None)


def claimed_groups(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """Return the groups in a claim: a list, or one name. A claim that is not there is looked for as a path with dots.

    `*` is no group, whatever the provider says.
    """
    value = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(name for name in names if isinstance(name, str) and name != ANYBODY)


def _json_pairs(text: str, example: str = '{"sre": "admin", "*": "viewer"}') -> list[tuple[str, Any]]:
    try:
        parsed = json.loads(text, object_pairs_hook=list)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON at column {error.colno}; write {example}") from None
    return [(str(group), role) for group, role in parsed]


def _json_team_pairs(text: str) -> list[tuple[str, str]]:
    example = '{"sre": ["payments:admin"]}'
    pairs = _json_pairs(text, example)
    if not all(isinstance(places, list) and all(isinstance(place, str) for place in places) for _, places in pairs):
        raise ValueError(f"each group has a list of teams with roles; write {example}")
    return [(group, place) for group, places in pairs for place in places]


def _pair(part: str, example: str = EXAMPLE) -> tuple[str, str]:
    group, equals, role = (word.strip() for word in part.partition("="))
    if not (group and equals and role):
        raise ValueError(f"{part.strip()!r} is no group with its role; write {example}")
    return group, role
