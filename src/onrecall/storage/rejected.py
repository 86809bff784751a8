"""Parts of deliveries that could not be stored, kept with the reason so that they can be listed and retried."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from onrecall.domain.errors import NotFound, RejectedPart
from onrecall.storage import paging, sequences, validation
from onrecall.storage.batching import chunked, group_by_first
from onrecall.storage.database import Database
from onrecall.storage.ingest_results import StoredRejectedPart
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import rejected


class RejectedPartRepository:
    """The parts of deliveries that could not be stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, number: int) -> StoredRejectedPart:
        """Return a rejected part. Raises NotFound."""
        with self._database.read() as connection:
            query = select(rejected).where(rejected.c.id == number)
            row = connection.execute(query).first() if _is_possible(number) else None
        if row is None:
            raise NotFound(f"there is no rejected part {number}")
        return _from_row(row)

    def page(self, cursor: str | None = None, limit: int = 50) -> ResultPage[StoredRejectedPart]:
        """Return a page of unsettled rejected parts, newest first."""
        with self._database.read() as connection:
            query = (
                select(rejected)
                .where(rejected.c.settled_at.is_(None))
                .order_by(rejected.c.id.desc())
                .limit(paging.check_limit(limit) + 1)
            )
            if cursor is not None:
                query = query.where(rejected.c.id < paging.parse_number(paging.decode_cursor(cursor, 1)[0]))
            rows = connection.execute(query).all()
            next_cursor = paging.next_cursor(rows, limit, lambda row: (str(row.id),))
            return ResultPage(tuple(_from_row(row) for row in rows[:limit]), next_cursor)

    def mark_settled(self, numbers: Iterable[int], now: datetime) -> None:
        """Mark rejected parts as stored after all."""
        settled_at = validation.require_utc(now, "now")
        is_unsettled = rejected.c.settled_at.is_(None)
        with self._database.write() as connection:
            for chunk in chunked(numbers):
                connection.execute(
                    update(rejected).where(rejected.c.id.in_(chunk), is_unsettled).values(settled_at=settled_at)
                )


def insert_new(connection: Connection, rejected_parts: Sequence[tuple[str, RejectedPart]], now: datetime) -> None:
    """Store rejected parts with their sources; existing ones stay unchanged."""
    rows = {(row["source"], row["hash"]): row for row in (_row(source, part) for source, part in rejected_parts)}
    for source, hashes in group_by_first(rows):
        query = select(rejected.c.source, rejected.c.hash).where(
            rejected.c.source == source, rejected.c.hash.in_(hashes)
        )
        for row in connection.execute(query).all():
            del rows[row.source, row.hash]
    if rows:
        numbers = sequences.allocate(connection, "rejected", len(rows))
        new = [row | {"id": number, "received_at": now} for number, row in zip(numbers, rows.values(), strict=True)]
        connection.execute(insert(rejected), new)


def count(connection: Connection) -> int:
    """Return how many are unsettled."""
    query = select(func.count()).select_from(rejected).where(rejected.c.settled_at.is_(None))
    return int(connection.scalar(query) or 0)


def _row(source: str, part: RejectedPart) -> dict[str, Any]:
    columns = {
        "source": source,
        "place": replace_unstorable(part.where),
        "field": None if part.field is None else replace_unstorable(part.field),
        "message": replace_unstorable(part.message),
        "raw": replace_unstorable(part.raw),
    }
    return columns | {"hash": hashlib.sha256(str(columns["raw"]).encode()).hexdigest()}


def replace_unstorable(text: str) -> str:
    """Replace characters that no database can store."""
    return text.replace("\0", "�").encode(errors="replace").decode()


def _is_possible(number: int) -> bool:
    return 0 < number < 2**31


def _from_row(row: Row[Any]) -> StoredRejectedPart:
    return StoredRejectedPart(
        row.id, row.source, row.place, row.field, row.message, row.raw, row.received_at, row.settled_at
    )
