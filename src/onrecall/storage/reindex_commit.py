"""The end of a re-index: staged passages replace the current ones, in a few statements.

A passage that keeps its place keeps its number and is logged as changed, so that every index follows.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from onrecall.domain.passage import Passage
from onrecall.storage import passages as stored_passages
from onrecall.storage import postgres_search_tables, sequences, terms
from onrecall.storage.batching import chunked
from onrecall.storage.columns import TextType
from onrecall.storage.tables import changes, metadata, passage_content, passages

BATCH_SIZE = 5_000
"""Passages per batch where they must go through this process."""
PLACE_COLUMNS = ("owner", "kind", "part", "n")


reindexing = Table(
    "reindexing",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1: there is one at a time
    Column("model", TextType),
    Column("terms_version", Integer, nullable=False),
)

staged_owners = Table(
    "staged_owners",
    metadata,
    Column("owner", TextType, primary_key=True),
    Column("kind", TextType, primary_key=True),
    Column("state", TextType, nullable=False),  # the hash of what its passages were made of
)

staged_passages = Table(
    "staged_passages",
    metadata,
    Column("owner", TextType, primary_key=True),
    Column("kind", TextType, primary_key=True),
    Column("part", TextType, primary_key=True),
    Column("n", Integer, primary_key=True),
    *passage_content(),
)


def swap(connection: Connection) -> int:
    """Replace current passages by staged ones. Returns how many were replaced or added."""
    _remove_leftover(connection)
    replaced = _replace(connection)
    return replaced + _add_new(connection)


def _remove_leftover(connection: Connection) -> None:
    """Remove passages that their owners no longer have."""
    owned = exists().where(staged_owners.c.owner == passages.c.owner, staged_owners.c.kind == passages.c.kind)
    leftover = (
        select(passages.c.id, passages.c.terms).where(owned, ~exists().where(_same_place())).order_by(passages.c.id)
    )
    for chunk in chunked(connection.execute(leftover).all(), BATCH_SIZE):
        stored_passages.remove(connection, {row.id: row.terms for row in chunk})


def _replace(connection: Connection) -> int:
    """Overwrite passages that keep their place."""
    moved = select(passages.c.id).join(staged_passages, _same_place())
    number = int(connection.scalar(select(func.count()).select_from(moved.subquery())) or 0)
    reworded = _recount(connection)
    connection.execute(delete(changes).where(changes.c.passage.in_(moved)))
    last = sequences.current_value(connection, "change")
    seq = literal(last) + func.row_number().over(order_by=passages.c.id)
    logged = select(seq, passages.c.id).join_from(passages, staged_passages, _same_place())
    connection.execute(insert(changes).from_select(["seq", "passage"], logged))
    sequences.increment(connection, "change", number)
    values = {name: staged_passages.c[name] for name in stored_passages.COLUMNS if name not in PLACE_COLUMNS}
    connection.execute(update(passages).values(values).where(_same_place()))
    if connection.dialect.name == "postgresql":
        _update_search(connection, reworded)
    return number


def _recount(connection: Connection) -> dict[int, bytes]:
    """Update term counts; returns the terms that passages had whose terms or times differ, by number, rising."""
    differs = or_(
        passages.c.terms != staged_passages.c.terms,
        passages.c.known_from.is_distinct_from(staged_passages.c.known_from),
    )
    query = select(passages.c.id, passages.c.terms, staged_passages.c.terms.label("new"))
    chosen = query.join(staged_passages, _same_place()).where(differs).order_by(passages.c.id)
    rows = connection.execute(chosen).all()  # PostgreSQL rewrites a block of postings once for its neighbours
    for chunk in chunked(rows, BATCH_SIZE):
        terms.update_counts(connection, [row.new for row in chunk], [row.terms for row in chunk])
    return {row.id: row.terms for row in rows}


def _add_new(connection: Connection) -> int:
    """Add passages at new places."""
    number = 0
    for chunk in chunked(_new_passages(connection), BATCH_SIZE):
        stored_passages.add(connection, chunk)
        number += len(chunk)
    return number


def _new_passages(connection: Connection) -> Iterator[Passage]:
    query = select(staged_passages).where(~exists().where(_same_place()))
    for row in connection.execute(query).mappings().all():
        yield Passage(**{name: row[name] for name in stored_passages.COLUMNS})


def _update_search(connection: Connection, reworded: Mapping[int, bytes]) -> None:
    """Update PostgreSQL's search tables: changed terms, and vectors not indexed during staging."""
    for chunk in chunked(reworded, BATCH_SIZE):
        postgres_search_tables.remove_words(connection, {number: reworded[number] for number in chunk})
        stored = stored_passages.select_by_id(connection, chunk)
        postgres_search_tables.add_words(connection, list(stored), list(stored.values()))
    unindexed = (
        select(passages.c.id)
        .join(staged_passages, _same_place())
        .where(
            passages.c.vector.is_not(None),
            text("not exists (select from passage_vectors v where v.id = passages.id and v.model = passages.model)"),
        )
    )
    for chunk in chunked(connection.scalars(unindexed).all(), BATCH_SIZE):
        stored = stored_passages.select_by_id(connection, chunk)
        postgres_search_tables.add_vectors(connection, list(stored), list(stored.values()))


def _same_place() -> ColumnElement[bool]:
    return and_(*(passages.c[name] == staged_passages.c[name] for name in PLACE_COLUMNS))
