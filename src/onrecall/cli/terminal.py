"""Plain sentences for a terminal, without what it would obey."""

import unicodedata

from rich.console import Console
from rich.text import Text

from onrecall.domain.hidden_characters import visible

err = Console(stderr=True, highlight=False, soft_wrap=True)


def inert(text: str) -> str:
    """Strip control characters, which a terminal would obey, and hidden ones."""
    return "".join(
        " " if c == "\t" else c for c in visible(text) if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")
    )


def print_error(message: str) -> None:
    """Print a sentence to the error stream."""
    err.print(Text(inert(message), "red"))
