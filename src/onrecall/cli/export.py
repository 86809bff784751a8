"""`onrecall export`: all of memory as files in a folder."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.export import archive


def export(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder.")],
    as_json: Json = False,
) -> None:
    """Write all of memory to a folder; importing it into an empty store gives the same store."""
    with open_app() as context:
        counts = archive.write(context.memory.store, folder)
    print_result({"folder": str(folder), "rows": counts}, as_json, lambda: console.print_exported(folder, counts))
