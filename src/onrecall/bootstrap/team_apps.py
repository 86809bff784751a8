"""Opens the applications of all teams in one process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.bootstrap.model_choice import model_folder
from onrecall.bootstrap.teams import derive_settings, team_names
from onrecall.settings import Settings


@contextmanager
def open_apps(chosen: Settings) -> Iterator[tuple[AppContext, ...]]:
    """Open the application that the settings describe and, if it is the installation's own, that of every team.

    Where they use the same local sentence model, it is in memory once. The first is the one described.
    """
    with ExitStack() as stack:
        own = stack.enter_context(open_app(chosen))
        teams = () if chosen.team is not None else team_names(chosen)
        yield (own, *(stack.enter_context(_open_team(chosen, name, own)) for name in teams))


@contextmanager
def _open_team(installation: Settings, team: str, own: AppContext) -> Iterator[AppContext]:
    chosen = derive_settings(installation, team)
    is_same = (
        not chosen.embeddings_url and model_folder(chosen) == model_folder(installation) and bool(own.recall.local)
    )
    with open_app(chosen, own.recall.local if is_same else None) as context:
        yield context
