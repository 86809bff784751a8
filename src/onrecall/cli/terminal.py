"""Plain sentences for a terminal, without what it would obey."""

from rich.console import Console
from rich.text import Text

from onrecall.domain.control_characters import strip_control_characters

err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_error(message: str) -> None:
    """Print a sentence to the error stream."""
    err.print(Text(strip_control_characters(message), "red"))
