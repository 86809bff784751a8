"""The JSON of a backtest that was started over HTTP."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.incidents import Out
from onrecall.schemas.trust import EstimateOut
from onrecall.storage.backtests import BacktestState


class FoundOut(Out):
    """What a backtest found, in short; the rest stands in `/trust`."""

    incidents: int
    documents: int
    judged: int = Field(description="Answers whose truth is known.")
    seconds: float
    right: EstimateOut = Field(description="Of the answers that named a cause, how many named the true one.")
    hit_at_3: EstimateOut


class BacktestOut(Out):
    """The backtest that runs, or else the last one."""

    number: int
    state: BacktestState = Field(description="`interrupted`: whoever ran it was stopped; nothing of it was kept.")
    by: str | None
    started_at: datetime
    told_at: datetime = Field(description="When it was last heard of while it ran.")
    stage: str | None = Field(description="What is being done: `embedding`, then `replaying`.")
    done: int
    total: int
    finished_at: datetime | None
    error: str | None
    result: FoundOut | None
