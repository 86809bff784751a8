"""Back up the whole store at one moment and restore it, ids included; nothing is recomputed.

The archive is for moving data, so it leaves out what belongs to one installation. A backup includes that too: key
hashes, the audit log, deliveries and the cost of models.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.passage import Passage
from onrecall.storage import (
    archive,
    audit,
    migrations,
    passages,
    postgres_search_tables,
    postmortem_actions,
    sequences,
    tables,
    terms,
)
from onrecall.storage.backtests import backtests
from onrecall.storage.batching import bounded_rows
from onrecall.storage.consumer_offsets import cursors
from onrecall.storage.database import Database
from onrecall.storage.document_shares import document_shares
from onrecall.storage.heartbeats import heartbeats
from onrecall.storage.keys import api_keys
from onrecall.storage.mirrored_documents import mirrored, pulled
from onrecall.storage.push_subscriptions import push_subscriptions
from onrecall.storage.recurrence_days import recurrence_changes, recurrence_days
from onrecall.storage.reindex_commit import reindexing, staged_owners, staged_passages
from onrecall.storage.row_codec import Row, parse_row, to_json
from onrecall.storage.sessions import sessions
from onrecall.storage.sign_ins import people, sign_ins
from onrecall.storage.sources import senders
from onrecall.storage.term_runs import term_runs
from onrecall.storage.tickets import tickets
from onrecall.storage.usage import model_calls

BACKED_UP_TABLES: Sequence[Table] = (
    tables.counters,
    *archive.ARCHIVED_TABLES,
    heartbeats,
    document_shares,
    tables.changes,
    tables.terms,
    api_keys,
    people,
    cursors,
    tables.channels,
    tables.threads,
    tables.notices,
    tables.deliveries,
    mirrored,
    pulled,
    model_calls,
    senders,
    backtests,
    audit.audit,
    audit.audit_head,
    audit.erased_audit_rows,
)
"""Tables in order of their foreign keys."""
TRANSIENT_TABLES: Sequence[Table] = (
    tickets,
    push_subscriptions,
    sessions,
    sign_ins,
    reindexing,
    staged_owners,
    staged_passages,
    recurrence_days,
    recurrence_changes,
    term_runs,
)
"""Not backed up: tickets live for seconds, ended sessions and their devices must not return.

An unfinished re-index starts over, the days for recurrences are packed again from the incidents, and what runs say of
terms stands in the rows of `terms`.
"""
SEEDED_TABLES: Sequence[Table] = (tables.counters, audit.audit_head)
"""Tables that have rows in a new store."""
POSITION_TABLES: Sequence[Table] = (cursors, tables.channels)
"""Tables that a server fills before any other data arrives."""
SEARCH_TABLES = ("passage_postings", "passage_words", "passage_vectors")
"""What PostgreSQL alone derives of the passages."""
BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class Backups:
    """Backs up and restores everything. Each method is one transaction."""

    database: Database

    def rows(self) -> Iterator[Row]:
        """Yield a row with the schema version, then all rows as of one moment, while others may write."""
        return self.database.stream(_rows)

    def empty(self) -> bool:
        """Return whether the store has never held any data."""
        with self.database.read() as connection:
            return _is_empty(connection)

    def restore(
        self, rows: Iterable[Mapping[str, Any]], detail: Mapping[str, Any], *, replace: bool = False
    ) -> Mapping[str, int]:
        """Replace the store's content by a backup, as a whole; returns the number of rows per table.

        Raises Conflict if the store is not empty, unless `replace` is set. `detail` goes into the audit log.
        """
        with self.database.write() as connection:
            fresh = _is_empty(connection)
            if not (fresh or replace):
                raise Conflict("the store is not empty; restore into an empty one, or replace this one")
            head = connection.execute(select(audit.audit_head.c.seq, audit.audit_head.c.hash)).one()
            restoring = _Restore(connection)
            restoring.run(rows)
            replaced = None if fresh else {"audit_seq": head.seq, "audit_hash": head.hash}
            audit.add(connection, "backup restored", detail={**detail, "replaced": replaced})
            return restoring.added


def _rows(connection: Connection) -> Iterator[Row]:
    yield {"table": "backup", "schema": migrations.current_version(connection)}
    for table in BACKED_UP_TABLES:
        if table is tables.terms:
            for term, frequency in terms.all_frequencies(connection):
                yield {"table": table.name, "term": term, "passages": frequency}
            continue
        query = select(table).order_by(*table.primary_key).execution_options(yield_per=archive.rows_at_once(table))
        for row in connection.execute(query).mappings():
            yield {"table": table.name} | {name: to_json(value) for name, value in row.items()}


def _is_empty(connection: Connection) -> bool:
    content_tables = (table for table in BACKED_UP_TABLES if table not in (*SEEDED_TABLES, *POSITION_TABLES))
    return not any(connection.execute(select(table).limit(1)).first() for table in content_tables)


class _Restore:
    """One restore: clears the store, then inserts the backup's rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = {table.name: table for table in BACKED_UP_TABLES}
        self._replacements: list[Row] = []
        self._last_change = sequences.current_value(connection, "change")
        self.added: dict[str, int] = {}

    def run(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace the content of the store by these rows."""
        old_passages = set(self._connection.scalars(select(tables.changes.c.passage)))
        self._clear()
        numbered = enumerate(rows, start=1)
        schema = _header(next(numbered, (1, {}))[1])
        for table_name, group in groupby(numbered, key=lambda pair: pair[1].get("table")):
            for batch in bounded_rows(group, BATCH_SIZE):
                self._restore_batch(str(table_name), batch)
        for row in self._replacements:
            self._connection.execute(
                update(api_keys).where(api_keys.c.id == row["id"]).values(replaced_by=row["replaced_by"])
            )
        if schema < postmortem_actions.FIRST_SCHEMA:
            postmortem_actions.track_stored(self._connection)
        self._log_removed(old_passages)

    def _clear(self) -> None:
        if self._connection.dialect.name == "postgresql":
            for derived in SEARCH_TABLES:  # deleting by cascade would be slower
                self._connection.execute(text(f"delete from {derived}"))  # noqa: S608 - the names above
        self._connection.execute(update(api_keys).values(replaced_by=None))
        for table in (*TRANSIENT_TABLES, *reversed(BACKED_UP_TABLES)):
            if table not in SEEDED_TABLES:
                self._connection.execute(delete(table))
        self._connection.execute(update(tables.counters).values(value=0))
        self._connection.execute(update(audit.audit_head).values(seq=0, hash=""))

    def _restore_batch(self, name: str, numbered: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        if name not in self._tables:
            raise Invalid(f"row {numbered[0][0]}: there is no table {name!r}", "table")
        table = self._tables[name]
        columns = {column.name: column for column in table.columns}
        rows = [parse_row(table, columns, row, f"row {number} ({name})") for number, row in numbered]
        try:
            self._insert(table, rows)
        except IntegrityError as error:
            first, last = numbered[0][0], numbered[-1][0]
            message = f"rows {first} to {last} ({name}) contradict the rest: {' '.join(str(error.orig).split())}"
            raise Invalid(message, "rows") from error
        self.added[name] = self.added.get(name, 0) + len(rows)

    def _insert(self, table: Table, rows: list[Row]) -> None:
        if table in SEEDED_TABLES:
            self._update_seeded(table, rows)
            return
        if table is tables.changes:  # numbered after the old store's, so that its indexes see them
            rows = [row | {"seq": row["seq"] + self._last_change} for row in rows]
        if table is api_keys:  # a key may come before the one that replaced it
            self._replacements += [row for row in rows if row["replaced_by"] is not None]
            rows = [row | {"replaced_by": None} for row in rows]
        self._connection.execute(insert(table), rows)
        if table is tables.passages and self._connection.dialect.name == "postgresql":
            restored_passages = [Passage(**{name: row[name] for name in passages.COLUMNS}) for row in rows]
            postgres_search_tables.add(self._connection, [row["id"] for row in rows], restored_passages)

    def _update_seeded(self, table: Table, rows: list[Row]) -> None:
        (key,) = table.primary_key
        for row in rows:
            if table is tables.counters and row["name"] == "change":
                row["value"] += self._last_change
            moved = self._connection.execute(update(table).where(key == row[key.name]).values(row))
            if moved.rowcount == 0:
                self._connection.execute(insert(table), row)

    def _log_removed(self, old_passages: set[int]) -> None:
        """Log the removal of passages that only the old store had."""
        removed = sorted(old_passages - set(self._connection.scalars(select(tables.changes.c.passage))))
        if removed:
            passages.log_changes(self._connection, removed)


def _header(row: Mapping[str, Any]) -> int:
    schema = row.get("schema")
    if row.get("table") != "backup" or not isinstance(schema, int):
        raise Invalid("row 1: this is not a backup of a store; its first row must have `backup` and a schema", "table")
    if schema > migrations.newest_version():
        raise Invalid(f"row 1: the backup has schema {schema}, written by a newer OnRecall; upgrade", "schema")
    return schema
