"""Split long lists for SQL: into chunks, or into one bind value of a statement that is built once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from onrecall.storage import validation
from onrecall.storage.database import BACKENDS

CHUNK_SIZE = 500
Item = TypeVar("Item")


def chunked(items: Iterable[Item], size: int = CHUNK_SIZE) -> Iterator[list[Item]]:
    """Yield the items in chunks."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def group_by_first(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each first element with a chunk of its second elements.

    `a = ? and b in (…)` uses an index; for `(a, b) in (…)` SQLite scans the table.
    """
    by_first: dict[str, list[str]] = {}
    for first, second in sorted(set(pairs)):
        by_first.setdefault(first, []).append(second)
    for first, values in by_first.items():
        for chunk in chunked(values):
            yield first, chunk


def chunk_keys(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield the names in chunks, without those that can't be stored and so can't be found."""
    return chunked(name for name in names if validation.is_storable(name))


def bind_names(connection: Connection, names: Iterable[str]) -> dict[str, object]:
    """Return the bind value for `:names`, without names that can't be stored; empty if none is left."""
    storable_names = [name for name in names if validation.is_storable(name)]
    return {"names": BACKENDS[connection.dialect.name].bind_list(storable_names)} if storable_names else {}
