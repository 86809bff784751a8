"""Passages, by which incidents and documents are retrieved, and the log of their changes.

Questions wait for the reads of features and texts, so these are written as SQL, bind lists as one value, and read only
the columns needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Connection, TextClause, bindparam, delete, insert, or_, select, text

from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.passage import Owner, Passage
from onrecall.storage import postgres_search_tables, sequences, terms, validation
from onrecall.storage.batching import chunk_keys, chunked, group_by_first
from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS, Database
from onrecall.storage.results import PassageFeatures, PassageLogEntry, PassageText, StoredTermStatistics, StoredVector
from onrecall.storage.tables import changes, documents, incidents, passages
from onrecall.storage.term_runs import TermRunCache

COLUMNS = tuple(column.name for column in fields(Passage))
SELECT_PASSAGE = select(passages.c.id, *(passages.c[name] for name in COLUMNS))
"""Selects the number and fields in the dataclass's order: retrieval reads hundreds of passages per question."""


@dataclass(slots=True)
class PassageChanges:
    """Target passages of some owners; written together at the end of a transaction."""

    target: dict[Owner, tuple[Passage, ...]] = field(default_factory=dict)
    moved: set[Owner] = field(default_factory=set)
    """Owners whose service or labels changed, so indexes must see even unchanged passages again."""

    def set_passages(self, owner: Owner, new_passages: Iterable[Passage], *, moved: bool = False) -> None:
        """Set the passages of an owner, replacing all others."""
        self.target[owner] = tuple(_checked(_with_owner(passage, owner), n) for n, passage in enumerate(new_passages))
        if moved:
            self.moved.add(owner)

    def write(self, connection: Connection) -> None:
        """Write the differences; unchanged passages keep their numbers."""
        removed: dict[int, bytes] = {}
        added: list[Passage] = []
        stored = select_by_owner(connection, list(self.target))
        for owner, target in self.target.items():
            stored_by_number = dict(stored.get(owner, ()))
            unchanged = set() if owner in self.moved else set(target) & set(stored_by_number.values())
            removed.update(
                (number, passage.terms) for number, passage in stored_by_number.items() if passage not in unchanged
            )
            added += [passage for passage in target if passage not in unchanged]
        _remove(connection, removed)
        _insert(connection, added)
        terms.update_counts(connection, [passage.terms for passage in added], list(removed.values()))


def replace_passages(
    connection: Connection, owner: Owner, new_passages: Iterable[Passage], *, moved: bool = False
) -> None:
    """Replace all passages of one owner; after a move, indexes see even unchanged ones again."""
    changes = PassageChanges()
    changes.set_passages(owner, new_passages, moved=moved)
    changes.write(connection)


class PassageRepository:
    """Passages, their features and texts, and the log of their changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._term_runs = TermRunCache()

    def get(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by number as they are now; removed ones are absent."""
        with self._database.read_newest() as connection:
            return select_by_id(connection, numbers)

    def of_owners(
        self, owners: Sequence[Owner], as_of: datetime | None = None
    ) -> dict[Owner, list[tuple[int, Passage]]]:
        """Return the passages of owners as known at `as_of`, with their numbers."""
        with self._database.read() as connection:
            return select_by_owner(connection, owners, validation.optional_utc(as_of, "as_of"))

    def resolution_vectors(self, owners: Sequence[Owner], as_of: datetime | None = None) -> dict[str, StoredVector]:
        """Return the vector of the first passage of each owner's resolution, as known at `as_of`, by the owner's id."""
        then = validation.optional_utc(as_of, "as_of")
        columns = passages.c
        query = select(columns.owner, columns.vector, columns.model).where(
            columns.part == "resolution", columns.n == 0, columns.vector.is_not(None)
        )
        if then is not None:
            query = query.where(or_(columns.known_from.is_(None), columns.known_from <= then))
        vectors: dict[str, StoredVector] = {}
        with self._database.read() as connection:
            for kind, names in group_by_first(owners):
                chosen = query.where(columns.owner.in_(names), columns.kind == kind)
                vectors |= {row.owner: StoredVector(row.vector, row.model) for row in connection.execute(chosen)}
        return vectors

    def count(self, owner: Owner) -> int:
        """Return the number of passages of an incident or document."""
        with self._database.read() as connection:
            return len(select_by_owner(connection, [owner]).get(owner, ()))

    def features(self, numbers: Sequence[int], as_of: datetime | None = None) -> dict[Owner, list[PassageFeatures]]:
        """Return the features of all passages of these passages' owners, as known at `as_of`, in order."""
        dialect, then = self._database.kind.name, validation.optional_utc(as_of, "as_of")
        values: dict[str, object] = {"numbers": self._database.kind.bind_list(numbers)}
        if then is not None:
            values["as_of"] = then
        with self._database.read() as connection:
            rows = connection.execute(_select_features(dialect, dated=then is not None), values).all()
        features_by_owner: dict[Owner, list[PassageFeatures]] = {}
        for number, kind, owner, packed_terms, vector, model in rows:
            features = PassageFeatures(number, packed_terms, vector, model)
            features_by_owner.setdefault((kind, owner), []).append(features)
        return features_by_owner

    def texts(self, numbers: Sequence[int]) -> dict[int, PassageText]:
        """Return passage texts by number; removed ones are absent."""
        values = {"numbers": self._database.kind.bind_list(numbers)}
        with self._database.read() as connection:
            rows = connection.execute(_select_texts(self._database.kind.name), values).all()
        return {number: PassageText(*fields) for number, *fields in rows}

    def changes(self, after: int, limit: int) -> list[PassageLogEntry]:
        """Return log entries after a number, in order, as the log is now."""
        query = select(changes).where(changes.c.seq > after).order_by(changes.c.seq).limit(limit)
        with self._database.read_newest() as connection:
            rows = connection.execute(query).all()
            stored = select_by_id(connection, (row.passage for row in rows))
            details = _owner_details(connection, {(passage.kind, passage.owner) for passage in stored.values()})
        return [_log_entry(row.seq, row.passage, stored.get(row.passage), details) for row in rows]

    def last_seq(self) -> int:
        """Return the number of the last change, whatever moment other reads of this thread are of."""
        with self._database.read_newest() as connection:
            return sequences.current_value(connection, "change")

    def term_statistics(self, term_hashes: Sequence[int]) -> StoredTermStatistics:
        """Return exact document frequencies of terms."""
        with self._database.read() as connection:
            return terms.statistics(connection, term_hashes, self._term_runs)


def add(connection: Connection, new: Sequence[Passage]) -> None:
    """Add passages to owners that do not have these yet."""
    for n, passage in enumerate(new):
        terms.check_packed(passage, n)
    _insert(connection, new)
    terms.update_counts(connection, [passage.terms for passage in new], [])


def remove(connection: Connection, terms_by_number: Mapping[int, bytes]) -> None:
    """Remove passages; their terms are given by number."""
    _remove(connection, terms_by_number)
    terms.update_counts(connection, [], list(terms_by_number.values()))


def select_by_owner(
    connection: Connection, owners: Sequence[Owner], as_of: datetime | None = None
) -> dict[Owner, list[tuple[int, Passage]]]:
    """Return the passages of each owner in order, with their numbers."""
    passages_by_owner: dict[Owner, list[tuple[int, Passage]]] = {}
    kinds: dict[EvidenceKind, list[str]] = {}
    for kind, name in owners:
        kinds.setdefault(kind, []).append(name)
    for kind, names in kinds.items():
        for chunk in chunk_keys(names):
            query = SELECT_PASSAGE.where(passages.c.kind == kind, passages.c.owner.in_(chunk)).order_by(passages.c.id)
            if as_of is not None:
                query = query.where(or_(passages.c.known_from.is_(None), passages.c.known_from <= as_of))
            for number, *row in connection.execute(query).all():
                passage = Passage(*row)
                passages_by_owner.setdefault((kind, passage.owner), []).append((number, passage))
    return passages_by_owner


def select_by_id(connection: Connection, numbers: Iterable[int]) -> dict[int, Passage]:
    """Return passages by number; removed ones are absent."""
    passages_by_number: dict[int, Passage] = {}
    for chunk in chunked(numbers):
        rows = connection.execute(SELECT_PASSAGE.where(passages.c.id.in_(chunk))).all()
        passages_by_number.update((number, Passage(*row)) for number, *row in rows)
    return passages_by_number


def _log_entry(
    seq: int, number: int, passage: Passage | None, owner_details: Mapping[Owner, tuple[str | None, Mapping[str, str]]]
) -> PassageLogEntry:
    if passage is None:
        return PassageLogEntry(seq, "remove", number, None, None, {})
    service, labels = owner_details[passage.kind, passage.owner]
    return PassageLogEntry(seq, "add", number, passage, service, labels)


def _owner_details(
    connection: Connection, owners: Iterable[Owner]
) -> dict[Owner, tuple[str | None, Mapping[str, str]]]:
    details: dict[Owner, tuple[str | None, Mapping[str, str]]] = {}
    tables: dict[EvidenceKind, list[str]] = {"incident": [], "document": []}
    for kind, name in owners:
        if kind == "suggestion":
            details[kind, name] = (None, {})
        else:
            tables[kind].append(name)
    for kind, names in tables.items():
        table = incidents if kind == "incident" else documents
        for chunk in chunk_keys(names):
            rows = connection.execute(select(table.c.id, table.c.service, table.c.labels).where(table.c.id.in_(chunk)))
            details.update(((kind, row.id), (row.service, row.labels)) for row in rows)
    return details


def _insert(connection: Connection, new: Sequence[Passage]) -> None:
    if not new:
        return
    numbers = sequences.allocate(connection, "passage", len(new))
    rows = [
        {"id": number} | {name: getattr(passage, name) for name in COLUMNS}
        for number, passage in zip(numbers, new, strict=True)
    ]
    connection.execute(insert(passages), rows)
    if connection.dialect.name == "postgresql":
        postgres_search_tables.add(connection, numbers, new)
    log_changes(connection, numbers)


def _remove(connection: Connection, terms_by_number: Mapping[int, bytes]) -> None:
    if not terms_by_number:
        return
    numbers = list(terms_by_number)
    if connection.dialect.name == "postgresql":
        postgres_search_tables.remove_words(connection, terms_by_number)
    for chunk in chunked(numbers):
        connection.execute(delete(passages).where(passages.c.id.in_(chunk)))
        connection.execute(delete(changes).where(changes.c.passage.in_(chunk)))
    log_changes(connection, numbers)


def log_changes(connection: Connection, numbers: Sequence[int]) -> None:
    """Log a change of each passage; a removal is recognised by the passage's absence."""
    seqs = sequences.allocate(connection, "change", len(numbers))
    rows = [{"seq": seq, "passage": number} for seq, number in zip(seqs, numbers, strict=True)]
    connection.execute(insert(changes), rows)


def _checked(passage: Passage, n: int) -> Passage:
    validation.require_text(passage.text, f"passages.{n}.text")
    validation.require_text(passage.heading or "", f"passages.{n}.heading")
    terms.check_packed(passage, n)
    if passage.known_from is None or passage.known_from.tzinfo is UTC:
        return passage
    return replace(passage, known_from=validation.require_utc(passage.known_from, f"passages.{n}.known_from"))


def _with_owner(passage: Passage, owner: Owner) -> Passage:
    kind, name = owner
    return passage if (passage.kind, passage.owner) == owner else replace(passage, owner=name, kind=kind)


@cache
def _select_features(dialect: str, *, dated: bool) -> TextClause:
    in_numbers = BACKENDS[dialect].in_numbers
    statement = text(
        f"with whose as (select distinct kind, owner from passages where {in_numbers('id')})"  # noqa: S608
        " select p.id, p.kind, p.owner, p.terms, p.vector, p.model"
        " from whose join passages p on p.owner = whose.owner and p.kind = whose.kind"
        f"{' where p.known_from is null or p.known_from <= :as_of' if dated else ''} order by p.id"
    )
    statement = statement.execution_options(binary=True)
    return statement.bindparams(bindparam("as_of", type_=Utc())) if dated else statement


@cache
def _select_texts(dialect: str) -> TextClause:
    return text(f"select id, text, line, heading from passages where {BACKENDS[dialect].in_numbers('id')}")  # noqa: S608
