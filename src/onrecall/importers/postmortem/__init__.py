"""Postmortems: what a document tells of an incident, each field with the line it came from."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onrecall.importers.postmortem.incident_text import FrontMatter, Reading
    from onrecall.importers.postmortem.reader import incidents

__all__ = ["FrontMatter", "Reading", "incidents"]


def __getattr__(name: str) -> Any:
    """Import a name of this package when it is first used: who asks for the topic of a heading needs no reader."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("onrecall.importers.postmortem.reader"), name)
