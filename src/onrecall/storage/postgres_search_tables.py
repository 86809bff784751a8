"""The search tables of PostgreSQL: terms as arrays, vectors as pgvector's; written together with the passages."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from onrecall.domain.incident import Passage
from onrecall.storage import terms

TERM_OFFSET = 1 << 31
"""Terms are unsigned but PostgreSQL's integers are not, so this is subtracted."""


def add(connection: Connection, numbers: Sequence[int], new: Sequence[Passage]) -> None:
    """Index new passages; their owners must be stored already."""
    add_words(connection, numbers, new)
    add_vectors(connection, numbers, new)


def add_words(connection: Connection, numbers: Sequence[int], new: Sequence[Passage]) -> None:
    """Index passages by their terms."""
    if not new:
        return
    connection.execute(
        text(
            "insert into passage_words select cast(:id as bigint), :kind, :owner, o.service, o.labels,"
            " cast(:known_from as timestamptz), :length, cast(:terms as integer[])"
            " from (select 'incident' as kind, id, service, cast(labels as jsonb) as labels from incidents"
            "  union all select 'document', id, service, cast(labels as jsonb) from documents) as o"
            " where o.kind = :kind and o.id = :owner"
        ),
        [_words_row(number, passage) for number, passage in zip(numbers, new, strict=True)],
    )


def add_vectors(connection: Connection, numbers: Sequence[int], new: Sequence[Passage]) -> None:
    """Index passages by their vectors, in addition to vectors of other models."""
    rows = [
        {"id": number, "model": passage.model, "vector": vector_literal(vector)}
        for number, passage in zip(numbers, new, strict=True)
        for vector in [_vector(passage)]
        if vector is not None
    ]
    if rows:
        connection.execute(
            text(
                "insert into passage_vectors (id, model, vector) values (:id, :model, cast(:vector as halfvec))"
                " on conflict (id, model) do update set vector = excluded.vector"
            ),
            rows,
        )


def _words_row(number: int, passage: Passage) -> dict[str, Any]:
    hashes = terms.unpack_hashes(passage.terms).astype(np.int64) - TERM_OFFSET
    return {
        "id": number,
        "kind": passage.kind,
        "owner": passage.owner,
        "known_from": passage.known_from,
        "length": terms.count_terms(passage.terms),
        "terms": hashes.tolist(),
    }


def _vector(passage: Passage) -> npt.NDArray[np.float16] | None:
    """Return a passage's vector if it can be compared."""
    if not passage.vector or passage.model is None or len(passage.vector) % 2:
        return None
    vector = np.frombuffer(passage.vector, "<f2")
    return vector if np.isfinite(vector).all() else None


def vector_literal(vector: npt.NDArray[np.floating[Any]]) -> str:
    """Return a vector as pgvector's literal; five digits distinguish any two half floats."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
