"""Queue lengths and totals for a monitoring system that asks every few seconds; each is answered by an index."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from onrecall.storage import sequences
from onrecall.storage.database import BACKENDS
from onrecall.storage.tables import alerts, deliveries, incidents
from onrecall.storage.usage import model_calls

OPEN_STATUSES = ("open", "acknowledged")
UNSENT_STATES = ("pending", "dead")


@dataclass(frozen=True, slots=True)
class ModelCalls:
    """Today's (UTC) calls of one model in one role, by final state."""

    provider: str
    model: str
    role: str
    state: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    """Sum over calls whose cost is known."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """The numbers of the store at one moment, over all processes."""

    alerts_waiting: int
    incidents_due: int
    open_by_severity: Mapping[str, int]
    deliveries: Mapping[tuple[str, str], int]
    """Pending and dead deliveries by channel and state."""
    passages: int
    alerts_taken: int
    """Total ever received."""
    answers_given: int
    """Total ever given, repeats included."""
    model_calls: tuple[ModelCalls, ...]
    size_bytes: int


def read(connection: Connection, now: datetime) -> Gauges:
    """Read all gauges."""
    due = or_(incidents.c.due_at.is_(None), incidents.c.due_at <= now)
    severities = select(incidents.c.severity, func.count()).where(incidents.c.status.in_(OPEN_STATUSES))
    unsent = select(deliveries.c.channel, deliveries.c.state, func.count()).where(deliveries.c.state.in_(UNSENT_STATES))
    return Gauges(
        alerts_waiting=_count(connection, alerts.c.waiting.is_(True)),
        incidents_due=_count(connection, incidents.c.waiting.is_(True) & due),
        open_by_severity={row[0]: row[1] for row in connection.execute(severities.group_by(incidents.c.severity))},
        deliveries={
            (row[0], row[1]): row[2]
            for row in connection.execute(unsent.group_by(deliveries.c.channel, deliveries.c.state))
        },
        passages=sequences.current_value(connection, "passages"),
        alerts_taken=sequences.current_value(connection, "alert"),
        answers_given=sequences.current_value(connection, "recommendation"),
        model_calls=_model_calls(connection, now),
        size_bytes=BACKENDS[connection.dialect.name].size(connection),
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).where(condition)) or 0)


def _model_calls(connection: Connection, now: datetime) -> tuple[ModelCalls, ...]:
    columns = model_calls.c
    key = (columns.provider, columns.model, columns.role, columns.state)
    query = (
        select(
            *key,
            func.count().label("calls"),
            func.coalesce(func.sum(columns.input_tokens), 0).label("input_tokens"),
            func.coalesce(func.sum(columns.output_tokens), 0).label("output_tokens"),
            func.coalesce(func.sum(columns.cost_usd), 0.0).label("cost_usd"),
        )
        .where(columns.day == now.date().isoformat())
        .group_by(*key)
        .order_by(*key)
    )
    return tuple(ModelCalls(**row) for row in connection.execute(query).mappings())
