"""Memory banks: texts that Hindsight clients retain, verbatim, under their own document ids.

They are searched as incidents and documents, like everything else; this is the text that clients read back.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Row,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from onrecall.domain.errors import NotFound
from onrecall.storage import audit, validation
from onrecall.storage.batching import chunk_keys
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.removal import remove_incidents
from onrecall.storage.tables import metadata

Order = Literal["updated_at", "created_at"]

memory_banks = Table(
    "memory_banks",
    metadata,
    Column("id", TextType, primary_key=True),
    Column("name", TextType, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
)
retained = Table(
    "retained",
    metadata,
    Column("bank", TextType, ForeignKey("memory_banks.id"), primary_key=True),
    Column("document", TextType, primary_key=True),
    Column("text", TextType, nullable=False),
    Column("context", TextType),
    Column("metadata", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("event_date", Utc),
    Column("hash", TextType, nullable=False),  # of all that was given, so that the same again changes nothing
    Column("incident", TextType),  # that it names, whether or not there is one
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Index("retained_incident", "bank", "incident"),
    Index("retained_updated", "bank", "updated_at", "document"),
)


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """A bank and its number of documents."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    documents: int


@dataclass(frozen=True, slots=True)
class RetainedMemory:
    """A retained text."""

    bank: str
    document: str
    text: str
    context: str | None
    metadata: Mapping[str, str]
    tags: tuple[str, ...]
    event_date: datetime | None
    incident: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def hash(self) -> str:
        """A hash of the content."""
        content = [self.text, self.context, sorted(self.metadata.items()), self.tags, str(self.event_date)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MemoryBanks:
    """The memory banks. Each method is one transaction."""

    database: Database

    def create(self, bank: str, name: str | None, now: datetime) -> MemoryBank:
        """Create a bank, or rename it."""
        validation.check_key(bank, "bank_id")
        now, new_name = validation.require_utc(now, "now"), validation.require_text(name or bank, "name")
        with self.database.write() as connection:
            stored = connection.scalar(select(memory_banks.c.name).where(memory_banks.c.id == bank))
            if stored is None:
                row = {"id": bank, "name": new_name, "created_at": now, "updated_at": now}
                connection.execute(insert(memory_banks).values(row))
            elif name is not None and stored != new_name:
                values = {"name": new_name, "updated_at": now}
                connection.execute(update(memory_banks).where(memory_banks.c.id == bank).values(values))
            return _banks(connection, bank)[0]

    def get(self, bank: str) -> MemoryBank:
        """Return one bank."""
        with self.database.read() as connection:
            banks = _banks(connection, bank)
        if not banks:
            raise NotFound(f"there is no bank {bank}")
        return banks[0]

    def all(self) -> list[MemoryBank]:
        """List every bank, by id."""
        with self.database.read() as connection:
            return _banks(connection)

    def put(self, memories: Sequence[RetainedMemory]) -> None:
        """Upsert texts by document id; `created_at` of existing ones stays, as does `updated_at` of unchanged ones."""
        with self.database.write() as connection:
            for memory in memories:
                _upsert(connection, memory)

    def page(
        self,
        bank: str,
        limit: int,
        offset: int,
        *,
        order: Order = "updated_at",
        q: str | None = None,
        document: str | None = None,
    ) -> tuple[list[RetainedMemory], int]:
        """Return texts of a bank, newest first, and their total number."""
        conditions = _conditions(bank, q, document)
        newest_first = select(retained).where(*conditions).order_by(retained.c[order].desc(), retained.c.document)
        query = newest_first.limit(limit).offset(offset)
        with self.database.read() as connection:
            total = connection.scalar(select(func.count()).select_from(retained).where(*conditions)) or 0
            return [_from_row(row) for row in connection.execute(query)], total

    def documents(self, bank: str, names: Iterable[str]) -> dict[str, RetainedMemory]:
        """Return texts by document id; unknown ones are absent."""
        return self._select_by(bank, retained.c.document, names)

    def of_incidents(self, bank: str, incidents: Iterable[str]) -> list[RetainedMemory]:
        """Return the texts that name one of these incidents."""
        return list(self._select_by(bank, retained.c.incident, incidents).values())

    def remove(self, bank: str, names: Sequence[str], incidents: Sequence[str] = ()) -> int:
        """Delete texts and the incidents made from them; returns how many texts there were."""
        with self.database.write() as connection:
            removed = 0
            for chunk in chunk_keys(names):
                matching = and_(retained.c.bank == bank, retained.c.document.in_(chunk))
                removed += connection.execute(delete(retained).where(matching)).rowcount
            remove_incidents(connection, incidents)
            if removed:
                audit.add(
                    connection, "document deleted", names[0] if len(names) == 1 else None, audit.summarize_ids(names)
                )
            return removed

    def remove_bank(self, bank: str) -> None:
        """Delete an empty bank."""
        with self.database.write() as connection:
            connection.execute(delete(memory_banks).where(memory_banks.c.id == bank))

    def _select_by(self, bank: str, column: Column[Any], names: Iterable[str]) -> dict[str, RetainedMemory]:
        memories: dict[str, RetainedMemory] = {}
        with self.database.read() as connection:
            for chunk in chunk_keys(names):
                query = select(retained).where(retained.c.bank == bank, column.in_(chunk)).order_by(retained.c.document)
                memories |= {row.document: _from_row(row) for row in connection.execute(query)}
        return memories


def _conditions(bank: str, q: str | None, document: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions for texts of a bank: `q` is a part of the text or of its id, `document` its exact id."""
    columns = retained.c
    conditions: list[ColumnElement[bool]] = [columns.bank == bank]
    if q:
        texts = (columns.text, columns.document)
        conditions.append(or_(*(column.icontains(q, autoescape=True) for column in texts)))
    if document is not None:
        conditions.append(columns.document == document)
    return conditions


def _banks(connection: Connection, bank: str | None = None) -> list[MemoryBank]:
    counted = (
        select(memory_banks, func.count(retained.c.document).label("documents"))
        .select_from(memory_banks.outerjoin(retained, retained.c.bank == memory_banks.c.id))
        .group_by(*memory_banks.c)
        .order_by(memory_banks.c.id)
    )
    query = counted if bank is None else counted.where(memory_banks.c.id == bank)
    return [
        MemoryBank(row.id, row.name, row.created_at, row.updated_at, row.documents) for row in connection.execute(query)
    ]


def _upsert(connection: Connection, memory: RetainedMemory) -> None:
    validation.check_key(memory.document, "document_id")
    is_memory = and_(retained.c.bank == memory.bank, retained.c.document == memory.document)
    values: dict[str, Any] = {
        "text": validation.require_text(memory.text, "content"),
        "context": None if memory.context is None else validation.require_text(memory.context, "context"),
        "metadata": validation.to_storable(memory.metadata, "metadata"),
        "tags": list(memory.tags),
        "event_date": None if memory.event_date is None else validation.require_utc(memory.event_date, "timestamp"),
        "hash": memory.hash,
        "incident": memory.incident,
        "updated_at": memory.updated_at,
    }
    stored = connection.scalar(select(retained.c.hash).where(is_memory))
    if stored is None:
        new = {"bank": memory.bank, "document": memory.document, "created_at": memory.created_at}
        connection.execute(insert(retained).values(new | values))
    elif stored != memory.hash:
        connection.execute(update(retained).where(is_memory).values(values))


def _from_row(row: Row[Any]) -> RetainedMemory:
    return RetainedMemory(
        bank=row.bank,
        document=row.document,
        text=row.text,
        context=row.context,
        metadata=row.metadata,
        tags=tuple(row.tags),
        event_date=row.event_date,
        incident=row.incident,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
