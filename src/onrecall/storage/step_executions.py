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

from onrecall.domain.evidence import UNTRIED, StepExecution, TrackRecord
from onrecall.storage import validation
from onrecall.storage.batching import chunked
from onrecall.storage.columns import Utc
from onrecall.storage.database import Database
from onrecall.storage.tables import performed

MAX_VOTES_PER_PERSON = 5
"""Upper bound on how many incidents one person's outcomes can count for in the record of a step."""
RESOLUTION_AUTHOR = "a resolution"
"""Author of executions that a resolution reports; it sorts before every person and is not capped."""


class StepExecutionRepository:
    """How often steps were executed, and how that went."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def track_records(self, step_keys: Iterable[str], as_of: datetime | None = None) -> Mapping[str, TrackRecord]:
        """Return the track record per step key, as known at `as_of`; steps never executed are absent.

        Reported twice for one incident, an execution counts once. Executions reported by resolutions count per
        incident; those in one person's outcomes up to a maximum.
        """
        names = {index_key(key): key for key in step_keys if validation.is_storable(key)}
        query, then = _select_records(then=as_of is not None), validation.optional_utc(as_of, "as_of")
        track_records: dict[str, TrackRecord] = {}
        with self._database.read() as connection:
            for chunk in chunked(list(names)):
                for row in connection.execute(query, {"keys": chunk, "as_of": then}):
                    name = names[row.key]
                    n = row.n if row.voice == RESOLUTION_AUTHOR else min(row.n, MAX_VOTES_PER_PERSON)
                    track_records[name] = add_to_record(
                        track_records.get(name, UNTRIED), row.outcome == "worked", n, row.last
                    )
        return track_records


def to_rows(
    occasion: str, told_in: str, executions: Sequence[StepExecution], by: str | None
) -> list[dict[str, object]]:
    """Return the rows of executions that a resolution or an outcome reports."""
    return [
        {
            "occasion": occasion,
            "told_in": told_in,
            "n": n,
            "key": index_key(execution.key),
            "outcome": execution.outcome,
            "at": execution.at,
            "by": by,
        }
        for n, execution in enumerate(executions)
    ]


def add(connection: Connection, execution_rows: Sequence[Mapping[str, object]]) -> None:
    """Insert executions."""
    if execution_rows:
        connection.execute(insert(performed), execution_rows)


def check(executions: Sequence[StepExecution]) -> None:
    """Raise Invalid for executions that can't be stored."""
    for n, execution in enumerate(executions):
        validation.to_storable(execution, f"performed.{n}")


def revoke(connection: Connection, occasion: str, at: datetime, told_in: str | None = None) -> None:
    """Revoke the executions of a subject, or only those that one source reported."""
    query = update(performed).where(performed.c.occasion == occasion, performed.c.revoked_at.is_(None))
    if told_in is not None:
        query = query.where(performed.c.told_in == told_in)
    connection.execute(query.values(revoked_at=at))


@cache
def _select_records(*, then: bool) -> Select[Any]:
    """Select executions per key, outcome and author; built once, because building takes longer than running."""
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
    """Count executions and their last time per author, in the same order on both databases."""
    aggregates = (func.count().label("n"), func.max(executions.c.last).label("last"))
    groups = (*by, executions.c.voice)
    return select(*groups, *aggregates).group_by(*groups).order_by(*groups)


def as_of_parameter(*, then: bool) -> BindParameter[datetime] | None:
    """Return the bind parameter for `as_of`, if the statement has one."""
    return bindparam("as_of", type_=Utc()) if then else None


def valid_condition(
    at: Column[datetime], revoked_at: Column[datetime], as_of: datetime | BindParameter[datetime] | None
) -> ColumnElement[bool]:
    """Return the condition that a row is valid now, or was known and not revoked at `as_of`."""
    if as_of is None:
        return revoked_at.is_(None)
    return and_(at <= as_of, or_(revoked_at.is_(None), revoked_at > as_of))


def add_to_record(record: TrackRecord, worked: bool, n: int, last: datetime) -> TrackRecord:
    """Return the record with `n` more executions."""
    return TrackRecord(
        tried=record.tried + n,
        worked=record.worked + (n if worked else 0),
        failed=record.failed + (0 if worked else n),
        last=max(record.last or last, last),
    )


def index_key(key: str) -> str:
    """Return the key, or its hash if it is too long for an index."""
    raw = key.encode()
    return key if len(raw) <= validation.KEY_BYTES else f"sha256:{hashlib.sha256(raw).hexdigest()}"
