"""Plain sentences for a terminal, without what it would obey."""

import unicodedata

from rich.console import Console
from rich.text import Text

err = Console(stderr=True, highlight=False, soft_wrap=True)


def inert(text: str) -> str:
    """Strip control and direction-changing characters, which a terminal would obey."""
    return "".join(
        " " if c == "\t" else c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )


def print_error(message: str) -> None:
    """Print a sentence to the error stream."""
    err.print(Text(inert(message), "red"))
