"""The teams of an installation: their names, their settings, and making and removing them."""

import shutil
from pathlib import Path
from typing import Any

from onrecall.bootstrap.model_choice import model_folder
from onrecall.domain.errors import Invalid, NotFound, Unavailable
from onrecall.domain.team import INSTALLATION, check_team_name, is_team_name
from onrecall.settings import PREFIX, Settings, load, read_settings
from onrecall.storage import Storage, postgres_teams
from onrecall.storage.database import BACKENDS
from onrecall.storage.folder_faults import make_folder
from onrecall.storage.postgres import PostgreSQL

FOLDER = "teams"
NEVER_INHERITED = (
    *("admin_key", "webhook_secrets", "sns_topics", "local_proxy_role", "otlp_endpoint"),
    *("webhook_url", "webhook_secret", "webhook_format", "notify_min_severity", "teams_url"),
    *(name for name in Settings.model_fields if name.startswith(("slack_", "smtp_", "hindsight_", "kafka_"))),
)
"""Settings through which something of a team would come in from, or go out to, people of the whole installation."""
NEVER_OVERRIDDEN = frozenset(
    {"team", "database_url", "read_url", "data_dir", "opensearch_index", "host", "port", "worker"}
)
"""Settings that follow from the team, or that belong to the process."""


def settings() -> Settings:
    """Read the settings of this process: those of one team if ONRECALL_TEAM names one."""
    chosen = load()
    if chosen.team is None:
        return chosen
    installation = chosen.model_copy(update={"team": None})
    return installation if chosen.team == INSTALLATION else team_settings(installation, chosen.team)


def installation_settings() -> Settings:
    """Read the settings of the installation, whichever team is chosen."""
    return load().model_copy(update={"team": None})


def team_prefix(team: str) -> str:
    """Return how the variables of a team's own settings begin."""
    return f"{PREFIX}TEAM_{team.upper()}__"


def team_names(installation: Settings) -> tuple[str, ...]:
    """Return the teams of an installation, by name."""
    if _is_postgres(installation):
        return postgres_teams.team_names(installation.database)
    try:
        entries = sorted(_folder(installation).iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Unavailable(f"the folder {_folder(installation)} can't be read: {error.strerror}") from error
    return tuple(entry.name for entry in entries if entry.is_dir() and is_team_name(entry.name))


def team_settings(installation: Settings, team: str) -> Settings:
    """Return the settings of a team: those of the installation, and the team's own above them. Raises NotFound."""
    names = team_names(installation)
    if team not in names:
        known = f"there are {', '.join(names)}" if names else "there are none yet"
        raise NotFound(f"there is no team {team}; {known}; `onrecall teams add {team}` adds it")
    return derive_settings(installation, team)


def derive_settings(installation: Settings, team: str) -> Settings:
    """Return the settings of a team, whether it exists or not."""
    defaults = {name: Settings.model_fields[name].get_default(call_default_factory=True) for name in NEVER_INHERITED}
    model = {"model_dir": model_folder(installation)}
    return installation.model_copy(update=defaults | model | _own_settings(team) | _derived(installation, team))


def add_team(installation: Settings, team: str) -> bool:
    """Make the empty store of a team; False where there is one already."""
    check_team_name(team)
    is_new = team not in team_names(installation)
    if is_new and _is_postgres(installation):
        Storage.open(installation.database).close()  # the installation's own store comes first, with the extension
        postgres_teams.add_team(installation.database, team)
    elif is_new:
        make_folder(_folder(installation) / team, 0o700)
    Storage.open(derive_settings(installation, team).database).close()
    return is_new


def remove_team(installation: Settings, team: str) -> None:
    """Delete the store of a team with everything in it, and its derived files. Raises NotFound."""
    team_settings(installation, team)
    if _is_postgres(installation):
        postgres_teams.remove_team(installation.database, team)
    folder = _folder(installation)
    if (folder / team).is_dir():
        leaving = folder / f".{team}.removed"  # listed no more from here on, whatever happens next
        shutil.rmtree(leaving, ignore_errors=True)
        (folder / team).rename(leaving)
        shutil.rmtree(leaving)


def _derived(installation: Settings, team: str) -> dict[str, Any]:
    folder = _folder(installation) / team
    is_postgres = _is_postgres(installation)
    return {
        "team": team,
        "data_dir": folder,
        "database_url": postgres_teams.team_url(installation.database, team) if is_postgres else None,
        "read_url": postgres_teams.team_url(installation.read_url, team) if installation.read_url else None,
        "opensearch_index": f"team_{team}_{installation.opensearch_index}",
    }


def _own_settings(team: str) -> dict[str, Any]:
    own = read_settings(team_prefix(team))
    chosen = own.model_fields_set
    if misplaced := sorted(chosen & NEVER_OVERRIDDEN):
        variable = team_prefix(team) + misplaced[0].upper()
        raise Invalid(f"{variable}: a team can't have its own; set {PREFIX}{misplaced[0].upper()} alone", variable)
    return {name: getattr(own, name) for name in chosen}


def _is_postgres(installation: Settings) -> bool:
    return BACKENDS.get(installation.database.partition("://")[0]) is PostgreSQL


def _folder(installation: Settings) -> Path:
    return installation.data_dir / FOLDER
