"""Executions of steps, reported by resolutions and outcomes, counted per step key, revoked with their source."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from onrecall.domain.incident import StepExecution, TrackRecord
from onrecall.storage import validation
from onrecall.storage.batching import chunked
from onrecall.storage.columns import Utc
from onrecall.storage.tables import performed

MAX_VOTES_PER_PERSON = 5
"""Upper bound on how many incidents one person's outcomes can count for in the record of a step."""
RESOLUTION_AUTHOR = "a resolution"
"""Author of executions that a resolution reports; it sorts before every person and is not capped."""


def to_rows(occasion: str, told_in: str, executions: Sequence[StepExecution], by: str | None) -> list[dict[str, object]]:
    """The tries that a resolution or an outcome tells of, as they are written."""
    return [
        {
            "occasion": occasion,
            "told_in": told_in,
            "n": n,
            "key": _index_key(execution.key),
            "outcome": execution.outcome,
            "at": execution.at,
            "by": by,
        }
        for n, execution in enumerate(executions)
    ]


def add(connection: Connection, execution_rows: Sequence[Mapping[str, object]]) -> None:
    """Keep tries."""
    if execution_rows:
        connection.execute(insert(performed), execution_rows)


def check(executions: Sequence[StepExecution]) -> None:
    """Refuse tries that can't be kept."""
    for n, execution in enumerate(executions):
        validation.to_storable(execution, f"performed.{n}")


def revoke(connection: Connection, occasion: str, at: datetime, told_in: str | None = None) -> None:
    """From this time on the tries of this occasion, or those told in one place, no longer count."""
    query = update(performed).where(performed.c.occasion == occasion, performed.c.revoked_at.is_(None))
    if told_in is not None:
        query = query.where(performed.c.told_in == told_in)
    connection.execute(query.values(revoked_at=at))


def records(connection: Connection, step_keys: Iterable[str], as_of: datetime | None) -> Mapping[str, TrackRecord]:
    """For each key how often it was tried and what came of it. Told twice of one occasion, it still is one try.

    What resolutions tell counts as often as there are incidents; what one person says in outcomes, so often at most.
    """
    names = {_index_key(key): key for key in step_keys if validation.is_storable(key)}
    track_records: dict[str, TrackRecord] = {}
    for chunk in chunked(list(names)):
        for row in connection.execute(_select_records(then=as_of is not None), {"keys": chunk, "as_of": as_of}):
            name = names[row.key]
            n = row.n if row.voice == RESOLUTION_AUTHOR else min(row.n, MAX_VOTES_PER_PERSON)
            track_records[name] = add_to_record(track_records.get(name, TrackRecord()), row.outcome == "worked", n, row.last)
    return track_records


@cache
def _select_records(*, then: bool) -> Select[Any]:
    """What each voice tells of some keys; made once, for making it costs more than asking it."""
    columns = performed.c
    person = literal("by ").concat(func.coalesce(columns.by, ""))
    voice = case((columns.told_in.like("resolution %"), RESOLUTION_AUTHOR), else_=person)
    executions = (
        select(columns.key, columns.outcome, func.min(voice).label("voice"), func.max(columns.at).label("last"))
        .where(
            columns.key.in_(bindparam("keys", expanding=True)),
            valid_condition(columns.at, columns.revoked_at, as_of_parameter(then=then)),
        )
        .group_by(columns.key, columns.outcome, columns.occasion)
        .subquery()
    )
    return count_by_author(executions, executions.c.key, executions.c.outcome)


def count_by_author(executions: Subquery, *by: ColumnElement[Any]) -> Select[Any]:
    """How many tries each voice tells of, and when the last one was."""
    aggregates = (func.count().label("n"), func.max(executions.c.last).label("last"))
    return select(*by, executions.c.voice, *aggregates).group_by(*by, executions.c.voice)


def as_of_parameter(*, then: bool) -> BindParameter[datetime] | None:
    """The time that a statement made once is asked for, where it is asked for one."""
    return bindparam("as_of", type_=Utc()) if then else None


def valid_condition(
    at: Column[datetime], revoked_at: Column[datetime], as_of: datetime | BindParameter[datetime] | None
) -> ColumnElement[bool]:
    """Whether something counts now; or counted then, being known and not yet taken back."""
    if as_of is None:
        return revoked_at.is_(None)
    return and_(at <= as_of, or_(revoked_at.is_(None), revoked_at > as_of))


def add_to_record(record: TrackRecord, worked: bool, n: int, last: datetime) -> TrackRecord:
    """The record with some more tries."""
    return TrackRecord(
        tried=record.tried + n,
        worked=record.worked + (n if worked else 0),
        failed=record.failed + (0 if worked else n),
        last=max(record.last or last, last),
    )


def _index_key(key: str) -> str:
    """The key, or its hash where it is too long for an index."""
    raw = key.encode()
    return key if len(raw) <= validation.KEY_BYTES else f"sha256:{hashlib.sha256(raw).hexdigest()}"
