"""Long lists in pieces that fit a statement."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

SIZE = 500
Item = TypeVar("Item")


def parts(items: Iterable[Item], size: int = SIZE) -> Iterator[list[Item]]:
    """The items, so many at a time."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
