"""Model calls, counted before they are made, so that all processes together respect the limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, Select, Table, func, insert, select, update

from onrecall.domain.errors import Unavailable
from onrecall.domain.recommendation import Recommendation
from onrecall.storage import audit, recommendations, sequences, validation
from onrecall.storage.columns import Number, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.rejected import replace_unstorable
from onrecall.storage.results import CircuitState, DailyModelUsage, ModelCall, ModelUsage
from onrecall.storage.tables import metadata

FAILURES_TO_OPEN = 3
"""Consecutive failures after which a provider is skipped."""
FIRST_COOLDOWN = timedelta(seconds=30)
"""The first cooldown; doubled after each further failure."""
MAX_COOLDOWN = timedelta(minutes=10)
CALL_TIMEOUT = timedelta(seconds=60)
"""A reserved call without a result after this time counts as lost."""
MINUTE = timedelta(minutes=1)
CALLS_CONSIDERED = 20
FAILED, RESERVED, ANSWERED, REJECTED = "failed", "reserved", "answered", "rejected"


model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("day", TextType, nullable=False),  # in UTC, as the budget counts
    Column("recommendation", TextType, nullable=False),  # that it was to refine; of a question it is not kept
    Column("role", TextType, nullable=False),  # draft or strong
    Column("provider", TextType, nullable=False),
    Column("model", TextType, nullable=False),
    Column("state", TextType, nullable=False),  # reserved, answered, rejected, failed
    Column("reserved_usd", Float),  # the most that it can cost; none: nobody knows
    Column("cost_usd", Float),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("latency_ms", Float),
    Column("reason", TextType),  # why it failed or was rejected
    Column("prompt_hash", TextType, nullable=False),
    Index("model_calls_day", "day"),
    Index("model_calls_at", "at"),
    Index("model_calls_provider", "provider", "id"),
    Index("model_calls_recommendation", "recommendation"),
)


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """Limits for all processes together."""

    calls_per_minute: int
    daily_budget_usd: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """The model calls. Each method is one transaction."""

    database: Database

    def reserve(self, call: ModelCall, worst_usd: float | None, limits: UsageLimits, now: datetime) -> int:
        """Reserve a call before it is made. Raises Unavailable if the limits do not allow it."""
        now = validation.require_utc(now, "now")
        with self.database.write() as connection:
            _check_allowed(connection, call, worst_usd, limits, now)
            number = sequences.allocate(connection, "model_call")[0]
            described = {name: getattr(call, name) for name in ("role", "provider", "prompt_hash")}
            described["model"] = replace_unstorable(call.model)
            reserved = {"state": RESERVED, "reserved_usd": worst_usd, "recommendation": call.recommendation}
            row = {"id": number, "at": now, "day": _day(now)} | described | reserved
            connection.execute(insert(model_calls).values(row))
            audit.add(connection, "model called", call.recommendation, described | {"call": number})
            return number

    def answered(self, number: int, usage: ModelUsage) -> None:
        """Record an answer and its usage."""
        values = {name: getattr(usage, name) for name in ("input_tokens", "output_tokens", "cost_usd", "latency_ms")}
        self._settle(number, values | {"state": ANSWERED})

    def failed(self, number: int, reason: str, latency_ms: float, *, free: bool) -> None:
        """Record a failure; its possible cost stays reserved unless the call was certainly free."""
        cost = 0.0 if free else None
        self._settle(
            number, {"state": FAILED, "reason": replace_unstorable(reason), "latency_ms": latency_ms, "cost_usd": cost}
        )

    def rejected(self, number: int, reasons: Sequence[str]) -> None:
        """Record that the answer did not pass the checks."""
        self._settle(number, {"state": REJECTED, "reason": replace_unstorable("; ".join(reasons))})

    def was_rejected(self, recommendation: str) -> bool:
        """Return whether the last refinement of this answer was rejected; the same evidence gives the same request."""
        query = select(model_calls.c.state).where(model_calls.c.recommendation == recommendation)
        with self.database.read() as connection:
            return connection.scalar(query.order_by(model_calls.c.id.desc()).limit(1)) == REJECTED

    def keep(self, refined: Recommendation, step_keys: Sequence[str]) -> Recommendation | None:
        """Save a refined answer in place of the original; None if the original is no longer the newest."""
        with self.database.write() as connection:
            newest = recommendations.newest_first(connection, refined.incident or "", 1)
            if not newest or newest[0].id != refined.refines:
                return None
            return recommendations.save(connection, refined, step_keys)

    def by_day(self, days: int, now: datetime) -> tuple[DailyModelUsage, ...]:
        """Return usage of the last days by day and model, newest first."""
        since = _day(validation.require_utc(now, "now") - timedelta(days=days - 1))
        with self.database.read() as connection:
            return tuple(DailyModelUsage(**row) for row in connection.execute(_select_by_day(since)).mappings())

    def spent_today(self, now: datetime) -> float:
        """Return today's cost in dollars; calls of unknown cost count with their maximum."""
        with self.database.read() as connection:
            return _spent_usd(connection, _day(validation.require_utc(now, "now")))

    def breaker(self, provider: str, now: datetime) -> CircuitState:
        """Return whether a provider may be called."""
        with self.database.read() as connection:
            return _circuit_state(connection, provider, validation.require_utc(now, "now"))

    def _settle(self, number: int, values: dict[str, Any]) -> None:
        with self.database.write() as connection:
            connection.execute(update(model_calls).where(model_calls.c.id == number).values(values))


def _check_allowed(
    connection: Connection, call: ModelCall, worst_usd: float | None, limits: UsageLimits, now: datetime
) -> None:
    breaker = _circuit_state(connection, call.provider, now)
    if breaker.state == "open" or (breaker.state == "half_open" and breaker.trying):
        raise Unavailable(f"{call.provider} failed {breaker.failures} times in a row and is skipped")
    recent = select(func.count()).select_from(model_calls).where(model_calls.c.at > now - MINUTE)
    if int(connection.scalar(recent) or 0) >= limits.calls_per_minute:
        raise Unavailable(f"the {limits.calls_per_minute} calls allowed per minute are used up")
    if limits.daily_budget_usd is None:
        return
    if worst_usd is None:
        raise Unavailable("its price is unknown, so the daily budget cannot be enforced")
    if _spent_usd(connection, _day(now)) + worst_usd > limits.daily_budget_usd:
        raise Unavailable(f"the daily budget of {limits.daily_budget_usd:g} dollars is not enough for it")


def _circuit_state(connection: Connection, provider: str, now: datetime) -> CircuitState:
    """Derive the state from the calls themselves, so that all processes agree."""
    query = select(model_calls.c.state, model_calls.c.at).where(model_calls.c.provider == provider)
    rows = connection.execute(query.order_by(model_calls.c.id.desc()).limit(CALLS_CONSIDERED)).all()
    trying = bool(rows) and rows[0].state == RESERVED and rows[0].at > now - CALL_TIMEOUT
    settled = [row for row in rows if row.state != RESERVED]
    failures = next((n for n, row in enumerate(settled) if row.state != FAILED), len(settled))
    if failures < FAILURES_TO_OPEN:
        return CircuitState(provider, "closed", failures, None, trying)
    until: datetime = settled[0].at + min(FIRST_COOLDOWN * 2 ** (failures - FAILURES_TO_OPEN), MAX_COOLDOWN)
    return CircuitState(provider, "open" if now < until else "half_open", failures, until, trying)


def _spent_usd(connection: Connection, day: str) -> float:
    cost = func.coalesce(model_calls.c.cost_usd, model_calls.c.reserved_usd, 0.0)
    return float(connection.scalar(select(func.sum(cost)).where(model_calls.c.day == day)) or 0.0)


def _select_by_day(since: str) -> Select[Any]:
    columns = model_calls.c
    states = {"accepted": ANSWERED, "rejected": REJECTED, "failed": FAILED}
    query = select(
        columns.day,
        columns.provider,
        columns.model,
        func.count().label("calls"),
        *(func.count().filter(columns.state == state).label(name) for name, state in states.items()),
        func.coalesce(func.sum(columns.input_tokens), 0).label("input_tokens"),
        func.coalesce(func.sum(columns.output_tokens), 0).label("output_tokens"),
        func.sum(columns.cost_usd).label("known_cost_usd"),
        func.count().filter(columns.cost_usd.is_(None)).label("of_unknown_cost"),
        func.avg(columns.latency_ms).label("mean_latency_ms"),
    )
    by_day = query.where(columns.day >= since).group_by(columns.day, columns.provider, columns.model)
    return by_day.order_by(columns.day.desc(), columns.provider, columns.model)


def _day(at: datetime) -> str:
    return at.date().isoformat()
