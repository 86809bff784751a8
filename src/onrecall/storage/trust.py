"""Verdicts on answers, and every version of the calibration curve fitted to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Column, Connection, Index, Integer, Table, delete, exists, func, insert, select

from onrecall.storage import validation
from onrecall.storage.batching import chunked
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.results import FittedCurve, StoredVerdict
from onrecall.storage.tables import metadata, resolutions

LIVE_BASIS: Final = "outcomes"
BASES = ("backtest", LIVE_BASIS)


judged = Table(
    "judged",
    metadata,
    Column("basis", TextType, primary_key=True),  # a replay of history, or what people said
    Column("incident", TextType, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("body", Json, nullable=False),
    Index("judged_at", "basis", "at", "incident"),
)

curves = Table(
    "curves",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("fitted_at", Utc, nullable=False),
    Column("body", Json, nullable=False),
)


class VerdictRepository:
    """The verdicts on answers: which were right, by a backtest or by outcomes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, verdict: StoredVerdict) -> None:
        """Save the verdict on the answer to an incident, replacing an earlier one."""
        with self._database.write() as connection:
            delete_verdict(connection, verdict.incident, verdict.basis)
            _add(connection, [verdict])

    def replace(self, basis: Literal["backtest", "outcomes"], verdicts: Sequence[StoredVerdict]) -> None:
        """Replace all verdicts of one basis."""
        with self._database.write() as connection:
            connection.execute(delete(judged).where(judged.c.basis == basis))
            _add(connection, verdicts)

    def all(self) -> tuple[StoredVerdict, ...]:
        """Return all verdicts, in the order the answers were given."""
        query = select(judged).order_by(judged.c.at, judged.c.incident, judged.c.basis)
        with self._database.read() as connection:
            return tuple(StoredVerdict(row.basis, row.incident, row.at, row.body) for row in connection.execute(query))

    def newest(self, limit: int, bases: Sequence[str] = BASES) -> tuple[StoredVerdict, ...]:
        """Return the newest verdicts of these bases, at most so many of each, in the order the answers were given."""
        verdicts: list[StoredVerdict] = []
        with self._database.read() as connection:
            for basis in bases:
                query = select(judged).where(judged.c.basis == basis)
                newest_first = query.order_by(judged.c.at.desc(), judged.c.incident.desc()).limit(limit)
                verdicts += (
                    StoredVerdict(row.basis, row.incident, row.at, row.body) for row in connection.execute(newest_first)
                )
        return tuple(sorted(verdicts, key=lambda verdict: (verdict.at, verdict.incident, verdict.basis)))

    def count(self) -> int:
        """Return the number of verdicts."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(judged)) or 0

    def cause_known(self, cause: str, before: datetime, other_than: str) -> bool:
        """Return whether another incident of this cause was resolved before a time."""
        query = select(
            exists().where(
                func.lower(resolutions.c.cause) == cause.lower(),
                resolutions.c.at <= validation.require_utc(before, "before"),
                resolutions.c.incident != other_than,
                resolutions.c.revoked_at.is_(None),
                resolutions.c.provenance.in_(("human", "imported")),
            )
        )
        with self._database.read() as connection:
            return bool(connection.scalar(query))


class CurveRepository:
    """Every version of the calibration curve fitted to the verdicts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, body: Mapping[str, Any], at: datetime) -> FittedCurve:
        """Save a curve as the next version; earlier ones stay."""
        fitted_at = validation.require_utc(at, "at")
        with self._database.write() as connection:
            version = _newest_version(connection) + 1
            connection.execute(insert(curves).values(version=version, fitted_at=fitted_at, body=dict(body)))
        return FittedCurve(version, fitted_at, body)

    def newest_version(self) -> int:
        """Return the version of the newest curve; 0 if there is none."""
        with self._database.read() as connection:
            return _newest_version(connection)

    def newest(self) -> FittedCurve | None:
        """Return the newest curve."""
        with self._database.read() as connection:
            row = connection.execute(select(curves).order_by(curves.c.version.desc()).limit(1)).first()
        return FittedCurve(row.version, row.fitted_at, row.body) if row else None


def delete_verdict(connection: Connection, incident: str, basis: str = LIVE_BASIS) -> None:
    """Delete the verdict on the answer to an incident."""
    connection.execute(delete(judged).where(judged.c.incident == incident, judged.c.basis == basis))


def _add(connection: Connection, verdicts: Sequence[StoredVerdict]) -> None:
    for chunk in chunked(verdicts):
        rows = [
            {"basis": verdict.basis, "incident": verdict.incident, "at": verdict.at, "body": dict(verdict.body)}
            for verdict in chunk
        ]
        connection.execute(insert(judged), rows)


def _newest_version(connection: Connection) -> int:
    return connection.scalar(select(func.max(curves.c.version))) or 0
