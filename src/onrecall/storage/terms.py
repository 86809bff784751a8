"""The document frequency of each term, kept exact in the transaction that adds or removes passages.

PostgreSQL counts in a table; on SQLite new changes are kept as runs (`term_runs.py`) beside what is in the table.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from sqlalchemy import Connection, TextClause, delete, select, text

from onrecall.domain.errors import Invalid
from onrecall.domain.passage import Passage
from onrecall.storage import sequences, term_runs
from onrecall.storage.batching import chunked
from onrecall.storage.database import BACKENDS
from onrecall.storage.postgres_connection import array_literal
from onrecall.storage.results import StoredTermStatistics
from onrecall.storage.tables import terms
from onrecall.storage.term_runs import TermRun, TermRunCache

BATCH_SIZE = 5_000
"""Rows read at a time."""
PAIR_BYTES = 5
"""A term takes four bytes for its hash and one for its count; all hashes precede all counts."""
_ADD_TO_TABLE = text(
    "insert into terms (term, passages)"
    " select * from unnest(cast(:terms as bigint[]), cast(:deltas as bigint[]))"
    " on conflict (term) do update set passages = terms.passages + excluded.passages"
)


def check_packed(passage: Passage, n: int) -> None:
    """Raise Invalid for terms that are not packed as whole pairs."""
    if len(passage.terms) % PAIR_BYTES:
        field = f"passages.{n}.terms"
        raise Invalid(f"{field} are {len(passage.terms)} bytes long; pairs of a hash and a count take five each", field)


def update_counts(connection: Connection, added: Sequence[bytes], removed: Sequence[bytes]) -> None:
    """Update frequencies for added and removed passages."""
    length = sum(map(count_terms, added)) - sum(map(count_terms, removed))
    sequences.count_passages(connection, len(added) - len(removed), length)
    hash_arrays = [unpack_hashes(packed) for packed in (*added, *removed)]
    if not hash_arrays:
        return
    signs = np.repeat([1] * len(added) + [-1] * len(removed), [len(term_hashes) for term_hashes in hash_arrays])
    run = TermRun.of(np.concatenate(hash_arrays), signs)
    if connection.dialect.name == "sqlite":
        term_runs.append(connection, run)
    else:
        _update_table(connection, run)


def forget_removed(connection: Connection) -> None:
    """Leave nothing of terms that no passage has any more."""
    if connection.dialect.name == "sqlite":
        term_runs.compact(connection)


def all_frequencies(connection: Connection) -> Iterator[tuple[int, int]]:
    """Yield the frequency of every term that is counted, rightly or wrongly, by rising term."""
    query = select(terms.c.term, terms.c.passages).order_by(terms.c.term).execution_options(yield_per=BATCH_SIZE)
    table = (tuple(row) for row in connection.execute(query))
    runs = term_runs.read_all(connection)
    return term_runs.sums(runs, table) if runs else table


def statistics(connection: Connection, term_hashes: Sequence[int], cache: TermRunCache) -> StoredTermStatistics:
    """Return statistics of these terms; terms that occur nowhere are absent."""
    kind = BACKENDS[connection.dialect.name]
    rows = connection.execute(_statistics(connection.dialect.name), {"numbers": kind.bind_list(term_hashes)}).all()
    totals = {name: value for name, _, value in rows if name}
    base = {term: passages for name, term, passages in rows if name == ""}
    runs = cache.runs(connection, [number for name, number, _ in rows if name is None])
    frequencies = term_runs.frequencies(base, runs, term_hashes)
    return StoredTermStatistics(totals["passages"], totals["length"], frequencies)


def _update_table(connection: Connection, run: TermRun) -> None:
    if len(run.terms):
        changed = {"terms": array_literal(run.terms.tolist()), "deltas": array_literal(run.deltas.tolist())}
        connection.execute(_ADD_TO_TABLE, changed)
    for chunk in chunked(run.terms[run.deltas < 0].tolist()):
        connection.execute(delete(terms).where(terms.c.term.in_(chunk), terms.c.passages <= 0))


@cache
def _statistics(dialect: str) -> TextClause:
    """Select everything in one statement, as each question waits for it: totals by name, terms and runs without one."""
    return text(
        f"select '' as name, term, passages from terms where {BACKENDS[dialect].in_numbers('term')}"  # noqa: S608
        " union all select name, 0, value from counters where name in ('passages', 'length')"
        " union all select null, id, 0 from term_runs"
    )


def count_terms(packed: bytes) -> int:
    """Return how many terms a passage has, with repetitions."""
    return (
        int(np.frombuffer(packed, np.uint8, offset=len(packed) // PAIR_BYTES * 4).sum(dtype=np.int64)) if packed else 0
    )


def unpack_counts(packed: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how often a passage has each of its distinct terms."""
    return np.frombuffer(packed, np.uint8, offset=len(packed) // PAIR_BYTES * 4).astype(np.float64)


def unpack_hashes(packed: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return the distinct terms of a passage."""
    return np.frombuffer(packed, "<u4", count=len(packed) // PAIR_BYTES)
