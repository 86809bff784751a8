"""`onrecall config`: whether the settings are as they are meant."""

from dataclasses import asdict
from typing import Annotated

import typer

from onrecall.bootstrap.config_check import ConfigFinding, ConfigReport, check_config
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.doctor_report import print_settings
from onrecall.cli.output import print_result

app = typer.Typer(help="Check the settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make this a group although it may have one command."""


@app.command()
def check(
    show_all: Annotated[bool, typer.Option("--all", help="List the settings at their defaults as well.")] = False,
    as_json: Json = False,
) -> None:
    """Check all settings: what is wrong, what has no effect, unknown names, and where each value comes from.

    Secrets are masked, nothing is opened and nobody is called. Ends with 1 if anything is wrong.
    """
    report = check_config()
    errors, warnings = report.at("error"), report.at("warning")
    value = {
        "errors": [_as_json(finding) for finding in errors],
        "warnings": [_as_json(finding) for finding in warnings],
        "settings": [asdict(setting) for setting in report.settings],
    }
    print_result(value, as_json, lambda: _print(report, show_all=show_all))
    if errors:
        raise typer.Exit(1)


def _as_json(finding: ConfigFinding) -> dict[str, str | None]:
    return {"variable": finding.variable or None, "message": finding.message}


def _print(report: ConfigReport, *, show_all: bool) -> None:
    for finding in report.at("error"):
        printing.print_line(("ERROR    ", "bold red"), _sentence(finding))
    for finding in report.at("warning"):
        printing.print_line(("WARNING  ", "yellow"), _sentence(finding))
    if not report.findings:
        printing.print_line(("fine     ", "green"), "the settings have no problems")
    printing.print_line(("\nsettings", "bold"))
    print_settings(report.settings, show_all=show_all)


def _sentence(finding: ConfigFinding) -> str:
    return f"{finding.variable}: {finding.message}" if finding.variable else finding.message
