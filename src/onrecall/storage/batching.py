"""Split long lists for SQL: into chunks, or into one bind value of a statement that is built once."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection

from onrecall.storage import validation
from onrecall.storage.database import BACKENDS

CHUNK_SIZE = 500
LETTERS_AT_ONCE = 16_000_000
Item = TypeVar("Item")


def chunked(items: Iterable[Item], size: int = CHUNK_SIZE) -> Iterator[list[Item]]:
    """Yield the items in chunks."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def bounded_rows(
    numbered: Iterable[tuple[int, Mapping[str, Any]]], at_once: int
) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    """Numbered rows to be written at once: so many, or fewer where they are long, so that memory stays bounded."""
    batch: list[tuple[int, Mapping[str, Any]]] = []
    size = 0
    for number, row in numbered:
        batch.append((number, row))
        size += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(batch) >= at_once or size >= LETTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


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
