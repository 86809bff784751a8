"""Document frequencies on SQLite as sorted runs, so that adding to them costs the same at any size.

An upsert per term would rewrite a page of the table for each word of a passage. Here a transaction appends the changes
of its terms as one row, and rows of a size are merged once there are several, as a log-structured merge tree does.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, Connection, Integer, Table, bindparam, delete, func, insert, select

from onrecall.storage.columns import BytesType, Number
from onrecall.storage.tables import metadata, terms

Hashes = npt.NDArray[np.uint32]
Deltas = npt.NDArray[np.int32]

RUNS_PER_LEVEL = 4
"""So many runs of one level are merged into one."""
FIRST_LEVEL_TERMS = 128
"""A run with fewer terms is of level 0; each level holds runs up to four times as long."""
SUMS_AT_ONCE = 5_000

term_runs = Table(
    "term_runs",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("level", Integer, nullable=False),
    Column("terms", BytesType, nullable=False),  # rising hashes, four bytes each
    Column("deltas", BytesType, nullable=False),  # in how many more passages each is, four bytes each
)
_ADD = insert(term_runs)
_FULL_LEVELS = select(term_runs.c.level).group_by(term_runs.c.level).having(func.count() >= RUNS_PER_LEVEL)
_OF_LEVEL = select(term_runs).where(term_runs.c.level == bindparam("full"))
_BY_ID = select(term_runs).where(term_runs.c.id == bindparam("run"))
_REMOVE = delete(term_runs).where(term_runs.c.id == bindparam("run"))


class TermRun(NamedTuple):
    """How the frequencies of some terms change. A stored run never changes; its number is never given to another."""

    terms: Hashes
    """Rising."""
    deltas: Deltas

    @classmethod
    def of(cls, hashes: npt.ArrayLike, deltas: npt.ArrayLike) -> "TermRun":
        """Sum changes by term; terms whose changes cancel out are left out."""
        unique, inverse = np.unique(np.asarray(hashes, np.uint32), return_inverse=True)
        sums = np.bincount(inverse, weights=np.asarray(deltas), minlength=len(unique))
        changed = sums != 0
        return cls(unique[changed], sums[changed].astype(np.int32))

    @classmethod
    def merged(cls, runs: Sequence["TermRun"]) -> "TermRun":
        """Sum several runs."""
        return cls.of(np.concatenate([run.terms for run in runs]), np.concatenate([run.deltas for run in runs]))

    def add_counts(self, hashes: Hashes, totals: npt.NDArray[np.int64]) -> None:
        """Add the change of each term to the totals, in the order of the terms."""
        places = self.terms.searchsorted(hashes)
        totals += self.deltas.take(places, mode="clip") * (self.terms.take(places, mode="clip") == hashes)


class TermRunCache:
    """The runs that this process read. They never change, so a number is enough to know one again."""

    def __init__(self) -> None:
        self._runs: dict[int, TermRun] = {}

    def runs(self, connection: Connection, ids: Iterable[int]) -> list[TermRun]:
        """Return the runs with these numbers, and forget all others."""
        known = self._runs
        current = {number: known.get(number) or _read(connection, number) for number in ids}
        if current.keys() != known.keys():
            self._runs = current
        return list(current.values())


def append(connection: Connection, run: TermRun) -> None:
    """Add the changes of a transaction, and merge what has become many."""
    if not len(run.terms):
        return
    _insert(connection, run)
    while (level := connection.scalar(_FULL_LEVELS)) is not None:
        _replace(connection, connection.execute(_OF_LEVEL, {"full": level}).all())


def compact(connection: Connection) -> None:
    """Merge all runs and what earlier releases counted into one run, so that nothing is left of removed terms."""
    table = connection.execute(select(terms.c.term, terms.c.passages).execution_options(yield_per=SUMS_AT_ONCE))
    base = _from_rows((row.term, row.passages) for row in table)
    connection.execute(delete(terms))
    _replace(connection, connection.execute(select(term_runs)).all(), base)


def read_all(connection: Connection) -> list[TermRun]:
    """Return all runs."""
    return [_parse(row) for row in connection.execute(select(term_runs))]


def sums(runs: Sequence[TermRun], table: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield each term of a table and of runs with the sum of its changes, by rising term; none whose sum is 0."""
    merged = TermRun.merged([*runs, _from_rows(table)])
    for start in range(0, len(merged.terms), SUMS_AT_ONCE):
        part = slice(start, start + SUMS_AT_ONCE)
        yield from zip(merged.terms[part].tolist(), merged.deltas[part].tolist(), strict=True)


def frequencies(base: Mapping[int, int], runs: Sequence[TermRun], term_hashes: Sequence[int]) -> dict[int, int]:
    """Return the frequency of each term that occurs: what the table says, changed by the runs."""
    if not runs:
        return {term: base[term] for term in term_hashes if base.get(term, 0) > 0}
    hashes, totals = np.array(term_hashes, np.uint32), np.zeros(len(term_hashes), np.int64)
    for run in runs:
        run.add_counts(hashes, totals)
    counted = {term: base.get(term, 0) + change for term, change in zip(term_hashes, totals.tolist(), strict=True)}
    return {term: passages for term, passages in counted.items() if passages > 0}


def _from_rows(rows: Iterable[tuple[int, int]]) -> TermRun:
    pairs = np.fromiter(rows, np.dtype((np.int64, 2)))
    return TermRun.of(pairs[:, 0], pairs[:, 1])


def _replace(connection: Connection, rows: Sequence[Any], *more: TermRun) -> None:
    """Replace stored runs by their sum."""
    runs = [*(_parse(row) for row in rows), *more]
    if rows:
        connection.execute(_REMOVE, [{"run": row.id} for row in rows])
    merged = TermRun.merged(runs)
    if len(merged.terms):
        _insert(connection, merged)


def _insert(connection: Connection, run: TermRun) -> None:
    level = (len(run.terms) // FIRST_LEVEL_TERMS).bit_length() + 1 >> 1
    values = {
        "id": secrets.randbits(62),
        "level": level,
        "terms": run.terms.astype("<u4").tobytes(),
        "deltas": run.deltas.astype("<i4").tobytes(),
    }
    connection.execute(_ADD, values)


def _read(connection: Connection, number: int) -> TermRun:
    return _parse(connection.execute(_BY_ID, {"run": number}).one())


def _parse(row: Any) -> TermRun:
    return TermRun(np.frombuffer(row.terms, "<u4"), np.frombuffer(row.deltas, "<i4"))
