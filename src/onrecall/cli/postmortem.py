"""`onrecall postmortem`: a draft from the records."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid


def postmortem(
    incident_id: Annotated[str, typer.Argument(help="The incident.", metavar="ID")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file, which must not exist yet.")] = None,
    as_json: Json = False,
) -> None:
    """Print a draft of a resolved incident's postmortem, in Markdown. Writes nothing to the store."""
    with open_app() as home:
        text = home.memory.draft_postmortem(incident_id)
    if out is not None:
        _write(out, text)
    value = {"incident": incident_id, "markdown": text, "file": str(out) if out else None}
    print_result(value, as_json, lambda: printing.print_line(f"written to {out}" if out else text.rstrip("\n")))


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise Invalid(f"{file} exists already; name another file", "out") from error
    except OSError as error:
        raise Invalid(f"{file} can't be written: {error.strerror}", "out") from error
