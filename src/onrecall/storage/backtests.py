"""Backtests of this store: at most one runs at a time, in any process; progress and results are kept here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, Row, Table, and_, insert, select, update

from onrecall.storage import validation
from onrecall.storage.columns import Json, TextType, Utc
from onrecall.storage.database import Database
from onrecall.storage.rejected import replace_unstorable
from onrecall.storage.tables import metadata

HEARTBEAT_TIMEOUT = timedelta(seconds=15)
"""A running backtest reports every few seconds; after this long without a report it counts as interrupted."""
MAX_ERROR_LENGTH = 500
INTERRUPTED = "it was interrupted, such as by a restart of OnRecall; nothing was stored, so start it again"
BacktestState = Literal["running", "done", "failed", "interrupted"]

backtests = Table(
    "backtests",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", TextType, nullable=False),
    Column("by", TextType),
    Column("started_at", Utc, nullable=False),
    Column("told_at", Utc, nullable=False),  # the last word of whoever runs it
    Column("stage", TextType),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("finished_at", Utc),
    Column("error", TextType),
    Column("result", Json),
)


@dataclass(frozen=True, slots=True)
class Backtest:
    """One backtest with its progress or result."""

    number: int
    state: BacktestState
    by: str | None
    started_at: datetime
    told_at: datetime
    stage: str | None
    done: int
    total: int
    finished_at: datetime | None
    error: str | None
    result: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Backtests:
    """The backtests of this store. Each method is one transaction."""

    database: Database

    def begin(self, by: str | None, now: datetime) -> tuple[Backtest, bool]:
        """Begin a backtest unless one is running. Returns the current one, and whether it is new."""
        now = validation.require_utc(now, "now")
        with self.database.write() as connection:
            last = _newest(connection)
            if last is not None and _with_timeout(last, now).state == "running":
                return last, False
            if last is not None and last.state == "running":
                _finish(connection, last.number, now, state="interrupted", error=INTERRUPTED)
            number = last.number + 1 if last else 1
            begun = {"started_at": now, "told_at": now, "done": 0, "total": 0}
            connection.execute(insert(backtests).values(number=number, state="running", by=by, **begun))
            new = _newest(connection)
            assert new is not None
            return new, True

    def report_progress(self, number: int, stage: str | None, steps_done: int, total: int, now: datetime) -> bool:
        """Save the progress. Returns False if the backtest is no longer running, so the caller should stop."""
        values = {"stage": stage, "done": steps_done, "total": total, "told_at": validation.require_utc(now, "now")}
        with self.database.write() as connection:
            return bool(connection.execute(update(backtests).where(_is_running(number)).values(values)).rowcount)

    def alive(self, number: int, now: datetime) -> None:
        """Record that it still runs, even without progress."""
        with self.database.write() as connection:
            connection.execute(
                update(backtests).where(_is_running(number)).values(told_at=validation.require_utc(now, "now"))
            )

    def finish(self, number: int, result: Mapping[str, Any], now: datetime) -> None:
        """Mark it done and save the result."""
        stored = validation.to_storable(result, "result")
        with self.database.write() as connection:
            _finish(connection, number, validation.require_utc(now, "now"), state="done", result=stored)

    def fail(self, number: int, error: str, now: datetime) -> None:
        """Mark it failed with this reason."""
        with self.database.write() as connection:
            _finish(
                connection,
                number,
                validation.require_utc(now, "now"),
                state="failed",
                error=replace_unstorable(error)[:MAX_ERROR_LENGTH],
            )

    def interrupt(self, number: int, now: datetime) -> None:
        """Mark it interrupted; has no effect if it ended otherwise."""
        with self.database.write() as connection:
            _finish(connection, number, validation.require_utc(now, "now"), state="interrupted", error=INTERRUPTED)

    def newest(self, now: datetime) -> Backtest | None:
        """Return the newest backtest; one without recent reports is returned as interrupted."""
        with self.database.read() as connection:
            last = _newest(connection)
        return None if last is None else _with_timeout(last, validation.require_utc(now, "now"))


def _is_running(number: int) -> Any:
    return and_(backtests.c.number == number, backtests.c.state == "running")


def _finish(connection: Connection, number: int, now: datetime, **values: Any) -> None:
    connection.execute(update(backtests).where(_is_running(number)).values(finished_at=now, **values))


def _with_timeout(last: Backtest, now: datetime) -> Backtest:
    if last.state == "running" and now - last.told_at > HEARTBEAT_TIMEOUT:
        return replace(last, state="interrupted", finished_at=last.told_at, error=INTERRUPTED)
    return last


def _newest(connection: Connection) -> Backtest | None:
    row: Row[Any] | None = connection.execute(select(backtests).order_by(backtests.c.number.desc()).limit(1)).first()
    return None if row is None else Backtest(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public
