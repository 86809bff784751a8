"""What a door hands in, and what comes of reading it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Signal
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Document

MOST_ITEMS = 10_000
"""The most parts that one delivery may have."""
DEEPEST = 64
"""The most levels of nesting that a payload may have."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of a sender, exactly as it came: signatures are over these bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A part of a delivery that could not be read: where it stood, which field is wrong, and how to mend it."""

    where: str
    field: str | None
    message: str
    raw: str
    """The part as JSON, so that it can be kept, listed and tried again."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A sender asks us to fetch an address to prove that we want its messages; only a door may do that."""

    url: str
    topic: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a delivery says, part by part, and which parts could not be read."""

    signals: tuple[Signal, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    documents: tuple[Document, ...] = ()
    confirmation: Confirmation | None = None


Parse = Callable[[Delivery, datetime], Parsed]
"""Read a delivery that came at a time. A body that is no payload of this sender at all is Invalid."""
Verify = Callable[[Delivery, Sequence[str], datetime], None]
"""Forbidden unless one of the secrets signed exactly this body (several: one is being rotated)."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of sender."""

    name: str
    parse: Parse
    verify: Verify | None = None
    """None: this sender signs nothing; it must show a key."""


def load_json(body: bytes) -> Any:
    """The body as JSON; Invalid when it is none, or nested deeper than any sender's."""
    try:
        read = json.loads(body)
    except UnicodeDecodeError as error:
        raise Invalid(f"the body is not UTF-8 at byte {error.start}", "body") from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the body is not JSON: {error}", "body") from error
    if _deeper(read, DEEPEST):
        raise Invalid(f"the body is nested deeper than {DEEPEST} levels", "body")
    return read


def _deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [inner for outer in layer if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not layer:
            return False
    return True


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer
