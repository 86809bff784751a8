"""Long lists for statements: in pieces that fit, or as one value of a statement that is made once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from onrecall.storage import validation
from onrecall.storage.database import BACKENDS

CHUNK_SIZE = 500
Item = TypeVar("Item")


def chunked(items: Iterable[Item], size: int = CHUNK_SIZE) -> Iterator[list[Item]]:
    """The items, so many at a time."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def group_by_first(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """For each first of the pairs its seconds, so many at a time.

    `one = ? and other in (…)` is looked up by an index; for `(one, other) in (…)` SQLite reads the whole table.
    """
    by_first: dict[str, list[str]] = {}
    for first, second in sorted(set(pairs)):
        by_first.setdefault(first, []).append(second)
    for first, values in by_first.items():
        for chunk in chunked(values):
            yield first, chunk


def chunk_keys(names: Iterable[str]) -> Iterator[list[str]]:
    """The names to look for, so many at a time; what can't be stored is not looked for."""
    return chunked(name for name in names if validation.is_storable(name))


def bind_names(connection: Connection, names: Iterable[str]) -> dict[str, object]:
    """The names to look for as the value of `:names`; what can't be stored is not looked for."""
    storable_names = [name for name in names if validation.is_storable(name)]
    return {"names": BACKENDS[connection.dialect.name].bind_list(storable_names)} if storable_names else {}
