"""`onrecall backtest`: the command; what it runs and prints is in `backtest`."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.cli import backtest as replay
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.cli.terminal import print_error


def backtest(
    path: Annotated[
        Path | None, typer.Argument(help="A history to replay; without it the store's own, which measures confidence.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one HTML page.")] = None,
    min_hit3: Annotated[float | None, typer.Option(min=0, max=1, help="Exit with 1 if hit@3 is below this.")] = None,
    quality: Annotated[bool, typer.Option("--quality", help="Compute what each flaw in the history costs.")] = False,
    each: Annotated[bool, typer.Option("--each", help="With --json: include every answer.")] = False,
    as_json: Json = False,
) -> None:
    """Replay a history in time order and measure how often recall would have been right."""
    finished = replay.run_backtest(path, quality=quality)
    if html is not None:
        finished.write(html)
    print_result(finished.to_json(each=each), as_json, finished.show)
    if short := finished.short_of(min_hit3):
        print_error(short)
        raise typer.Exit(1)
