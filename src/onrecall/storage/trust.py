"""Verdicts on answers, and every version of the calibration curve fitted to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select

from onrecall.storage.batching import chunked
from onrecall.storage.results import FittedCurve, StoredVerdict
from onrecall.storage.tables import curves, judged, resolutions

LIVE_BASIS = "outcomes"


def save_verdict(connection: Connection, judgement: StoredVerdict) -> None:
    """Save the verdict on the answer to an incident, replacing an earlier one."""
    delete_verdict(connection, judgement.incident, judgement.basis)
    _add(connection, [judgement])


def delete_verdict(connection: Connection, incident: str, basis: str = LIVE_BASIS) -> None:
    """Delete the verdict on the answer to an incident."""
    connection.execute(delete(judged).where(judged.c.incident == incident, judged.c.basis == basis))


def replace_verdicts(connection: Connection, basis: str, judgements: Sequence[StoredVerdict]) -> None:
    """Replace all verdicts of one basis."""
    connection.execute(delete(judged).where(judged.c.basis == basis))
    _add(connection, judgements)


def all_verdicts(connection: Connection) -> tuple[StoredVerdict, ...]:
    """Return all verdicts, in the order the answers were given."""
    query = select(judged).order_by(judged.c.at, judged.c.incident, judged.c.basis)
    return tuple(StoredVerdict(row.basis, row.incident, row.at, row.body) for row in connection.execute(query))


def count(connection: Connection) -> int:
    """Return the number of verdicts."""
    return connection.scalar(select(func.count()).select_from(judged)) or 0


def cause_known(connection: Connection, cause: str, before: datetime, other_than: str) -> bool:
    """Whether another incident of this cause was resolved before a time."""
    query = select(
        exists().where(
            func.lower(resolutions.c.cause) == cause.lower(),
            resolutions.c.at <= before,
            resolutions.c.incident != other_than,
            resolutions.c.revoked_at.is_(None),
            resolutions.c.provenance.in_(("human", "imported")),
        )
    )
    return bool(connection.scalar(query))


def save_curve(connection: Connection, body: Mapping[str, Any], at: datetime) -> FittedCurve:
    """Save a curve as the next version; earlier ones stay."""
    version = newest_version(connection) + 1
    connection.execute(insert(curves).values(version=version, fitted_at=at, body=dict(body)))
    return FittedCurve(version, at, body)


def newest_version(connection: Connection) -> int:
    """Return the version of the newest curve; 0 if there is none."""
    return connection.scalar(select(func.max(curves.c.version))) or 0


def newest_curve(connection: Connection) -> FittedCurve | None:
    """Return the newest curve."""
    row = connection.execute(select(curves).order_by(curves.c.version.desc()).limit(1)).first()
    return FittedCurve(row.version, row.fitted_at, row.body) if row else None


def _add(connection: Connection, judgements: Sequence[StoredVerdict]) -> None:
    for chunk in chunked(judgements):
        rows = [
            {"basis": judgement.basis, "incident": judgement.incident, "at": judgement.at, "body": dict(judgement.body)}
            for judgement in chunk
        ]
        connection.execute(insert(judged), rows)
