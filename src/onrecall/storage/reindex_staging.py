"""Stage passages for another embedding model or tokenizer beside the current ones; `reindex_commit` swaps them in.

Passages are staged by owner together with the state they were made from. So a killed re-index continues where it was,
changes in the meantime are noticed, and nothing is visible before all is complete.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from onrecall.domain.errors import Conflict
from onrecall.domain.passage import Passage
from onrecall.storage import postgres_search_tables, reindex_commit, sequences
from onrecall.storage.database import Database
from onrecall.storage.passages import COLUMNS, select_by_owner
from onrecall.storage.reindex_commit import reindexing, staged_owners, staged_passages
from onrecall.storage.results import EmbeddingVersion, ReindexedItem, ReindexItem
from onrecall.storage.suggestions import suggestions
from onrecall.storage.tables import documents, incidents, passages


class ReindexStaging:
    """A re-index to one embedding version. Several processes may share it; starting another version ends it."""

    def __init__(self, database: Database, make: EmbeddingVersion) -> None:
        self._database, self._target_version = database, make

    def begin(self) -> int:
        """Continue a re-index to this version and drop any other; returns how many passages are left to make."""
        with self._database.write() as connection:
            if _target(connection) not in (None, self._target_version):
                _drop(connection)
            _claim(connection, self._target_version)
            query = select(func.count()).select_from(passages).where(_needs_reindex(self._target_version))
            return int(connection.scalar(query) or 0)

    def next(self, after: int, limit: int) -> tuple[list[ReindexItem], int]:
        """Return the owners to re-index after a passage number, and the number to continue with; empty at the end."""
        with self._database.read() as connection:
            query = (
                select(passages.c.id, passages.c.kind, passages.c.owner, owner_state(passages).label("state"))
                .where(passages.c.id > after, _needs_reindex(self._target_version))
                .order_by(passages.c.id)
                .limit(limit)
            )
            rows = connection.execute(query).all()
        items = dict.fromkeys(ReindexItem((row.kind, row.owner), row.state) for row in rows)
        return list(items), rows[-1].id if rows else after

    def stage(self, items: Sequence[ReindexedItem]) -> None:
        """Stage the new passages of these owners, replacing what was staged before."""
        with self._database.write() as connection:
            _claim(connection, self._target_version)
            _stage(connection, items)

    def swap(self) -> int | None:
        """Swap in everything staged, in one transaction, and return the number of passages replaced or added.

        Returns None without doing anything while some passages are still to be made.
        """
        with self._database.write() as connection:
            _claim(connection, self._target_version)
            _drop_outdated(connection)
            if connection.scalar(select(exists().where(_needs_reindex(self._target_version)))):
                return None
            replaced = reindex_commit.swap(connection)
            _drop(connection)
            return replaced


class ReindexRepository:
    """Which versions the passages were embedded by, and the way from one to another."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_by_version(self, current: EmbeddingVersion) -> Mapping[EmbeddingVersion, int]:
        """Return the number of passages by embedding version.

        Passages of the current version are not counted one by one, for these are normally all that there are.
        """
        with self._database.read() as connection:
            outdated = {
                EmbeddingVersion(row.model, row.terms_version): row.number
                for row in connection.execute(_count_outdated(current))
            }
            rest = sequences.current_value(connection, "passages") - sum(outdated.values())
        return outdated | ({current: rest} if rest > 0 else {})

    def staging(self, target: EmbeddingVersion) -> ReindexStaging:
        """Return the staging of a re-index to this version."""
        return ReindexStaging(self._database, target)


def _count_outdated(current: EmbeddingVersion) -> CompoundSelect[Any]:
    """Count passages by versions other than the current one; each part is a range of the index of versions."""
    model, version = passages.c.model, passages.c.terms_version
    other_models = [model.is_not(None)] if current.model is None else [model.is_(None), *_unlike(model, current.model)]
    same_model = model.is_(None) if current.model is None else model == current.model
    ranges = [
        *other_models,
        *(same_model & part for part in (version.is_(None), *_unlike(version, current.terms_version))),
    ]
    count = select(model, version, func.count().label("number")).group_by(model, version)
    return union_all(*(count.where(part) for part in ranges))


def _unlike(column: Column[Any], value: object) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Match the values below and above: SQL looks `<>` up in no index."""
    return column < value, column > value


def owner_state(table: Table) -> ColumnElement[str]:
    """Return the hash of the current content of a row's owner; null if it is gone."""
    of_incident = select(incidents.c.state_hash).where(incidents.c.id == table.c.owner)
    of_document = select(documents.c.hash).where(documents.c.id == table.c.owner)
    of_suggestion = select(suggestions.c.id).where(suggestions.c.id == table.c.owner)  # its content makes its id
    return case(
        (table.c.kind == "incident", of_incident.correlate(table).scalar_subquery()),
        (table.c.kind == "suggestion", of_suggestion.correlate(table).scalar_subquery()),
        else_=of_document.correlate(table).scalar_subquery(),
    )


def _needs_reindex(target: EmbeddingVersion) -> ColumnElement[bool]:
    """Passages of another version whose owners are not staged in their current state."""
    is_outdated = or_(
        passages.c.model.is_distinct_from(target.model), passages.c.terms_version.is_distinct_from(target.terms_version)
    )
    state = owner_state(passages)
    staged = exists().where(
        staged_owners.c.owner == passages.c.owner,
        staged_owners.c.kind == passages.c.kind,
        staged_owners.c.state == state,
    )
    return and_(is_outdated, state.is_not(None), ~staged)


def _target(connection: Connection) -> EmbeddingVersion | None:
    row = connection.execute(select(reindexing.c.model, reindexing.c.terms_version)).one_or_none()
    return None if row is None else EmbeddingVersion(row.model, row.terms_version)


def _claim(connection: Connection, make: EmbeddingVersion) -> None:
    """Make this the current re-index. Raises Conflict if one to another version was started since."""
    target = _target(connection)
    if target is None:
        values = {"number": 1, "model": make.model, "terms_version": make.terms_version}
        connection.execute(insert(reindexing).values(values))
    elif target != make:
        raise Conflict(
            f"another re-index, to {target.model or 'no model'}, was started in the meantime; this one stops"
        )


def _drop(connection: Connection) -> None:
    """Drop the staged passages and the re-index."""
    for table in (staged_passages, staged_owners, reindexing):
        connection.execute(delete(table))
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "delete from passage_vectors v using passages p where p.id = v.id and v.model is distinct from p.model"
            )
        )


def _drop_outdated(connection: Connection) -> None:
    """Drop what was staged from outdated content."""
    outdated = owner_state(staged_owners).is_distinct_from(staged_owners.c.state)
    names = [(row.owner, row.kind) for row in connection.execute(select(staged_owners).where(outdated))]
    _unstage(connection, names)


def _unstage(connection: Connection, owners: Sequence[tuple[str, str]]) -> None:
    for start in range(0, len(owners), reindex_commit.BATCH_SIZE):
        chunk = owners[start : start + reindex_commit.BATCH_SIZE]
        for table in (staged_passages, staged_owners):
            owned = table.c.owner.in_([owner for owner, _ in chunk])  # which an index answers, as it does not the pair
            connection.execute(delete(table).where(owned, tuple_(table.c.owner, table.c.kind).in_(chunk)))


def _stage(connection: Connection, items: Sequence[ReindexedItem]) -> None:
    owners = [
        {"owner": item.remaking.owner[1], "kind": item.remaking.owner[0], "state": item.remaking.state}
        for item in items
    ]
    _unstage(connection, [(owner["owner"], owner["kind"]) for owner in owners])
    new_passages = [passage for item in items for passage in item.passages]
    if owners:
        connection.execute(insert(staged_owners), owners)
    if new_passages:
        connection.execute(
            insert(staged_passages), [{name: getattr(passage, name) for name in COLUMNS} for passage in new_passages]
        )
    if connection.dialect.name == "postgresql":
        _index_vectors(connection, items, new_passages)


def _index_vectors(connection: Connection, items: Sequence[ReindexedItem], new_passages: Sequence[Passage]) -> None:
    """Index the vectors now, beside the current ones: HNSW takes a millisecond each, too long for the swap."""
    stored = select_by_owner(connection, [item.remaking.owner for item in items])
    numbers = {_place_of(passage): number for owned in stored.values() for number, passage in owned}
    indexed = [passage for passage in new_passages if _place_of(passage) in numbers]
    postgres_search_tables.add_vectors(connection, [numbers[_place_of(passage)] for passage in indexed], indexed)


def _place_of(passage: Passage) -> tuple[str, str, str, int]:
    return passage.kind, passage.owner, passage.part, passage.n
