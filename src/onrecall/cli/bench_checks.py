"""`onrecall bench checks`: whether the next best check is the one that was made, and whether it tells causes apart."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from onrecall import examples
from onrecall.bootstrap.app import embedder, settings
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.backtest import read_history
from onrecall.cli.output import print_result
from onrecall.cli.trust import format_estimate

if TYPE_CHECKING:
    from onrecall.benchmarks.next_checks import CheckReport, PathFigures


def checks(
    history: Annotated[
        Path | None, typer.Argument(help="A history in any format that import reads; by default the example history.")
    ] = None,
    golden: Annotated[
        Path | None, typer.Option(help="Golden check paths (JSONL), asked after the history is replayed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the next best check on the check sequences of a history, replayed in time order."""
    from onrecall.benchmarks.golden_checks import read_golden_paths  # noqa: PLC0415 - other commands need not pay
    from onrecall.benchmarks.next_checks import measure_checks  # noqa: PLC0415 - likewise

    paths = read_golden_paths(golden) if golden else ()
    with console.stage_progress() as advance:
        reports = measure_checks(read_history(history or examples.FOLDER), embedder(settings()), paths, advance)
    print_result({name: asdict(report) for name, report in reports.items()}, as_json, lambda: _print_reports(reports))


def _print_reports(reports: Mapping[str, "CheckReport"]) -> None:
    for name, report in reports.items():
        console.print_line(
            (f"\n{name}", "bold"),
            f"  {report.openings} openings, {report.with_path} with a check path, {report.paths.n} of these answered "
            "with checks",
        )
        table = Table("on the check path", "all", "several causes in question")
        for words, cells in _path_rows(report.paths, report.paths_with_alternatives):
            table.add_row(words, *cells)
        console.out.print(table)
        causes = report.causes
        table = Table("the right cause leads, of those in question", "")
        table.add_row("before any check", format_estimate(causes.before))
        table.add_row("after the next best check", format_estimate(causes.after_best))
        table.add_row("after the precedent's first", format_estimate(causes.after_precedent))
        table.add_row("after any one of them", _percent(causes.after_any))
        console.out.print(table)


def _path_rows(*columns: "PathFigures") -> list[tuple[str, list[str]]]:
    return [
        ("the next best check", [format_estimate(figures.first) for figures in columns]),
        ("the precedent's first check", [format_estimate(figures.first_of_precedent) for figures in columns]),
        ("any one of those proposed", [_percent(figures.any_check) for figures in columns]),
        ("ahead of any one, in points", [format_estimate(figures.ahead_of_any) for figures in columns]),
        ("one of the first three", [format_estimate(figures.within_three) for figures in columns]),
    ]


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.0%}"
