"""Arguments that every command can have, without what a question needs."""

import sys
from typing import Annotated

import typer

from onrecall.domain.errors import Invalid

By = Annotated[str | None, typer.Option(help="Name of the person who does this.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def text_of(text: str) -> str:
    """Return the text, or standard input for `-`."""
    return sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text


def confirm_loss(verb: str, what: str, *, yes: bool) -> None:
    """Ask before something is lost for good; ends the command unless confirmed. Raises Invalid without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid(f"cannot ask whether to {verb} {what} without a terminal; add --yes", "yes")
    typer.confirm(f"Permanently {verb} {what}?", abort=True, err=True)
