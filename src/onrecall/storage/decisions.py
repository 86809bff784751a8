"""Decisions: every answer given, as one list that can be cleared, and statistics.

Clearing only hides: incidents, outcomes and calibration still refer to the answers, so none is deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from onrecall.domain.errors import NotFound
from onrecall.domain.recommendation import Recommendation
from onrecall.storage import audit, paging, recommendations, sequences, validation
from onrecall.storage.database import Database
from onrecall.storage.tables import incidents
from onrecall.storage.tables import recommendations as rows

UNKNOWN_ERROR_TYPE = "unknown"
"""The error type of decisions without one."""


@dataclass(frozen=True, slots=True)
class DecisionStats:
    """Statistics of all listed decisions."""

    total: int
    with_confidence: int
    average_confidence: float
    """Over decisions with a confidence; 0 if there are none."""
    average_latency_ms: float
    by_verdict: Mapping[str, int]
    by_error_type: Mapping[str, int]
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Reads and clears the list of decisions. Each method is one transaction."""

    database: Database

    def newest(
        self, limit: int, offset: int = 0, error_type: str | None = None
    ) -> tuple[int, tuple[Recommendation, ...]]:
        """Return the number of matching decisions and one page of them, newest first."""
        with self.database.read() as connection:
            fitting = _visible_decisions(connection)
            if error_type is not None:
                fitting = fitting.where(_error_type() == validation.require_text(error_type, "error_type"))
            total = connection.scalar(select(func.count()).select_from(fitting.subquery()))
            page = fitting.order_by(rows.c.n.desc()).limit(paging.check_limit(limit)).offset(offset)
            return int(total or 0), tuple(recommendations.parse(row.body) for row in connection.execute(page))

    def get(self, decision_id: str) -> Recommendation:
        """Return one decision. Raises NotFound, also if it was cleared."""
        with self.database.read() as connection:
            listed = validation.is_storable(decision_id) and connection.scalar(
                _visible_decisions(connection).where(rows.c.id == decision_id)
            )
            if not listed:
                raise NotFound(f"there is no decision {decision_id}")
            return recommendations.get(connection, decision_id)

    def stats(self) -> DecisionStats:
        """Return statistics of all listed decisions."""
        with self.database.read() as connection:
            return _stats(connection)

    def clear(self) -> int:
        """Hide all decisions given so far and return how many were listed."""
        with self.database.write() as connection:
            listed_count = int(
                connection.scalar(select(func.count()).select_from(_visible_decisions(connection).subquery())) or 0
            )
            sequences.advance_to(connection, "decisions_cleared", sequences.current_value(connection, "recommendation"))
            if listed_count:
                audit.add(connection, "decisions cleared", detail={"count": listed_count})
            return listed_count


def _visible_decisions(connection: Connection) -> Select[Any]:
    """Select decisions given since the list was last cleared."""
    joined = rows.outerjoin(incidents, incidents.c.id == rows.c.incident)
    cleared = sequences.current_value(connection, "decisions_cleared")
    return select(rows.c.id, rows.c.n, rows.c.created_at, rows.c.body).select_from(joined).where(rows.c.n > cleared)


def _error_type() -> ColumnElement[str]:
    """Return the error type from the request, else from the incident's labels."""
    from_context = rows.c.body["asked_context", "error_type"].as_string()
    return func.coalesce(from_context, incidents.c.labels["error_type"].as_string(), UNKNOWN_ERROR_TYPE)


def _stats(connection: Connection) -> DecisionStats:
    listed = _visible_decisions(connection)
    probability = rows.c.body["confidence", "probability"].as_float()
    latency = rows.c.body["latency_ms", "total"].as_float()
    figures = (func.count(), func.count(probability), func.avg(probability), func.avg(latency), func.max(rows.c.n))
    total, with_confidence, confidence, average_latency, newest = connection.execute(
        listed.with_only_columns(*figures)
    ).one()
    return DecisionStats(
        total=total,
        with_confidence=with_confidence,
        average_confidence=float(confidence or 0.0),
        average_latency_ms=float(average_latency or 0.0),
        by_verdict=_counts(connection, listed, rows.c.body["verdict"].as_string()),
        by_error_type=_counts(connection, listed, _error_type()),
        newest_at=connection.scalar(listed.with_only_columns(rows.c.created_at).where(rows.c.n == newest)),
    )


def _counts(connection: Connection, listed: Select[Any], value: ColumnElement[str]) -> Mapping[str, int]:
    values = listed.with_only_columns(value.label("name")).subquery()
    query = select(values.c.name, func.count()).group_by(values.c.name).order_by(values.c.name)
    return {row[0]: row[1] for row in connection.execute(query)}
