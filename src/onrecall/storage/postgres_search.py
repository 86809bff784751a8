"""Candidate passages from PostgreSQL: words by a GIN index over our terms, meaning by pgvector's HNSW index.

`postgres_search_tables` fills both tables in the transaction that stores the passages.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, TextClause, select, text

from onrecall.domain.incident import Filter
from onrecall.storage import postgres_search_tables
from onrecall.storage.database import Database
from onrecall.storage.passages import select_by_id
from onrecall.storage.tables import passages

BUDGET = 30_000
"""Rows a word search may touch: it uses the rarest terms within this budget, which bounds its time."""
EF_SEARCH = 200
"""HNSW's `ef_search`, at least."""
FEW_PASSAGES = 20_000
"""With fewer passages left by a filter, comparing them all is faster than HNSW."""
MAX_INDEXED_DIMENSIONS = 4000
"""The most dimensions HNSW can index; longer vectors are compared one by one."""
BATCH_SIZE = 500
PLAN_SETTINGS: Mapping[str, str] = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
"""Compiling a query would take longer than running it, and filters differ too much to share a plan."""


class PostgresSearch:
    """Searches by terms and by the vectors of one model; safe for many threads and processes."""

    def __init__(self, database: Database, model: str | None, dimensions: int) -> None:
        self._database, self._model, self._dimensions = database, model, dimensions
        self._make_index()
        self._complete()

    def words(
        self, weights: Mapping[int, float], only: Filter, as_of: datetime | None, exclude: Collection[str], limit: int
    ) -> list[int]:
        """Return passages that have most of these terms, weighted by rarity and by the question's weights."""
        where, values = _filter_condition(only, as_of, exclude)
        values |= {"terms": list(weights), "weights": [*map(float, weights.values())], "budget": BUDGET, "limit": limit}
        with self._database.read() as connection:
            _set_local(connection, PLAN_SETTINGS)
            return list(connection.execute(_select_by_words(where), values).scalars())

    def meaning(
        self,
        vector: npt.NDArray[np.float32],
        only: Filter,
        as_of: datetime | None,
        exclude: Collection[str],
        limit: int,
    ) -> list[int]:
        """Return the passages with the nearest vectors."""
        if self._model is None or len(vector) != self._dimensions:
            return []
        where, values = _filter_condition(only, as_of, exclude)
        distance = f"{self._column} <#> cast(:vector as halfvec({self._dimensions}))"
        with self._database.read() as connection:
            filtered = where != "true"
            order = f"({distance}) + 0" if filtered and _leaves_few(connection, where, values) else distance
            statement = text(
                f"select v.id, {distance} as far from passage_vectors v"  # noqa: S608
                f" {'join passage_words w on w.id = v.id' if filtered else ''}"
                f" where {self._of_model} and {where} order by {order} limit :limit"
            )
            search_settings = {
                "hnsw.ef_search": str(min(1000, max(EF_SEARCH, limit))),
                "hnsw.iterative_scan": "relaxed_order",
            }
            _set_local(connection, {**PLAN_SETTINGS, **search_settings})
            values |= {"vector": postgres_search_tables.vector_literal(vector), "limit": limit}
            rows = connection.execute(statement, values).all()
        return [row.id for row in sorted(rows, key=lambda row: (row.far, row.id))]

    @property
    def _column(self) -> str:
        return f"(vector::halfvec({self._dimensions}))".replace(":", r"\:")

    @property
    def _of_model(self) -> str:
        """The model as an SQL literal: a partial index is used only if the condition names the same one."""
        name = (self._model or "").replace("'", "''").replace(":", r"\:")
        return f"model = '{name}'"

    def _make_index(self) -> None:
        """Create the index for this model's vectors, which may have a length of their own."""
        if self._model is None or not 0 < self._dimensions <= MAX_INDEXED_DIMENSIONS:
            return
        name = f"passage_vectors_{hashlib.sha256(f'{self._model} {self._dimensions}'.encode()).hexdigest()[:16]}"
        with self._database.read() as connection:
            own = "select to_regclass(format('%I.%I', current_schema(), cast(:name as text)))"
            if connection.scalar(text(own), {"name": name}) is not None:
                return
        with self._database.write() as connection:
            connection.execute(
                text(
                    f"create index if not exists {name} on passage_vectors using hnsw ({self._column} halfvec_ip_ops)"
                    f" with (m = 16, ef_construction = 64) where {self._of_model}"
                )
            )

    def _complete(self) -> None:
        """Index passages that were stored under an older schema."""
        lacking = (
            select(passages.c.id)
            .where(text("not exists (select from passage_words w where w.id = passages.id)"))
            .order_by(passages.c.id)
            .limit(BATCH_SIZE)
        )
        with self._database.read() as connection:
            numbers = connection.scalars(lacking).all()
        while numbers:
            with self._database.write() as connection:
                numbers = connection.scalars(lacking).all()
                missing = select_by_id(connection, numbers)
                postgres_search_tables.add(connection, list(missing), list(missing.values()))


@lru_cache(maxsize=64)
def _select_by_words(where: str) -> TextClause:
    """Return the statement that chooses the rarest terms within the budget, at least one, and ranks their passages.

    It is one statement because each question waits for it. `where` is a condition on `passage_words w`.
    """
    return text(
        "with asked as materialized ("  # noqa: S608
        " select t.term, t.passages, q.weight, sum(t.passages) over (order by t.passages, t.term) as rows"
        " from unnest(cast(:terms as bigint[]), cast(:weights as float8[])) as q (term, weight)"
        " join terms t on t.term = q.term"
        "), chosen as materialized ("
        f" select cast(term - {postgres_search_tables.TERM_OFFSET} as integer) as term, weight"
        " * ln(1 + (total.value - passages + half) / (passages + half)) as gain"
        " from asked, (select cast(value as float8) as value, cast(0.5 as float8) as half"
        " from counters where name = 'passages') as total"
        " where rows <= :budget or rows = passages"
        ")"
        " select found.id from chosen"
        " join lateral (select w.id, w.length from passage_words w"
        f" where w.terms @> array[chosen.term] and {where} limit :budget) as found on true"
        " group by found.id, found.length"
        " order by sum(chosen.gain) / (cast(1.2 as float8) + cast(0.018 as float8) * found.length) desc,"
        " found.id limit :limit"
    )


def _leaves_few(connection: Connection, where: str, values: Mapping[str, Any]) -> bool:
    """Whether a filter leaves few passages; an index answers this without reading all of them."""
    statement = text(f"select count(*) from (select from passage_words w where {where} limit :few) as few")  # noqa: S608
    return int(connection.scalar(statement, {**values, "few": FEW_PASSAGES}) or 0) < FEW_PASSAGES


def _filter_condition(only: Filter, as_of: datetime | None, exclude: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return the condition on `passage_words w` for visible passages, and its bind values."""
    conditions = {
        "w.kind = :kind": ("kind", only.kind),
        "w.service = :service": ("service", only.service),
        "w.labels @> cast(:labels as jsonb)": ("labels", json.dumps(dict(only.labels)) if only.labels else None),
        "(w.known_from is null or w.known_from <= :as_of)": ("as_of", as_of),
        "w.owner <> all(cast(:exclude as text[]))": ("exclude", sorted(exclude) or None),
    }
    needed = {condition: pair for condition, pair in conditions.items() if pair[1] is not None}
    hidden = ["w.kind <> 'suggestion'"] if only.kind is None else []  # only found by a filter for suggestions
    return " and ".join([*needed, *hidden]) or "true", dict(needed.values())


def _set_local(connection: Connection, settings: Mapping[str, str]) -> None:
    """Change settings until the end of the transaction, in one round trip."""
    changes = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    connection.execute(text(f"select {changes}"))
