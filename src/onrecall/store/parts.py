"""Long lists in pieces that fit a statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from onrecall.store import guard

SIZE = 500
Item = TypeVar("Item")


def parts(items: Iterable[Item], size: int = SIZE) -> Iterator[list[Item]]:
    """The items, so many at a time."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def keys(names: Iterable[str]) -> Iterator[list[str]]:
    """The names to look for, so many at a time; what can't be stored is not looked for."""
    return parts(name for name in names if guard.storable(name))
