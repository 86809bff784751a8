"""What a command prints: lines for people, or JSON for scripts."""

import json
from collections.abc import Callable
from typing import Any

import typer

from onrecall.domain.hidden_characters import visible


def dump(value: Any) -> str:
    """Return a value as the JSON that `--json` prints, without hidden characters, as it is read on terminals, too."""
    return visible(json.dumps(value, ensure_ascii=False, indent=2))


def print_json(value: Any) -> None:
    """Print a value as JSON for scripts."""
    typer.echo(dump(value))


def print_result(value: Any, as_json: bool, show: Callable[[], None]) -> None:
    """Print the value as JSON, or call `show` to print it for people."""
    if as_json:
        print_json(value)
    else:
        show()
