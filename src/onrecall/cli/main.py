"""The command line. Every command that prints takes `--json`; exit codes are in `exit_codes`."""

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from onrecall import __version__
from onrecall.cli.command_table import CommandTable
from onrecall.cli.exit_codes import run_command

app = typer.Typer(
    name="onrecall",
    cls=CommandTable,
    help="The incident memory for people on call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    team: Annotated[str | None, typer.Option(help="Use this team's store; may also follow the command.")] = None,  # noqa: ARG001 - the table of commands takes it
) -> None:
    if version:
        typer.echo(f"onrecall {__version__}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a known error is a sentence and an exit code, anything else a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    run_command(app, arguments)
