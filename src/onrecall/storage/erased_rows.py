"""Changes every text of the store, table by table, and counts the rows."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Connection, RowMapping, Table, Text, func, select, update

from onrecall.domain.erasure import map_words
from onrecall.storage import audit
from onrecall.storage.columns import Utc
from onrecall.storage.recurrence_days import recurrence_changes, recurrence_days
from onrecall.storage.reindex_commit import staged_owners, staged_passages
from onrecall.storage.tables import (
    changes,
    counters,
    incidents,
    links,
    metadata,
    outcomes,
    passages,
    performed,
    recommendations,
    resolutions,
    terms,
)
from onrecall.storage.term_runs import term_runs

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Replacement:
    """How the texts of the store change."""

    text: Change
    step_key: Change
    """For the keys of steps, which are made of the stems of their words."""

    def of(self, column: Column[Any]) -> Change:
        """Return what changes the texts of a column."""
        return (lambda text: self.step_key(self.text(text))) if column in STEP_KEYS else self.text


BATCH_SIZE = 500
DERIVED_TABLES: frozenset[Table] = frozenset(
    {changes, counters, terms, term_runs, passages, staged_owners, staged_passages, recurrence_days, recurrence_changes}
)
"""Tables that are made anew of the others, or hold numbers alone."""
AUDIT_TABLES: frozenset[Table] = frozenset({audit.audit, audit.audit_head, audit.erased_audit_rows})
OWN_VALUES = frozenset(
    (
        *("role", "status", "state", "kind", "type", "provenance", "verdict", "outcome", "severity", "source", "what"),
        *("model", "provider", "basis", "purpose", "cause_origin", "cause", "day", "channel", "bank", "target"),
        *("hash", "given_hash", "state_hash", "prompt_hash", "identity", "key", "source_id", "replaced_by"),
        *("issuer", "subject", "provider_session", "claimed_by", "held_by", "p256dh", "auth", "endpoint"),
    )
)
"""Columns with values that OnRecall or other tools compare with theirs."""
CONTENT_TABLES: Mapping[Table, str] = {incidents: "id", resolutions: "incident", links: "incident"}
"""Tables of what an incident consists of, and the column with its id."""
STEP_KEYS: frozenset[Column[Any]] = frozenset({performed.c.key, recommendations.c.step_keys})
FREE_COLUMNS: frozenset[Column[Any]] = frozenset(
    {outcomes.c.by, performed.c.told_in, performed.c.key, resolutions.c.cause}
)
"""Columns that hold words of people although their names or their keys suggest otherwise."""


def change_texts(connection: Connection, replacement: Replacement, rows: Counter[str]) -> set[str]:
    """Change every text of every table but the audit's and the derived ones; counts the changed rows by table.

    Returns the ids of the incidents whose content changed.
    """
    incident_ids: set[str] = set()
    for table in metadata.sorted_tables:
        if table not in DERIVED_TABLES | AUDIT_TABLES:
            keys = change_table(connection, table, replacement)
            rows[table.name] += len(keys)
            incident_ids |= {key[CONTENT_TABLES[table]] for key in keys if table in CONTENT_TABLES}
    return incident_ids


def change_table(
    connection: Connection,
    table: Table,
    replacement: Replacement,
    concerned: Callable[[RowMapping], bool] | None = None,
) -> Sequence[Mapping[str, Any]]:
    """Change the texts of one table, or of the rows that are concerned; returns the keys of the changed rows."""
    columns = text_columns(table)
    if not columns:
        return ()
    changed = list(_changed_rows(connection, table, columns, replacement, concerned))
    for key, values in changed:
        this_row = [column == key[column.name] for column in table.primary_key]
        connection.execute(update(table).where(*this_row).values(values))
    return [key for key, _ in changed]


def remaining_rows(connection: Connection, change: Change) -> Mapping[str, int]:
    """Return by table how many rows have identifiers that would change too."""
    remaining: dict[str, int] = {}
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if _is_text(column) and column not in text_columns(table)]
        if table not in DERIVED_TABLES | AUDIT_TABLES and columns:
            rows = connection.execute(select(*columns).execution_options(yield_per=BATCH_SIZE))
            remaining[table.name] = sum(
                any(map_words(value, change, column.name) != value for column, value in zip(columns, row, strict=True))
                for row in rows
            )
    return {name: number for name, number in remaining.items() if number}


def row_counts(connection: Connection) -> Counter[str]:
    """Return the number of rows of each table but the audit's and the derived ones."""
    counted = [table for table in metadata.sorted_tables if table not in DERIVED_TABLES | AUDIT_TABLES]
    return Counter({table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in counted})


def text_columns(table: Table) -> Sequence[Column[Any]]:
    """Return the columns of a table that may hold a person's name as text."""
    return [
        column
        for column in table.columns
        if _is_text(column) and (column in FREE_COLUMNS or not _is_identifier(column))
    ]


def _is_identifier(column: Column[Any]) -> bool:
    """Return whether other rows, other tools or OnRecall itself refer to the values of a column."""
    return column.primary_key or bool(column.foreign_keys) or column.name in OWN_VALUES


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | JSON) and not isinstance(column.type, Utc)


def _changed_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[Column[Any]],
    replacement: Replacement,
    concerned: Callable[[RowMapping], bool] | None,
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield the primary key and the new values of each row that changes."""
    named = [column for column in table.columns if _is_text(column)]  # by which a row may be concerned
    selected = dict.fromkeys([*table.primary_key, *named])
    for row in connection.execute(select(*selected).execution_options(yield_per=BATCH_SIZE)).mappings():
        if concerned is not None and not concerned(row):
            continue
        values = {column.name: map_words(row[column.name], replacement.of(column), column.name) for column in columns}
        new = {name: value for name, value in values.items() if value != row[name]}
        if new:
            yield {column.name: row[column.name] for column in table.primary_key}, new
