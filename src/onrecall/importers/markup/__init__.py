"""Documents in other forms than Markdown → Markdown; where the form allows it, line for line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onrecall.importers.markup.readers import BINARIES, SUFFIXES, TEXTS

__all__ = ["BINARIES", "SUFFIXES", "TEXTS"]


def __getattr__(name: str) -> Any:
    """Import a name of this package when it is first used: who reads Jira's markup needs no reader of HTML."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("onrecall.importers.markup.readers"), name)
