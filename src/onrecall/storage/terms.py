"""The document frequency of each term, kept exact in the transaction that adds or removes passages."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from sqlalchemy import Connection, TextClause, delete, text

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Passage
from onrecall.storage import sequences
from onrecall.storage.batching import chunked
from onrecall.storage.database import BACKENDS
from onrecall.storage.results import StoredTermStatistics
from onrecall.storage.tables import terms

PAIR_BYTES = 5
"""A term takes four bytes for its hash and one for its count; all hashes precede all counts."""


def check_packed(passage: Passage, n: int) -> None:
    """Raise Invalid for terms that are not packed as whole pairs."""
    if len(passage.terms) % PAIR_BYTES:
        field = f"passages.{n}.terms"
        raise Invalid(f"{field} are {len(passage.terms)} bytes long; pairs of a hash and a count take five each", field)


def update_counts(connection: Connection, added: Sequence[bytes], removed: Sequence[bytes]) -> None:
    """Update frequencies for added and removed passages."""
    sequences.increment(connection, "passages", len(added) - len(removed))
    sequences.increment(connection, "length", sum(map(count_terms, added)) - sum(map(count_terms, removed)))
    hash_arrays = [unpack_hashes(packed) for packed in (*added, *removed)]
    signs = [1] * len(added) + [-1] * len(removed)
    if not hash_arrays:
        return
    signs_by_term = np.repeat(np.array(signs, dtype=np.int64), [len(term_hashes) for term_hashes in hash_arrays])
    unique, inverse = np.unique(np.concatenate(hash_arrays), return_inverse=True)
    deltas = np.bincount(inverse, weights=signs_by_term, minlength=len(unique)).astype(np.int64)
    changed = [(int(term), int(delta)) for term, delta in zip(unique, deltas, strict=True) if delta]
    if changed:
        BACKENDS[connection.dialect.name].add_frequencies(connection, changed)
    for chunk in chunked([term for term, delta in changed if delta < 0]):
        connection.execute(delete(terms).where(terms.c.term.in_(chunk), terms.c.passages <= 0))


def statistics(connection: Connection, term_hashes: Sequence[int]) -> StoredTermStatistics:
    """Return statistics of these terms; terms that occur nowhere are absent."""
    kind = BACKENDS[connection.dialect.name]
    rows = connection.execute(_statistics(connection.dialect.name), {"numbers": kind.bind_list(term_hashes)}).all()
    totals = {name: value for name, _, value in rows if name}
    frequencies = {term: passages for name, term, passages in rows if not name}
    return StoredTermStatistics(totals["passages"], totals["length"], frequencies)


@cache
def _statistics(dialect: str) -> TextClause:
    """One statement, because each question waits for it: totals by name, terms with an empty name."""
    return text(
        f"select '' as name, term, passages from terms where {BACKENDS[dialect].in_numbers('term')}"  # noqa: S608
        " union all select name, 0, value from counters where name in ('passages', 'length')"
    )


def count_terms(packed: bytes) -> int:
    """Return how many terms a passage has, with repetitions."""
    return (
        int(np.frombuffer(packed, np.uint8, offset=len(packed) // PAIR_BYTES * 4).sum(dtype=np.int64)) if packed else 0
    )


def unpack_hashes(packed: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return the distinct terms of a passage."""
    return np.frombuffer(packed, "<u4", count=len(packed) // PAIR_BYTES)
