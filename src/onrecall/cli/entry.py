"""Where the command line begins. `onrecall risk` starts without what only the other commands need."""

import sys

import typer

from onrecall.cli import risk
from onrecall.cli.exit_codes import run


def main() -> None:
    """Run the command that the process was started with."""
    if sys.argv[1:2] == ["risk"]:
        run(_only_risk(), None)
        return
    from onrecall.cli.main import main as run_any  # noqa: PLC0415 - loading all commands takes seconds

    run_any()


def _only_risk() -> typer.Typer:
    """The command line with this command alone, called and described as in the whole one."""
    app = typer.Typer(
        name="onrecall", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
    )
    app.callback()(lambda: None)
    app.command()(risk.risk)
    return app
