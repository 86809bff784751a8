"""The search tables of PostgreSQL, written together with the passages: packed postings, and pgvector's vectors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from onrecall.domain.passage import Passage
from onrecall.storage import postgres_postings, terms
from onrecall.storage.postgres_connection import array_literal

ADD_WORDS = text(
    "insert into passage_words"
    " select q.id, q.kind, q.owner, o.service, coalesce(o.labels, '{}'), q.known_from, q.length"
    " from unnest(cast(:ids as bigint[]), cast(:kinds as text[]), cast(:owners as text[]),"
    " cast(:known_from as timestamptz[]), cast(:lengths as integer[])) as q (id, kind, owner, known_from, length)"
    " left join lateral (select service, cast(labels as jsonb) as labels from incidents"
    "  where q.kind = 'incident' and incidents.id = q.owner"
    "  union all select service, cast(labels as jsonb) from documents"
    "  where q.kind = 'document' and documents.id = q.owner) as o on true"
)


def add(connection: Connection, numbers: Sequence[int], new: Sequence[Passage]) -> None:
    """Index new passages; their owners must be stored already."""
    add_words(connection, numbers, new)
    add_vectors(connection, numbers, new)


def add_words(connection: Connection, numbers: Sequence[int], new: Sequence[Passage]) -> None:
    """Index passages by their terms."""
    if not new:
        return
    columns = {
        "ids": array_literal(numbers),
        "kinds": [passage.kind for passage in new],
        "owners": [passage.owner for passage in new],
        "known_from": [passage.known_from for passage in new],
        "lengths": array_literal([terms.count_terms(passage.terms) for passage in new]),
    }
    connection.execute(ADD_WORDS, columns)
    packed = {number: passage.terms for number, passage in zip(numbers, new, strict=True)}
    postgres_postings.add(connection, packed)


def remove_words(connection: Connection, packed_terms: Mapping[int, bytes]) -> None:
    """Remove passages, given by number with the terms that they were indexed by."""
    connection.execute(
        text("delete from passage_words where id = any(cast(:ids as bigint[]))"), {"ids": array_literal(packed_terms)}
    )
    postgres_postings.remove(connection, packed_terms)


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


def _vector(passage: Passage) -> npt.NDArray[np.float16] | None:
    """Return a passage's vector if it can be compared."""
    if not passage.vector or passage.model is None or len(passage.vector) % 2:
        return None
    vector = np.frombuffer(passage.vector, "<f2")
    return vector if np.isfinite(vector).all() else None


def vector_literal(vector: npt.NDArray[np.floating[Any]]) -> str:
    """Return a vector as pgvector's literal; five digits distinguish any two half floats."""
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
