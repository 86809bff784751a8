"""Tries of steps: told in resolutions and in outcomes, counted by key, and taken back with what told them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, and_, distinct, func, insert, or_, select, update

from onrecall.incident import Performed, Record
from onrecall.store import guard
from onrecall.store.parts import parts
from onrecall.store.tables import performed


def rows(occasion: str, told_in: str, tries: Sequence[Performed], by: str | None) -> list[dict[str, object]]:
    """The tries that a resolution or an outcome tells of, as they are written."""
    return [
        {
            "occasion": occasion,
            "told_in": told_in,
            "n": n,
            "key": _short(one.key),
            "outcome": one.outcome,
            "at": one.at,
            "by": by,
        }
        for n, one in enumerate(tries)
    ]


def add(connection: Connection, told: Sequence[Mapping[str, object]]) -> None:
    """Keep tries."""
    if told:
        connection.execute(insert(performed), told)


def check(tries: Sequence[Performed]) -> None:
    """Refuse tries that can't be kept."""
    for n, one in enumerate(tries):
        guard.plain(one, f"performed.{n}")


def revoke(connection: Connection, occasion: str, at: datetime, told_in: str | None = None) -> None:
    """From this time on the tries of this occasion, or those told in one place, no longer count."""
    query = update(performed).where(performed.c.occasion == occasion, performed.c.revoked_at.is_(None))
    if told_in is not None:
        query = query.where(performed.c.told_in == told_in)
    connection.execute(query.values(revoked_at=at))


def records(connection: Connection, wanted: Iterable[str], as_of: datetime | None) -> Mapping[str, Record]:
    """For each key how often it was tried and what came of it. Told twice of one occasion, it still is one try."""
    names = {_short(key): key for key in wanted if guard.storable(key)}
    found: dict[str, Record] = {}
    table = performed.c
    for part in parts(names):
        query = (
            select(
                table.key,
                table.outcome,
                func.count(distinct(table.occasion)).label("n"),
                func.max(table.at).label("last"),
            )
            .where(table.key.in_(part), counts(table.at, table.revoked_at, as_of))
            .group_by(table.key, table.outcome)
        )
        for row in connection.execute(query):
            name = names[row.key]
            found[name] = plus(found.get(name, Record()), row.outcome == "worked", row.n, row.last)
    return found


def counts(at: Column[datetime], revoked_at: Column[datetime], as_of: datetime | None) -> ColumnElement[bool]:
    """Whether something counts now; or counted then, being known and not yet taken back."""
    if as_of is None:
        return revoked_at.is_(None)
    return and_(at <= as_of, or_(revoked_at.is_(None), revoked_at > as_of))


def plus(record: Record, worked: bool, n: int, last: datetime) -> Record:
    """The record with some more tries."""
    return Record(
        tried=record.tried + n,
        worked=record.worked + (n if worked else 0),
        failed=record.failed + (0 if worked else n),
        last=max(record.last or last, last),
    )


def _short(key: str) -> str:
    """The key, or its hash where it is too long for an index."""
    raw = key.encode()
    return key if len(raw) <= guard.KEY_BYTES else f"sha256:{hashlib.sha256(raw).hexdigest()}"
