"""`onrecall risk`: how dangerous a command or a step is, and why."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from onrecall.cli.arguments import Json, text_of
from onrecall.domain.control_characters import strip_control_characters
from onrecall.domain.errors import Invalid
from onrecall.schemas.risk import Kind, assess_risk


def risk(
    command: Annotated[str, typer.Argument(help="A command, or a step in prose; - reads standard input.")],
    words: Annotated[
        bool | None,
        typer.Option("--words/--command", help="Read it as prose, or as a command, regardless of its form."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Assess a command or a step: read_only, reversible, disruptive or destructive. Runs nothing.

    With `--json -` standard input holds one JSON string on each line, and each is answered by one line.
    """
    kind: Kind = "auto" if words is None else "words" if words else "command"
    if as_json:
        for text in _json_lines() if command == "-" else [command]:
            typer.echo(json.dumps(assess_risk(text, kind).to_json()))
        return
    assessed = assess_risk(text_of(command), kind)
    typer.echo(strip_control_characters(f"{assessed.risk}: {assessed.reason}"))


def _json_lines() -> Iterator[str]:
    """Yield the strings on the lines of standard input, each as soon as it arrives. Raises Invalid at a bad line."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            text = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"line {number}: not JSON ({error}); give one JSON string per line", "command") from error
        if not isinstance(text, str):
            raise Invalid(f"line {number}: not a JSON string; give one JSON string per line", "command")
        yield text
