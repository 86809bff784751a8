"""`onrecall teams`: who has a store of their own in this installation."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from onrecall.bootstrap import teams
from onrecall.bootstrap.teams import installation_settings
from onrecall.cli import console
from onrecall.cli.arguments import Json, confirm_loss
from onrecall.cli.output import print_result
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import OnRecallError
from onrecall.domain.team import INSTALLATION
from onrecall.export import backup as backups
from onrecall.settings import Settings
from onrecall.storage import Storage

app = typer.Typer(
    help="Add, list and remove teams, whose data is kept apart; back up and verify all of them.", no_args_is_help=True
)
RESTART = "restart `onrecall serve` and `onrecall worker`"
Name = Annotated[str, typer.Argument(help="The team: lower-case letters, digits and underscores.", metavar="NAME")]


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the stores of this installation: its own and those of teams."""
    chosen = installation_settings()
    rows = [_summary(name, own) for name, own in _all_stores(chosen)]
    print_result({"items": rows}, as_json, lambda: _print_rows(rows))


@app.command()
def add(name: Name, as_json: Json = False) -> None:
    """Add a team with an empty store. A repetition changes nothing."""
    is_new = teams.add_team(installation_settings(), name)
    result = {"team": name, "added": is_new}
    print_result(result, as_json, lambda: _print_added(name, is_new))


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Delete what it holds without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Delete the store of a team. Asks first if it holds anything. Stop `serve` and `worker` before."""
    chosen = installation_settings()
    _confirm_removal(name, teams.team_settings(chosen, name), yes=yes)
    teams.remove_team(chosen, name)
    print_result({"team": name, "removed": True}, as_json, lambda: console.print_line(f"{name} is removed; {RESTART}"))


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the stores of all teams up to this version's schema."""
    names = []
    for name, own in _all_stores(installation_settings()):
        Storage.open(own.database).close()
        names.append(name)
    print_result({"upgraded": names}, as_json, lambda: console.print_line(f"up to date: {', '.join(names)}"))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Folder for one file per store.", metavar="FOLDER")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    as_json: Json = False,
) -> None:
    """Back up the stores of all teams, one file each; `onrecall restore --team NAME` loads one."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, own in _all_stores(installation_settings()):
        file = folder / f"{name}.backup"
        with closing(Storage.open(own.database)) as store, console.progress_bar(f"backing up {name}", None) as advance:
            manifest = backups.write(store, file, advance, force=force)
        rows.append({"team": name, "file": str(file), "rows": manifest.total, "sha256": manifest.sha256})
    print_result({"items": rows}, as_json, lambda: _print_files(rows))


@app.command()
def verify(as_json: Json = False) -> None:
    """Verify the audit chain and the consistency of all teams' stores; exits with 1 if anything is wrong."""
    rows = [_verified(name, own) for name, own in _all_stores(installation_settings())]
    print_result({"items": rows}, as_json, lambda: _print_verified(rows))
    if any(row["wrong"] for row in rows):
        raise typer.Exit(1)


def _all_stores(chosen: Settings) -> Iterator[tuple[str, Settings]]:
    yield INSTALLATION, chosen
    for name in teams.team_names(chosen):
        yield name, teams.derive_settings(chosen, name)


def _summary(name: str, own: Settings) -> Mapping[str, Any]:
    """Return how much a store holds; a store that can't be opened is listed with the reason."""
    try:
        with closing(Storage.open(own.database)) as store:
            counts = store.health.counts()
            keys = len(store.keys.all())
    except OnRecallError as error:
        return {"team": name, "error": str(error)}
    return {"team": name, "incidents": counts["incidents"], "documents": counts["documents"], "keys": keys}


def _verified(name: str, own: Settings) -> Mapping[str, Any]:
    with closing(Storage.open(own.database)) as store:
        count, wrong = store.audit.verify()
        return {"team": name, "audit_rows": count, "wrong": [*wrong, *store.health.check()]}


def _confirm_removal(name: str, own: Settings, *, yes: bool) -> None:
    """Ask before anything is lost."""
    with closing(Storage.open(own.database)) as store:
        if store.backups.empty():
            return
        counts = store.health.counts()
    stored = f"{count_noun(counts['incidents'], 'incident')}, {count_noun(counts['documents'], 'document')}"
    contents = f"{stored} and everything else of {name}"
    confirm_loss("delete", contents, yes=yes)


def _print_rows(rows: list[Mapping[str, Any]]) -> None:
    for row in rows:
        about = row.get("error") or ", ".join(
            count_noun(row[f"{noun}s"], noun) for noun in ("incident", "document", "key")
        )
        console.print_line((f"{row['team']:<30}", "bold"), f"  {about}")


def _print_added(name: str, is_new: bool) -> None:
    if not is_new:
        console.print_line(f"{name} exists already")
        return
    console.print_line("added ", (name, "bold"), f"; {RESTART}, so that they serve it")
    console.print_line((f"its first key: onrecall keys create NAME --role admin --team {name}", "dim"))


def _print_files(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        console.print_line((row["team"], "bold"), f"  {row['file']}: {count_noun(row['rows'], 'row')}")


def _print_verified(rows: list[Mapping[str, Any]]) -> None:
    for row in rows:
        state = "not all as it should be" if row["wrong"] else "all present and unchanged"
        console.print_line((row["team"], "bold"), f"  {row['audit_rows']:,} audit rows, {state}")
        for problem in row["wrong"]:
            console.print_line((problem, "bold red"), indent=2)
