"""Dump the store as rows of plain JSON and load it back: for moving, for keeping, and for changing the database.

What can be recomputed (term statistics, the change log) is left out. Passages are included with their vectors, because
embedding them again takes hours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, get_args

from sqlalchemy import JSON, Column, Connection, Table, Text, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import EXAMPLE
from onrecall.domain.passage import Passage
from onrecall.storage import audit, examples, migrations, passages, postmortem_actions, sequences, tables
from onrecall.storage.action_items import action_items
from onrecall.storage.batching import bounded_rows
from onrecall.storage.cause_families import cause_families, cause_family_members
from onrecall.storage.columns import Utc
from onrecall.storage.database import Database
from onrecall.storage.incident_images import incident_images
from onrecall.storage.maintenance import maintenance_windows
from onrecall.storage.memory_banks import memory_banks, retained
from onrecall.storage.row_codec import Row, parse_row, to_json
from onrecall.storage.suggestions import suggestions
from onrecall.storage.trust import curves, judged

ARCHIVED_TABLES: Sequence[Table] = (
    tables.incidents,
    tables.resolutions,
    tables.links,
    tables.documents,
    tables.recommendations,
    tables.citations,
    tables.outcomes,
    tables.performed,
    tables.events,
    judged,
    curves,
    tables.alerts,
    tables.notes,
    incident_images,
    action_items,
    tables.change_events,
    tables.rejected,
    tables.pairings,
    suggestions,
    maintenance_windows,
    memory_banks,
    retained,
    cause_families,
    cause_family_members,
    tables.passages,
)
"""Tables in order of their foreign keys."""
ORDER_COLUMNS = {"recommendations": "n", "events": "seq", "alerts": "id", "rejected": "id", "passages": "id"}
"""Columns that only number rows in order of arrival; loading assigns new numbers in the same order."""
SEQUENCES: Mapping[str, sequences.Sequence] = {
    "recommendations": "recommendation",
    "events": "event",
    "alerts": "alert",
    "rejected": "rejected",
}
LOCAL_COLUMNS = frozenset(
    {"waiting", "given_hash", "due_at", "quiet_since", "claimed_by", "claimed_until", "expires_at", "released"}
)
"""Columns that may differ between two stores with the same content."""
NATURAL_KEYS: Mapping[str, tuple[str, ...]] = {"alerts": ("source", "key", "starts_at"), "rejected": ("source", "hash")}
"""Natural keys of tables whose ids differ between stores."""
TEXT_COLUMNS: Mapping[str, frozenset[str]] = {
    table.name: frozenset(
        column.name
        for column in table.columns
        if isinstance(column.type, (Text, JSON)) and not isinstance(column.type, Utc)
    )
    for table in ARCHIVED_TABLES
}
"""The columns of each table that hold text, plain or in JSON."""
BATCH_SIZE = 500
IMAGES_AT_ONCE = 2
"""Rows read at once; one picture takes as much as thousands of other rows."""


class Archive:
    """The whole store as rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def dump(self) -> Iterator[Row]:
        """Yield all rows as of one moment, for `load`."""
        return self._database.stream(dump)

    def load(self, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, int]:
        """Add rows that are missing, as a whole; returns how many were added per table.

        Raises Conflict if a row differs from a stored one.
        """
        with self._database.write() as connection:
            loading = _ArchiveLoad(connection)
            numbered = enumerate(rows, start=1)
            schema = _header(next(numbered, (1, {}))[1])
            for table_name, group in groupby(numbered, key=lambda pair: pair[1].get("table")):
                for batch in bounded_rows(group, BATCH_SIZE):
                    loading.add_rows(str(table_name), batch)
            if schema < postmortem_actions.FIRST_SCHEMA:
                loading.track_reported()
            if any(loading.added.values()):
                audit.add(connection, "archive loaded", detail=loading.added)
            return loading.added


def dump(connection: Connection) -> Iterator[Row]:
    """Yield a row with the schema version, then all rows."""
    yield {"table": "archive", "schema": migrations.current_version(connection)}
    yield {"table": "counters", "name": "incident", "value": sequences.current_value(connection, "incident")}
    for table in ARCHIVED_TABLES:
        columns = _columns(table)
        order = [table.c[ORDER_COLUMNS[table.name]]] if table.name in ORDER_COLUMNS else list(table.primary_key)
        query = select(*columns.values()).order_by(*order).execution_options(yield_per=rows_at_once(table))
        for row in connection.execute(query).mappings():
            yield {"table": table.name} | {name: to_json(row[name]) for name in columns}


def rows_at_once(table: Table) -> int:
    """Return how many rows of a table are read at once, so that memory stays bounded."""
    return IMAGES_AT_ONCE if table is incident_images else BATCH_SIZE


class _ArchiveLoad:
    """One load: counts added rows, and tracks new incidents and documents, whose passages and events are added too."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = {table.name: table for table in ARCHIVED_TABLES}
        self._new_ids: dict[str, set[str]] = {"incidents": set(), "documents": set(), "suggestions": set()}
        self.added: dict[str, int] = {}

    def add_rows(self, name: str, numbered: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Add a batch of rows of one table."""
        if name == "counters":
            for number, row in numbered:
                self._restore_counter(number, row)
            return
        if name not in self._tables:
            raise Invalid(f"row {numbered[0][0]}: there is no table {name!r}", "table")
        table = self._tables[name]
        columns = _columns(table)
        rows = [parse_row(table, columns, row, f"row {number} ({name})") for number, row in numbered]
        if table is tables.incidents:
            self._step_examples_aside(rows)
        new = self._new_rows(table, rows)
        try:
            self._insert(table, new)
        except IntegrityError as error:
            first, last = numbered[0][0], numbered[-1][0]
            message = f"rows {first} to {last} ({name}) contradict what is here: {' '.join(str(error.orig).split())}"
            raise Conflict(message) from error
        self.added[name] = self.added.get(name, 0) + len(new)

    def track_reported(self) -> None:
        """Track the action items that the postmortems of new incidents list."""
        postmortem_actions.track_stored(self._connection, self._new_ids["incidents"])

    def _step_examples_aside(self, rows: Sequence[Row]) -> None:
        """Rename example incidents whose ids these incidents need."""
        own_ids = [str(row["id"]) for row in rows if row["source"] != EXAMPLE]
        columns = tables.incidents.c
        in_the_way = self._connection.scalars(
            select(columns.id).where(columns.id.in_(own_ids), columns.source == EXAMPLE)
        ).all()
        examples.step_aside(self._connection, in_the_way)

    def _restore_counter(self, number: int, row: Mapping[str, Any]) -> None:
        value = row.get("value")
        if row.get("name") != "incident" or not isinstance(value, int) or not 0 <= value < 2**31:
            raise Invalid(f"row {number} (counters): only the number of the last incident is supported", "name")
        sequences.advance_to(self._connection, "incident", value)

    def _new_rows(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        if table is tables.passages:
            owners = {kind: self._new_ids[f"{kind}s"] for kind in get_args(EvidenceKind)}
            return [row for row in rows if row["owner"] in owners[row["kind"]]]
        if table is tables.events:
            return [row for row in rows if row["incident"] in self._new_ids["incidents"]]
        return self._compare(table, rows)

    def _compare(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that are not stored yet. Raises Conflict for a row that differs from the stored one."""
        keys = NATURAL_KEYS.get(table.name) or tuple(column.name for column in table.primary_key)
        names = _columns(table).keys() - LOCAL_COLUMNS
        row_keys = [tuple(row[key] for key in keys) for row in rows]
        query = select(table).where(table.c[keys[0]].in_({key[0] for key in row_keys}))
        if len(keys) > 1:
            query = query.where(tuple_(*(table.c[key] for key in keys)).in_(row_keys))
        stored_rows = {tuple(row[key] for key in keys): row for row in self._connection.execute(query).mappings()}
        new = []
        for key, row in zip(row_keys, rows, strict=True):
            stored = stored_rows.get(key)
            if stored is None:
                new.append(row)
            elif differing := sorted(name for name in names if stored[name] != row[name]):
                raise Conflict(
                    f"{table.name} {' '.join(map(str, key))}: {', '.join(differing)} differ from the stored row"
                )
        return new

    def _insert(self, table: Table, new: Sequence[Row]) -> None:
        if not new:
            return
        if table is tables.passages:
            passages.add(self._connection, [Passage(**row) for row in new])
            return
        if table.name in SEQUENCES:
            numbers = sequences.allocate(self._connection, SEQUENCES[table.name], len(new))
            new = [row | {ORDER_COLUMNS[table.name]: number} for row, number in zip(new, numbers, strict=True)]
        self._connection.execute(insert(table), list(new))
        if table.name in self._new_ids:
            self._new_ids[table.name].update(row["id"] for row in new)


def _columns(table: Table) -> dict[str, Column[Any]]:
    return {column.name: column for column in table.columns if column.name != ORDER_COLUMNS.get(table.name)}


def _header(row: Mapping[str, Any]) -> int:
    schema = row.get("schema")
    if row.get("table") != "archive" or not isinstance(schema, int):
        raise Invalid(
            "row 1: this is not an archive of a store; its first row must have `archive` and a schema", "table"
        )
    if schema > migrations.newest_version():
        raise Invalid(f"row 1: the archive has schema {schema}, written by a newer OnRecall; upgrade", "schema")
    return schema
