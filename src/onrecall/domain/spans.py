"""Spans around requests and the stages of the pipeline. Nothing records them unless a tracer is installed.

Attributes hold ids, counts and names of the program's own choosing, never text that somebody sent.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

AttributeValue = str | int | float | bool


class Span(Protocol):
    """What can still be said of a span while it lasts; OpenTelemetry's spans can do this."""

    def set_attribute(self, key: str, value: AttributeValue, /) -> None:
        """Add an attribute."""

    def update_name(self, name: str, /) -> None:
        """Change the name."""


class Tracer(Protocol):
    """What makes spans; OpenTelemetry's tracers can do this."""

    @property
    def start_as_current_span(self) -> Callable[..., AbstractContextManager[Any]]:
        """What begins a span inside the current one and ends it with the block; it records an exception."""


class SilentSpan:
    """The span that nobody records."""

    def set_attribute(self, key: str, value: AttributeValue, /) -> None:
        """Do nothing."""

    def update_name(self, name: str, /) -> None:
        """Do nothing."""


_SILENT = SilentSpan()
_installed: list[Tracer] = []


@contextmanager
def installed_tracer(tracer: Tracer) -> Iterator[None]:
    """Record the spans of the whole process with a tracer, until the block ends."""
    _installed.append(tracer)
    try:
        yield
    finally:
        _installed.remove(tracer)


def is_traced() -> bool:
    """Return whether anybody records spans."""
    return bool(_installed)


@contextmanager
def span(name: str, attributes: Mapping[str, AttributeValue] | None = None, **options: Any) -> Iterator[Span]:
    """Record what happens in the block as a span with these attributes; `options` are those of the tracer."""
    if not _installed:
        yield _SILENT
        return
    with _installed[-1].start_as_current_span(name, attributes=dict(attributes or {}), **options) as current:
        yield current
