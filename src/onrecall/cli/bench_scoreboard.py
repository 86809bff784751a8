"""`onrecall bench all`: everything that is bundled, measured in one run."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from onrecall.bootstrap.app import embedder, settings
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid


def scoreboard(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder with public text and tasks to measure in addition to the example history.", metavar="DIR"
        ),
    ] = None,
    page: Annotated[Path | None, typer.Option("--markdown", help="Write the scoreboard to this page.")] = None,
    as_json: Json = False,
) -> None:
    """Measure ranking, probability, never seen and histories in one run, compared with other systems."""
    from onrecall.benchmarks import scoreboard as measuring  # noqa: PLC0415 - other commands need not pay
    from onrecall.benchmarks import scoreboard_page  # noqa: PLC0415 - likewise

    with console.stage_progress() as progress:
        board = measuring.run(folder, embedder(settings()), progress)
    command = "onrecall bench all" + (" DIR" if folder else "")
    text = scoreboard_page.page(board, command, datetime.now(UTC).date())
    if page is not None:
        _write(page, text)
    print_result(asdict(board), as_json, lambda: console.out.print(Markdown(text)))


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{page} can't be written: {error.strerror}", "markdown") from error
