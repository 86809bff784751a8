"""The names of teams."""

import re

from onrecall.domain.errors import Invalid

TEAM_PATTERN = r"^[a-z][a-z0-9_]{0,29}$"
"""A team's name is also part of a folder, of a role in PostgreSQL and of variables, so it is short and plain."""
TEAM_RULE = "use up to 30 lower-case letters, digits and underscores, a letter first"
"""What an error about a team's name says."""
INSTALLATION = "default"
"""What the installation's own store is called where teams are listed; no team may have this name."""


def check_team_name(name: str) -> str:
    """Return the name if a team may have it. Raises Invalid."""
    if not is_team_name(name):
        shown = name[:40]
        raise Invalid(
            f"{shown!r} can't be a team's name; {TEAM_RULE}, and not {INSTALLATION!r}, which is the installation's own "
            "store",
            "team",
        )
    return name


def is_team_name(name: str) -> bool:
    """Return whether a team may have a name."""
    return re.fullmatch(TEAM_PATTERN, name) is not None and name != INSTALLATION
