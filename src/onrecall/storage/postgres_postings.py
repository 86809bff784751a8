"""Which passages have a term, packed: a row of `passage_postings` has those of a term in a block of passage numbers.

A posting takes three bytes: the passage's place in its block (big-endian) and the term's impact there. So a question
reads tens of thousands of postings in a few hundred rows, and adds append to the newest block's rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from onrecall.domain.term_impacts import impacts
from onrecall.storage import terms
from onrecall.storage.batching import chunked
from onrecall.storage.postgres_connection import array_literal

BLOCK_BITS = 10
"""A block is 1,024 consecutive passage numbers: the row of a term that all of them have is 3 kB, less than a page."""
BLOCKS_AT_ONCE = 32
"""Blocks that one statement writes to, which bounds the size of its values to some megabytes."""
TERM_OFFSET = 1 << 31
"""Terms are unsigned but PostgreSQL's integers are not, so this is subtracted."""
POSTING = np.dtype([("place", ">u2"), ("impact", "u1")])

Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Postings = npt.NDArray[np.void]

ADD = text(
    "with given as materialized (select * from unnest("
    " cast(:terms as integer[]), cast(:blocks as bigint[]), cast(:postings as bytea[])) as q (term, block, postings)"
    "), appended as ("
    " update passage_postings p set postings = p.postings || given.postings from given"
    " where p.term = given.term and p.block = given.block returning p.term, p.block"
    ") insert into passage_postings select * from given"
    " where not exists (select from appended a where a.term = given.term and a.block = given.block)"
)
"""`on conflict` would lock each row before it updates it; the writers' lock makes that needless."""
SELECT_ROWS = text(
    "select p.term, p.block, p.postings from passage_postings p"
    " join unnest(cast(:terms as integer[]), cast(:blocks as bigint[])) as q (term, block) using (term, block)"
)
REPLACE = text(
    "update passage_postings p set postings = q.postings"
    " from unnest(cast(:terms as integer[]), cast(:blocks as bigint[]), cast(:postings as bytea[]))"
    " as q (term, block, postings) where p.term = q.term and p.block = q.block"
)
DELETE_EMPTY = text(
    "delete from passage_postings p using unnest(cast(:terms as integer[]), cast(:blocks as bigint[]))"
    " as q (term, block) where p.term = q.term and p.block = q.block and p.postings = ''"
)


def add(connection: Connection, packed_terms: Mapping[int, bytes]) -> None:
    """Add the terms of passages by number; none of them may have postings yet."""
    for chunk in _by_blocks(packed_terms):
        _add(connection, chunk)


def _add(connection: Connection, packed_terms: Mapping[int, bytes]) -> None:
    term_ids, numbers, own_impacts = _unpack(packed_terms)
    if not len(term_ids):
        return
    postings = np.empty(len(term_ids), POSTING)
    postings["place"], postings["impact"] = numbers & ((1 << BLOCK_BITS) - 1), own_impacts
    starts, rows = _rows_of(term_ids, numbers)
    ends = [*starts[1:].tolist(), len(postings)]
    data = (postings[start:end].tobytes() for start, end in zip(starts.tolist(), ends, strict=True))
    connection.execute(ADD, rows | {"postings": _bytes_literal(data)})


def remove(connection: Connection, packed_terms: Mapping[int, bytes]) -> None:
    """Remove the terms that passages had, by number."""
    for chunk in _by_blocks(packed_terms):
        _remove(connection, chunk)


def _remove(connection: Connection, packed_terms: Mapping[int, bytes]) -> None:
    term_ids, numbers, _ = _unpack(packed_terms)
    if not len(term_ids):
        return
    _, touched = _rows_of(term_ids, numbers)
    removed = np.unique(numbers)
    remaining: list[tuple[int, int, bytes]] = []
    for term, block, data in connection.execute(SELECT_ROWS, touched):
        postings = np.frombuffer(data, POSTING)
        stays = ~np.isin((block << BLOCK_BITS) + postings["place"].astype(np.int64), removed)
        remaining.append((term, block, postings[stays].tobytes()))
    keys = {"terms": array_literal(row[0] for row in remaining), "blocks": array_literal(row[1] for row in remaining)}
    connection.execute(REPLACE, keys | {"postings": _bytes_literal(row[2] for row in remaining)})
    connection.execute(DELETE_EMPTY, keys)


def scores(
    gains: Sequence[float], blocks: Sequence[bytes], sizes: Sequence[bytes], data: Sequence[bytes]
) -> tuple[Numbers, Scores]:
    """Return the numbers of the passages with any of some terms, rising, and the BM25 score of each.

    Each argument has an item a term: what the term counts; its blocks, eight bytes each; how many bytes of postings
    each block has, two bytes each; the postings themselves.
    """
    counts = np.frombuffer(b"".join(sizes), ">i2").astype(np.int64) // POSTING.itemsize
    postings = np.frombuffer(b"".join(data), POSTING)
    numbers = np.repeat(np.frombuffer(b"".join(blocks), ">i8") << BLOCK_BITS, counts) + postings["place"]
    distinct, position = np.unique(numbers.astype(np.int64), return_inverse=True)
    gain = np.repeat(np.array(gains, np.float64), [len(own) // POSTING.itemsize for own in data])
    return distinct, np.bincount(position, gain * postings["impact"], len(distinct)).astype(np.float64)


def _by_blocks(packed_terms: Mapping[int, bytes]) -> Iterator[dict[int, bytes]]:
    """Yield the passages in the order of their numbers, those of a few blocks at a time."""
    by_block = groupby(sorted(packed_terms), lambda number: number >> BLOCK_BITS)
    blocks = [list(numbers) for _, numbers in by_block]
    for chunk in chunked(blocks, BLOCKS_AT_ONCE):
        yield {number: packed_terms[number] for numbers in chunk for number in numbers}


def _unpack(packed_terms: Mapping[int, bytes]) -> tuple[Numbers, Numbers, npt.NDArray[np.uint8]]:
    """Return the term, the passage's number and the impact for each term of each passage, by term and number."""
    hashes, numbers, counts, lengths = [], [], [], []
    for number, packed in packed_terms.items():
        own, own_counts = terms.unpack_hashes(packed), terms.unpack_counts(packed)
        hashes.append(own.astype(np.int64) - TERM_OFFSET)
        numbers.append(np.full(len(own), number, np.int64))
        counts.append(own_counts)
        lengths.append(np.full(len(own), own_counts.sum()))
    if not hashes:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    term_ids, rows = np.concatenate(hashes), np.concatenate(numbers)
    order = np.lexsort((rows, term_ids))
    return term_ids[order], rows[order], impacts(np.concatenate(counts), np.concatenate(lengths))[order]


def _rows_of(term_ids: Numbers, numbers: Numbers) -> tuple[npt.NDArray[np.intp], dict[str, str]]:
    """Return where each row of the table begins in sorted postings, and the keys of these rows."""
    blocks = numbers >> BLOCK_BITS
    differs = (np.diff(term_ids) != 0) | (np.diff(blocks) != 0)
    starts = np.flatnonzero(np.concatenate(([True], differs)))
    keys = {"terms": array_literal(term_ids[starts].tolist()), "blocks": array_literal(blocks[starts].tolist())}
    return starts, keys


def _bytes_literal(values: Iterable[bytes]) -> str:
    """Return values as the literal of a bytea[]."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
