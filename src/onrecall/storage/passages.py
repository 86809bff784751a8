"""Passages, by which incidents and documents are retrieved, and the log of their changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, or_, select

from onrecall.domain.incident import EvidenceKind, Passage
from onrecall.storage import postgres_search_tables, sequences, terms, validation
from onrecall.storage.batching import chunk_keys, chunked
from onrecall.storage.results import Owner, PassageLogEntry
from onrecall.storage.tables import changes, documents, incidents, passages

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
        _remove(connection, list(removed))
        _insert(connection, added)
        terms.update_counts(connection, [passage.terms for passage in added], list(removed.values()))


def add(connection: Connection, new: Sequence[Passage]) -> None:
    """Add passages to owners that do not have these yet."""
    for n, passage in enumerate(new):
        terms.check_packed(passage, n)
    _insert(connection, new)
    terms.update_counts(connection, [passage.terms for passage in new], [])


def remove(connection: Connection, terms_by_number: Mapping[int, bytes]) -> None:
    """Remove passages; their terms are given by number."""
    _remove(connection, list(terms_by_number))
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


def log_since(connection: Connection, after: int, limit: int) -> list[PassageLogEntry]:
    """Return log entries after a number, in order."""
    rows = connection.execute(select(changes).where(changes.c.seq > after).order_by(changes.c.seq).limit(limit)).all()
    stored_by_number = select_by_id(connection, (row.passage for row in rows))
    owner_details = _owner_details(connection, {(passage.kind, passage.owner) for passage in stored_by_number.values()})
    return [_log_entry(row.seq, row.passage, stored_by_number.get(row.passage), owner_details) for row in rows]


def last_change(connection: Connection) -> int:
    """Return the number of the last change."""
    return sequences.current_value(connection, "change")


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


def _remove(connection: Connection, numbers: Sequence[int]) -> None:
    if not numbers:
        return
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
