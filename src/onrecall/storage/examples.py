"""Example records: they are renamed where your own records need their ids, and can all be removed at once.

Example incidents and documents have the source `example`. A renamed one has the id `example:<id>`, and everything that
referred to it (answers, links, timelines) is updated.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, cast, delete, exists, insert, or_, select, update

from onrecall.domain.incident import EXAMPLE
from onrecall.domain.json_texts import map_texts
from onrecall.storage import audit, passages
from onrecall.storage.batching import chunked
from onrecall.storage.database import Database
from onrecall.storage.passages import PassageChanges
from onrecall.storage.removal import linked_to, referring_columns, rehash, remove_incidents
from onrecall.storage.tables import documents, events, incidents, recommendations

NAMESPACE = f"{EXAMPLE}:"
ID_REFERENCES: tuple[tuple[Column[Any], Column[Any]], ...] = (
    (recommendations.c.id, recommendations.c.body),
    (events.c.seq, events.c.detail),
)
"""Key and JSON columns in which ids are written."""


@dataclass(frozen=True, slots=True)
class ExampleRecords:
    """The stored example incidents and documents."""

    ids: frozenset[str]
    alone: bool
    """Whether the store holds nothing but examples."""


@dataclass(frozen=True, slots=True)
class RemovedExamples:
    """The number of removed example records."""

    incidents: int
    documents: int


class ExampleRepository:
    """The stored example records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stored(self) -> ExampleRecords:
        """Return the example records that are stored now; who keeps them may note `last_seq` beside them."""
        with self._database.read_newest() as connection:
            tables = (incidents, documents)
            ids = frozenset(name for table in tables for name in connection.scalars(_select_examples(table)))
            own_records = (exists().where(or_(table.c.source != EXAMPLE, table.c.source.is_(None))) for table in tables)
            return ExampleRecords(
                ids, alone=not any(connection.scalar(select(own_record)) for own_record in own_records)
            )

    def remove(self) -> RemovedExamples:
        """Remove all example records and their answers; records that cite them keep the quotes. Idempotent."""
        with self._database.write() as connection:
            incident_ids = list(connection.scalars(_select_examples(incidents)))
            document_ids = list(connection.scalars(_select_examples(documents)))
            remove_incidents(connection, incident_ids)
            passage_changes = PassageChanges()
            for name in document_ids:
                passage_changes.set_passages(("document", name), ())
            passage_changes.write(connection)
            for chunk in chunked(document_ids):
                connection.execute(delete(documents).where(documents.c.id.in_(chunk)))
            if incident_ids or document_ids:
                audit.add(
                    connection,
                    "examples removed",
                    detail={"incidents": len(incident_ids), "documents": len(document_ids)},
                )
            return RemovedExamples(len(incident_ids), len(document_ids))


def namespaced(name: str) -> str:
    """Return the id of a renamed example record."""
    return f"{NAMESPACE}{name}"


def step_aside(connection: Connection, names: Iterable[str]) -> None:
    """Give these example incidents namespaced ids, and update everything that refers to them."""
    renamed = {name: namespaced(name) for name in names}
    tied = linked_to(connection, renamed)
    for old, new in renamed.items():
        _rename(connection, old, new)
    if renamed:
        rehash(connection, (renamed.get(name, name) for name in tied))
        _rewrite(connection, renamed)
        audit.add(connection, "examples stepped aside", detail=audit.summarize_ids(sorted(renamed)))


def _select_examples(table: Table) -> Any:
    return select(table.c.id).where(table.c.source == EXAMPLE)


def _rename(connection: Connection, old: str, new: str) -> None:
    """Copy the row under its new id, redirect all references, then delete the old row."""
    row = dict(connection.execute(select(incidents).where(incidents.c.id == old)).mappings().one())
    connection.execute(insert(incidents).values(row | {"id": new, "source_id": None}))
    for column in referring_columns():
        connection.execute(update(column.table).where(column == old).values({column.name: new}))
    old_passages = passages.select_by_owner(connection, [("incident", old)]).get(("incident", old), [])
    passage_changes = PassageChanges()
    passage_changes.set_passages(("incident", old), ())
    passage_changes.set_passages(("incident", new), [passage for _, passage in old_passages])
    passage_changes.write(connection)
    connection.execute(delete(incidents).where(incidents.c.id == old))
    connection.execute(update(incidents).where(incidents.c.id == new).values(source_id=row["source_id"]))


def _rewrite(connection: Connection, renamed: Mapping[str, str]) -> None:
    """Replace ids in stored answers and events; their prose is left as it is."""
    for key, written in ID_REFERENCES:
        mentions = or_(*(cast(written, Text).contains(json.dumps(name), autoescape=True) for name in renamed))
        for number, value in connection.execute(select(key, written).where(mentions)).all():
            changed = map_texts(value, lambda text: renamed.get(text, text))
            connection.execute(update(written.table).where(key == number).values({written.name: changed}))
