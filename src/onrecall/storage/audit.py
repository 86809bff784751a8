"""The audit log: who changed what. Each row holds the hash of the row before it.

A row is written in the transaction of the change it describes, and never changed afterwards, except that an erasure
takes a person or an incident out of its text. A changed, missing or moved row breaks the hash chain, and the newest row
must be the one that the head names. What an erasure left of a row is hashed as well, and the row that records the
erasure names those hashes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, Row, Table, bindparam, insert, select, update

from onrecall.storage import paging
from onrecall.storage.columns import Json, Number, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.results import ResultPage
from onrecall.storage.tables import metadata

AuditAction = Literal[
    "alerts received",
    "archive exported",
    "archive loaded",
    "backup restored",
    "causes confirmed",
    "causes dismissed",
    "causes withdrawn",
    "data erased",
    "decisions cleared",
    "delivery dead",
    "delivery resent",
    "delivery sent",
    "document deleted",
    "document put",
    "document shared",
    "document unshared",
    "examples removed",
    "examples stepped aside",
    "heartbeat forgotten",
    "image added",
    "incident changed",
    "key created",
    "key refused",
    "key replaced",
    "key revoked",
    "key used",
    "maintenance added",
    "maintenance ended",
    "model called",
    "push subscribed",
    "push unsubscribed",
    "session ended",
    "sign-in refused",
    "signed in",
    "suggestion confirmed",
    "suggestion dismissed",
    "suggestion made",
]
MAX_NAMED = 20
"""The most ids listed in one row; `count` always has the total."""
MAX_PROBLEMS = 20
BATCH_SIZE = 1000

audit = Table(
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),  # by this machine's clock
    Column("who", TextType),  # the name of a key; none: this installation itself, or somebody at its machine
    Column("what", TextType, nullable=False),
    Column("about", TextType),
    Column("detail", Json, nullable=False),
    Column("previous", TextType, nullable=False),  # the hash of the row before
    Column("hash", TextType, nullable=False),
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("seq", Number, nullable=False),
    Column("hash", TextType, nullable=False),
)
erased_audit_rows = Table(
    "erased_audit_rows",
    metadata,
    Column("erasure", TextType, primary_key=True),  # the `about` of the audit row that records it
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("hash", TextType, nullable=False),  # of what the erasure left
)
# Built once: every ingest transaction uses them.
_HEAD = select(audit_head.c.seq, audit_head.c.hash)
_ADD = insert(audit)
_MOVE = update(audit_head).values(seq=bindparam("newest"), hash=bindparam("its"))
_current_actor: ContextVar[str | None] = ContextVar("acting", default=None)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log."""

    seq: int
    at: datetime
    who: str | None
    what: str
    about: str | None
    detail: Mapping[str, Any]
    previous: str
    hash: str


@contextmanager
def acting_as(who: str | None) -> Iterator[None]:
    """Attribute audit rows written in this context to `who`."""
    token = _current_actor.set(who)
    try:
        yield
    finally:
        _current_actor.reset(token)


def add(
    connection: Connection,
    action: AuditAction,
    about: str | None = None,
    detail: Mapping[str, Any] | None = None,
    who: str | None = None,
) -> None:
    """Append an audit row in the transaction of the change it describes."""
    head = connection.execute(_HEAD).one()
    row = {
        "seq": head.seq + 1,
        "at": datetime.now(UTC),
        "who": who or _current_actor.get(),
        "what": action,
        "about": about,
        "detail": detail or {},
        "previous": head.hash,
    }
    row["hash"] = _hash(row)
    connection.execute(_ADD, row)
    connection.execute(_MOVE, {"newest": row["seq"], "its": row["hash"]})


def _hash(row: Mapping[str, Any]) -> str:
    content = [
        row["seq"],
        row["at"].isoformat(),
        *(row[name] for name in ("who", "what", "about", "detail", "previous")),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def replace_erased(connection: Connection, erasure: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write what an erasure leaves of rows, whose hashes stay; returns the digest for the row that records it."""
    marks = [{"erasure": erasure, "seq": row["seq"], "hash": _hash(row)} for row in rows]
    for row in rows:
        values = {name: row[name] for name in ("who", "about", "detail")}
        connection.execute(update(audit).where(audit.c.seq == row["seq"]).values(values))
    if marks:
        connection.execute(insert(erased_audit_rows), marks)
    return _digest((mark["seq"], mark["hash"]) for mark in marks)


def _digest(marks: Iterable[tuple[int, str]]) -> str:
    return hashlib.sha256(json.dumps(sorted(marks)).encode()).hexdigest()


@dataclass(slots=True)
class _Erasures:
    """What erasures left of rows, as far as recorded; each erasure is vouched for by its own row of the chain."""

    by_erasure: dict[str, dict[int, str]]
    unvouched: set[str]

    @classmethod
    def read(cls, connection: Connection) -> "_Erasures":
        by_erasure: dict[str, dict[int, str]] = {}
        for mark in connection.execute(select(erased_audit_rows)):
            by_erasure.setdefault(mark.erasure, {})[mark.seq] = mark.hash
        return cls(by_erasure, set(by_erasure))

    def allow(self, row: Row[Any]) -> bool:
        """Return whether what is in a changed row is what an erasure left of it."""
        left = _hash(row._asdict())
        return any(marks.get(row.seq) == left for marks in self.by_erasure.values())

    def check(self, row: Row[Any]) -> str | None:
        """Return what is wrong with the marks of an erasure, if a row records one."""
        if row.what != "data erased":
            return None
        self.unvouched.discard(str(row.about))
        marks = self.by_erasure.get(str(row.about), {})
        if _digest(marks.items()) == row.detail.get("audit_digest"):
            return None
        return f"row {row.seq} records an erasure, but not of the rows that are marked as erased by it"

    def unrecorded(self) -> Iterator[str]:
        """Yield a problem for each erasure that no row records."""
        yield from (
            f"rows are marked as erased by {erasure}, which no row records" for erasure in sorted(self.unvouched)
        )


@dataclass(slots=True)
class _ChainWalk:
    """What is wrong with the rows of the log, which are checked in their order."""

    erasures: _Erasures
    noted: tuple[int, str] | None
    """Number and hash of a row as recorded elsewhere."""
    count: int = 0
    last: int = 0
    last_hash: str = ""
    faults: list[str] = field(default_factory=list)
    erasure_faults: list[str] = field(default_factory=list)
    has_noted: bool = False

    def check(self, row: Row[Any]) -> None:
        """Check the next row."""
        self.count += 1
        if len(self.faults) < MAX_PROBLEMS:
            self.faults += _faults(row, self.last + 1, self.last_hash, self.erasures)
        if (problem := self.erasures.check(row)) is not None:
            self.erasure_faults.append(problem)
        self.has_noted = self.has_noted or (row.seq, row.hash) == self.noted
        self.last, self.last_hash = row.seq, row.hash

    def problems(self, head: tuple[int, str] | None) -> Iterator[str]:
        """Yield what is wrong, in sentences; `head` is number and hash of the row that is named as the newest."""
        if self.noted is not None and not self.has_noted:
            yield f"row {self.noted[0]} does not exist with the recorded hash: it was removed or recreated"
        yield from (*self.faults, *self.erasure_faults, *self.erasures.unrecorded())
        if head != (self.last, self.last_hash):
            newest = "no row" if head is None else f"row {head[0]}"
            yield f"the head names {newest} as the newest, but the last row is {self.last} or differs from the head"


@dataclass(frozen=True, slots=True)
class Audit:
    """Reads and verifies the log, and records what is no change of the store. Each method is one transaction."""

    database: Database

    def record(self, action: AuditAction, about: str | None = None, detail: Mapping[str, Any] | None = None) -> None:
        """Append a row for an action that changes nothing else in the store."""
        with self.database.write() as connection:
            add(connection, action, about, detail)

    def page(
        self, action: str | None = None, who: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> ResultPage[AuditRow]:
        """Return rows, newest first."""
        paging.check_limit(limit)
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit + 1)
        for column, value in ((audit.c.what, action), (audit.c.who, who)):
            if value is not None:
                query = query.where(column == value)
        if cursor is not None:
            query = query.where(audit.c.seq < paging.parse_number(cursor))
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        page_rows = rows[:limit]
        return ResultPage(
            tuple(_audit_row(row) for row in page_rows), str(page_rows[-1].seq) if len(rows) > limit else None
        )

    def verify(self, noted: tuple[int, str] | None = None) -> tuple[int, tuple[str, ...]]:
        """Return the number of rows and the first problems found, in sentences.

        `noted` is a row's number and hash as recorded elsewhere; it reveals a truncated log with a forged head.
        """
        with self.database.read() as connection:
            head = connection.execute(_HEAD).one_or_none()
            walk = _ChainWalk(_Erasures.read(connection), noted)
            query = select(audit).order_by(audit.c.seq).execution_options(yield_per=BATCH_SIZE)
            for row in connection.execute(query):
                walk.check(row)
        return walk.count, tuple(islice(walk.problems(None if head is None else (head.seq, head.hash)), MAX_PROBLEMS))


def _faults(row: Row[Any], expected: int, before: str, erasures: _Erasures) -> Iterator[str]:
    if row.seq != expected:
        missing = f"row {expected}" if row.seq == expected + 1 else f"rows {expected} to {row.seq - 1}"
        yield f"{missing} {'is' if row.seq == expected + 1 else 'are'} gone"
    elif row.previous != before:
        yield f"row {row.seq} does not follow the row before it: one of the two was changed or moved"
    if row.hash != _hash(row._asdict()) and not erasures.allow(row):
        yield f"row {row.seq} was changed"


def _audit_row(row: Row[Any]) -> AuditRow:
    return AuditRow(**row._mapping)  # noqa: SLF001 - likewise


def summarize_ids(ids: Sequence[str]) -> Mapping[str, Any]:
    """Return the ids (at most 20) that a row is about, and their number."""
    distinct = list(dict.fromkeys(ids))
    return {"ids": distinct[:MAX_NAMED], "count": len(distinct)}
