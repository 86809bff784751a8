"""`onrecall documents`: runbooks that other teams have copies of."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_storage, settings
from onrecall.bootstrap.team_apps import open_apps
from onrecall.bootstrap.teams import installation_settings, team_names
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.domain.team import INSTALLATION
from onrecall.pipeline.document_copies import DocumentSharing
from onrecall.schemas.shares import ShareOut
from onrecall.storage.document_shares import DocumentShare

app = typer.Typer(help="Share runbooks with other teams.", no_args_is_help=True)
DocumentId = Annotated[str, typer.Argument(help="Id of the runbook.", metavar="ID")]
Target = Annotated[str, typer.Option("--with", help="The other team; `default` is the installation's own store.")]
By = Annotated[str | None, typer.Option(help="Name under which it is recorded.")]


@app.command()
def share(document_id: DocumentId, target: Target, by: By = None, as_json: Json = False) -> None:
    """Give another team a marked copy of a runbook, which follows it. A repetition changes nothing."""
    with _sharing() as (sharing, team):
        is_new = sharing.share(team, document_id, target, by)
        sharing.synchronize()
    message = f"{target} has a copy" if is_new else f"{target} has a copy already"
    _print_change(document_id, target, message, changed=is_new, as_json=as_json)


@app.command()
def unshare(document_id: DocumentId, target: Target, by: By = None, as_json: Json = False) -> None:
    """End a share and delete the copy. A repetition changes nothing."""
    with _sharing() as (sharing, team):
        ended = sharing.unshare(team, document_id, target, by)
        sharing.synchronize()
    message = f"{target} no longer has a copy" if ended else f"{document_id} was not shared with {target}"
    _print_change(document_id, target, message, changed=ended, as_json=as_json)


@app.command()
def shared(as_json: Json = False) -> None:
    """List the documents that other teams have copies of."""
    with open_storage() as store:
        shares = store.document_shares.all()
    items = [ShareOut.model_validate(each).to_json() for each in shares]
    print_result({"items": items}, as_json, lambda: _print_shares(shares))


@contextmanager
def _sharing() -> Iterator[tuple[DocumentSharing, str]]:
    """Open all stores, and say whose document is meant."""
    team = settings().team or INSTALLATION
    with open_apps(installation_settings()) as contexts:
        memories = {each.settings.team or INSTALLATION: each.memory for each in contexts}
        yield DocumentSharing(memories, partial(team_names, installation_settings())), team


def _print_change(document_id: str, team: str, message: str, *, changed: bool, as_json: bool) -> None:
    result = {"document": document_id, "team": team, "changed": changed}
    print_result(result, as_json, lambda: console.print_line(message))


def _print_shares(shares: tuple[DocumentShare, ...]) -> None:
    for each in shares:
        console.print_line((each.document, "bold"), f"  with {each.team}  since {each.at:%Y-%m-%d %H:%M}")
    if not shares:
        console.print_line("no document is shared")
