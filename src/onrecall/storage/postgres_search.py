"""Candidate passages from PostgreSQL: words by packed postings of our terms, meaning by pgvector's HNSW index.

`postgres_search_tables` fills these tables in the transaction that stores the passages.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, TextClause, select, text

from onrecall.domain.situation import Filter
from onrecall.storage import postgres_connection, postgres_postings, postgres_search_tables
from onrecall.storage.database import Database
from onrecall.storage.passages import select_by_id
from onrecall.storage.postgres_connection import array_literal
from onrecall.storage.postgres_postings import Numbers
from onrecall.storage.tables import passages

BUDGET = 30_000
"""Postings a word search may read: it uses the rarest terms within this budget, which bounds its time."""
MAX_EF_SEARCH = 1000
"""The most that pgvector takes."""
FEW_PASSAGES = 20_000
"""With fewer passages left by a filter, comparing them all is faster than HNSW."""
MAX_INDEXED_DIMENSIONS = 4000
"""The most dimensions HNSW can index; longer vectors are compared one by one."""
BATCH_SIZE = 500
LOOK_UP_FIRST = 4
"""How many of the best candidates are looked up at first, for each one asked for."""
UNFILTERED = "w.kind <> 'suggestion'"
"""The condition of a question without a filter: only a filter for suggestions finds them."""
MIN_WHOLE = 2
"""So many terms within the budget were read whole; one alone may be a frequent word that only old passages have."""
NOTHING: tuple[Numbers, npt.NDArray[np.float64]] = np.empty(0, np.int64), np.empty(0, np.float64)
SELECT_POSTINGS = text(
    "with asked as materialized ("  # noqa: S608 - two numbers of ours
    " select t.term, t.passages, q.gain, sum(t.passages) over (order by t.passages, t.term) as rows"
    " from unnest(cast(:terms as bigint[]), cast(:gains as float8[])) as q (term, gain)"
    " join terms t on t.term = q.term"
    "), chosen as materialized ("
    f" select cast(term - {postgres_postings.TERM_OFFSET} as integer) as term, gain,"
    " case when passages <= :budget or :all_blocks then 0"
    f" else greatest(0, last.value - :budget * last.value / passages) >> {postgres_postings.BLOCK_BITS} end as oldest"
    " from asked, (select value from counters where name = 'passage') as last"
    " where rows <= :budget or rows = passages"
    ")"
    " select chosen.gain, string_agg(int8send(p.block), '') as blocks,"
    " string_agg(int2send(cast(length(p.postings) as int2)), '') as sizes, string_agg(p.postings, '') as postings"
    " from chosen join passage_postings p on p.term = chosen.term and p.block >= chosen.oldest"
    " group by chosen.term, chosen.gain"
).execution_options(binary=True)
"""The postings of the rarest terms within the budget, at least of one. Of one that alone exceeds it, the newest, unless
all blocks are asked for: because a filter may leave out just these, or few were found where they would lie if the term
were spread evenly.
"""


class PostgresSearch:
    """Searches by terms and by the vectors of one model; safe for many threads and processes."""

    def __init__(self, database: Database, model: str | None, dimensions: int) -> None:
        self._database, self._model, self._dimensions = database, model, dimensions
        self._make_index()
        self._complete()

    def words(
        self, gains: Mapping[int, int], only: Filter, as_of: datetime | None, exclude: Collection[str], limit: int
    ) -> list[int]:
        """Return the passages with the highest sum of what each term counts times its impact there."""
        where, values = _filter_condition(only, as_of, exclude)
        query_terms = {"terms": array_literal(gains), "gains": array_literal(gains.values()), "budget": BUDGET}
        with self._database.read() as connection:
            rows = _read_postings(connection, query_terms, all_blocks=where != UNFILTERED)
            numbers, scores = _scores(rows)
            if where == UNFILTERED and len(rows) < MIN_WHOLE and len(numbers) < limit:
                numbers, scores = _scores(_read_postings(connection, query_terms, all_blocks=True))
            if where == UNFILTERED:  # only one term that alone exceeds the budget brings more
                numbers, scores = numbers[-BUDGET:], scores[-BUDGET:]
            return _visible(connection, numbers, scores, (where, values), limit)

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
        values |= {"vector": postgres_search_tables.vector_literal(vector), "limit": limit}
        with self._database.read() as connection:
            few = where != UNFILTERED and _leaves_few(connection, where, values)
            if not few and limit > postgres_connection.LEAST_EF_SEARCH:
                chosen = {"hnsw.ef_search": str(min(MAX_EF_SEARCH, limit))}
                connection.execute(text(postgres_connection.set_local_sql(chosen)))
            rows = connection.execute(self._select_nearest(where, compare_all=few), values).all()
        return [row.id for row in sorted(rows, key=lambda row: (row.far, row.id))]

    def _select_nearest(self, where: str, *, compare_all: bool) -> TextClause:
        """Return the statement for the nearest vectors, by the index or by comparing all that a filter leaves."""
        distance = f"{self._column} <#> cast(:vector as halfvec({self._dimensions}))"
        order = f"({distance}) + 0" if compare_all else distance
        return text(
            f"select v.id, {distance} as far from passage_vectors v join passage_words w on w.id = v.id"  # noqa: S608
            f" where {self._of_model} and {where} order by {order} limit :limit"
        ).execution_options(binary=True)

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


def _read_postings(connection: Connection, query_terms: Mapping[str, Any], *, all_blocks: bool) -> Sequence[Row[Any]]:
    return connection.execute(SELECT_POSTINGS, {**query_terms, "all_blocks": all_blocks}).all()


def _scores(rows: Sequence[Row[Any]]) -> tuple[Numbers, npt.NDArray[np.float64]]:
    return postgres_postings.scores(*zip(*rows, strict=True)) if rows else NOTHING


def _visible(
    connection: Connection,
    numbers: Numbers,
    scores: npt.NDArray[np.float64],
    condition: tuple[str, Mapping[str, Any]],
    limit: int,
) -> list[int]:
    """Return the best passages that a filter leaves; of equals the one with the smaller number comes first.

    Most filters leave enough of the best few, so these are looked up first; then all that the filter leaves, or if
    those are many, the best within the budget.
    """
    where, values = condition
    best = _best(numbers, scores, LOOK_UP_FIRST * limit)
    visible = _look_up(connection, best, condition)
    if len(visible) < limit and len(best) < len(numbers):
        few = connection.execute(_select_few(where), {**values, "few": FEW_PASSAGES}).scalars().all()
        if len(few) < FEW_PASSAGES:
            left = np.isin(numbers, few)
            best, visible = _best(numbers[left], scores[left], limit), few
        else:
            best = _best(numbers, scores, BUDGET)
            visible = _look_up(connection, best, condition)
    best_first: list[int] = best[np.isin(best, visible)][:limit].tolist()
    return best_first


def _look_up(connection: Connection, numbers: Numbers, condition: tuple[str, Mapping[str, Any]]) -> Sequence[int]:
    """Return those of some passages that a filter leaves."""
    where, values = condition
    parameters = {**values, "ids": array_literal(numbers.tolist())}
    return connection.execute(_select_visible(where), parameters).scalars().all()


def _best(numbers: Numbers, scores: npt.NDArray[np.float64], count: int) -> Numbers:
    """Return the numbers with the highest scores, best first."""
    if len(numbers) > count:
        reach = scores >= np.partition(scores, -count)[-count]
        numbers, scores = numbers[reach], scores[reach]
    return numbers[np.lexsort((numbers, -scores))][:count]


@lru_cache(maxsize=64)
def _select_visible(where: str) -> TextClause:
    statement = f"select w.id from passage_words w where w.id = any(cast(:ids as bigint[])) and {where}"  # noqa: S608
    return text(statement).execution_options(binary=True)


@lru_cache(maxsize=64)
def _select_few(where: str) -> TextClause:
    statement = f"select w.id from passage_words w where {where} limit :few"  # noqa: S608
    return text(statement).execution_options(binary=True)


def _leaves_few(connection: Connection, where: str, values: Mapping[str, Any]) -> bool:
    """Return whether a filter leaves few passages; an index answers this without reading all of them."""
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
    hidden = [UNFILTERED] if only.kind is None else []
    return " and ".join([*needed, *hidden]), dict(needed.values())
