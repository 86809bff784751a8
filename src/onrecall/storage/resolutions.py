"""Resolutions: every version ever given, and which was valid at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, or_, select, text, update

from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import ReportedEffect, Resolution, ResolutionStep
from onrecall.storage import step_executions, validation
from onrecall.storage.batching import bind_names
from onrecall.storage.database import BACKENDS
from onrecall.storage.tables import resolutions

COLUMNS = ("root_cause", "cause", "summary", "provenance", "cause_origin", "by", "at", "root_cause_line")


def versions(connection: Connection, incident: str) -> tuple[Resolution, ...]:
    """Return all versions, newest first."""
    query = select(resolutions).where(resolutions.c.incident == incident).order_by(resolutions.c.version.desc())
    return tuple(_from_row(row) for row in connection.execute(query))


def valid_at(connection: Connection, incidents: Iterable[str], as_of: datetime | None) -> dict[str, Resolution]:
    """Return the resolution of each incident valid at `as_of`, or now."""
    values = bind_names(connection, incidents)
    if not values:
        return {}
    valid_resolutions: dict[str, Resolution] = {}
    for row in connection.execute(_select_by_incidents(connection.dialect.name, every=as_of is not None), values):
        if as_of is None or _was_valid(row, as_of):
            valid_resolutions[row.incident] = _from_row(row)
    return valid_resolutions


@cache
def _select_by_incidents(dialect: str, *, every: bool) -> Select[Any]:
    """Built once, because retrieval waits for it: selects all versions, or the current ones."""
    columns = resolutions.c
    query = (
        select(resolutions).where(text(BACKENDS[dialect].in_names("resolutions.incident"))).order_by(columns.version)
    )
    return query if every else query.where(columns.superseded_at.is_(None), columns.revoked_at.is_(None))


def incidents_of_cause(connection: Connection, cause: str, limit: int, as_of: datetime | None) -> tuple[str, ...]:
    """Return the incidents with a confirmed resolution of this cause label, valid at `as_of` or now, newest first."""
    columns = resolutions.c
    query = select(columns.incident).where(columns.cause == cause, columns.provenance.in_(("human", "imported")))
    if as_of is None:
        query = query.where(columns.superseded_at.is_(None), columns.revoked_at.is_(None))
    else:
        query = query.where(
            columns.at <= as_of,
            or_(columns.superseded_at.is_(None), columns.superseded_at > as_of),
            or_(columns.revoked_at.is_(None), columns.revoked_at > as_of),
        )
    return tuple(connection.scalars(query.order_by(columns.at.desc(), columns.incident).limit(limit)))


def add(connection: Connection, incident: str, resolution: Resolution, executions: Sequence[StepExecution]) -> int:
    """Add a version that supersedes the current one; returns its number."""
    newest = connection.scalar(select(func.max(resolutions.c.version)).where(resolutions.c.incident == incident)) or 0
    if newest:
        connection.execute(
            update(resolutions)
            .where(resolutions.c.incident == incident, resolutions.c.superseded_at.is_(None))
            .values(superseded_at=resolution.at)
        )
        step_executions.revoke(connection, incident, resolution.at, _source_label(newest))
    version = int(newest) + 1
    connection.execute(insert(resolutions), to_row(incident, version, resolution))
    step_executions.add(connection, execution_rows(incident, version, resolution, executions))
    return version


def to_row(incident: str, version: int, resolution: Resolution) -> dict[str, object]:
    """Return the row of a version."""
    values = {name: getattr(resolution, name) for name in COLUMNS}
    return {
        "incident": incident,
        "version": version,
        "steps": validation.to_storable(resolution.steps, "steps"),
        **values,
    }


def execution_rows(
    incident: str, version: int, resolution: Resolution, executions: Sequence[StepExecution]
) -> list[dict[str, object]]:
    """Return the rows of executions that a version reports; unconfirmed ones (by a model or a source) do not count."""
    if not resolution.confirmed:
        return []
    return step_executions.to_rows(incident, _source_label(version), executions, resolution.by)


def revoke(connection: Connection, incident: str, at: datetime) -> None:
    """Revoke all versions and the executions they report."""
    connection.execute(
        update(resolutions)
        .where(resolutions.c.incident == incident, resolutions.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def _source_label(version: int) -> str:
    return f"resolution {version}"


def _was_valid(row: Row[tuple[object, ...]], as_of: datetime) -> bool:
    """Return whether a version was valid; the last valid one in order of versions counts."""
    return row.at <= as_of and (row.revoked_at is None or row.revoked_at > as_of)


def _from_row(row: Row[tuple[object, ...]]) -> Resolution:
    return Resolution(
        root_cause=row.root_cause,
        at=row.at,
        cause=row.cause,
        steps=tuple(_step(**step) for step in row.steps),
        summary=row.summary,
        provenance=row.provenance,
        by=row.by,
        cause_origin=row.cause_origin,
        root_cause_line=row.root_cause_line,
    )


def _step(effect: Mapping[str, float | None] | None = None, **fields: Any) -> ResolutionStep:
    return ResolutionStep(**fields, effect=ReportedEffect(**effect) if effect else None)
