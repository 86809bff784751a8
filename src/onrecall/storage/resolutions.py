"""Resolutions: every version that was ever given, and which of them stood at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, text, update

from onrecall.domain.incident import ReportedEffect, Resolution, ResolutionStep, StepExecution
from onrecall.storage import step_executions as performed
from onrecall.storage import validation as guard
from onrecall.storage.batching import named
from onrecall.storage.database import KINDS
from onrecall.storage.tables import resolutions

PLAIN = ("root_cause", "cause", "summary", "provenance", "cause_origin", "by", "at", "root_cause_line")


def versions(connection: Connection, incident: str) -> tuple[Resolution, ...]:
    """All versions, newest first."""
    query = select(resolutions).where(resolutions.c.incident == incident).order_by(resolutions.c.version.desc())
    return tuple(_resolution(row) for row in connection.execute(query))


def standing(connection: Connection, incidents: Iterable[str], as_of: datetime | None) -> dict[str, Resolution]:
    """The resolution of each incident that stood then, or stands now."""
    values = named(connection, incidents)
    if not values:
        return {}
    valid_resolutions: dict[str, Resolution] = {}
    for row in connection.execute(_among(connection.dialect.name, every=as_of is not None), values):
        if as_of is None or _stood(row, as_of):
            valid_resolutions[row.incident] = _resolution(row)
    return valid_resolutions


@cache
def _among(dialect: str, *, every: bool) -> Select[Any]:
    """Made once, for a question waits for it: all versions, or those that stand now."""
    columns = resolutions.c
    query = select(resolutions).where(text(KINDS[dialect].named("resolutions.incident"))).order_by(columns.version)
    return query if every else query.where(columns.superseded_at.is_(None), columns.revoked_at.is_(None))


def add(connection: Connection, incident: str, resolution: Resolution, executions: Sequence[StepExecution]) -> int:
    """Keep a further version in place of the one that stands; returns its number."""
    newest = connection.scalar(select(func.max(resolutions.c.version)).where(resolutions.c.incident == incident)) or 0
    if newest:
        connection.execute(
            update(resolutions)
            .where(resolutions.c.incident == incident, resolutions.c.superseded_at.is_(None))
            .values(superseded_at=resolution.at)
        )
        performed.revoke(connection, incident, resolution.at, _told_in(newest))
    version = int(newest) + 1
    connection.execute(insert(resolutions), row(incident, version, resolution))
    performed.add(connection, tried(incident, version, resolution, executions))
    return version


def row(incident: str, version: int, resolution: Resolution) -> dict[str, object]:
    """A version as it is written."""
    values = {name: getattr(resolution, name) for name in PLAIN}
    return {"incident": incident, "version": version, "steps": guard.plain(resolution.steps, "steps"), **values}


def tried(
    incident: str, version: int, resolution: Resolution, executions: Sequence[StepExecution]
) -> list[dict[str, object]]:
    """The tries that a version tells of, as they are written; what a model or a sender says was tried by nobody."""
    if not resolution.confirmed:
        return []
    return performed.rows(incident, _told_in(version), executions, resolution.by)


def revoke(connection: Connection, incident: str, at: datetime) -> None:
    """From this time on no version of it stands, nor any try told in them."""
    connection.execute(
        update(resolutions)
        .where(resolutions.c.incident == incident, resolutions.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def _told_in(version: int) -> str:
    return f"resolution {version}"


def _stood(row: Row[tuple[object, ...]], as_of: datetime) -> bool:
    """In the order of versions, the last one that stood is the one."""
    return row.at <= as_of and (row.revoked_at is None or row.revoked_at > as_of)


def _resolution(row: Row[tuple[object, ...]]) -> Resolution:
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
