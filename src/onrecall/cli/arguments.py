"""Arguments that every command can have, without what a question needs."""

import sys
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def text_of(text: str) -> str:
    """The text, or standard input for `-`."""
    return sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text
