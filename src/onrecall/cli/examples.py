"""`onrecall examples`: the example history that ships with OnRecall."""

import json
from dataclasses import asdict

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.domain.count_noun import count_noun

app = typer.Typer(help="Manage the example history.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make this a group although it may have one command."""


@app.command()
def remove(as_json: Json = False) -> None:
    """Remove every example incident, runbook and postmortem, with the answers to them. Your own records stay."""
    with open_app() as context:
        removed = context.memory.remove_examples()
    if as_json:
        typer.echo(json.dumps(asdict(removed)))
    elif removed.incidents or removed.documents:
        console.print_line(
            f"removed {count_noun(removed.incidents, 'example incident')}"
            f" and {count_noun(removed.documents, 'example document')}"
        )
    else:
        console.print_line("nothing to remove: no example record is stored")
