"""The JSON of a backtest that was started over HTTP."""

from datetime import datetime

from pydantic import Field

from onrecall.schemas.incidents import Out
from onrecall.schemas.trust import EstimateOut
from onrecall.storage.backtests import BacktestState


class FoundOut(Out):
    """The result of a backtest in short; `/trust` has the rest."""

    incidents: int
    documents: int
    judged: int = Field(description="Answers known to be right or wrong.")
    seconds: float
    right: EstimateOut = Field(description="Share of the answers with a cause that named the right one.")
    hit_at_3: EstimateOut


class BacktestOut(Out):
    """The running backtest, or the last one."""

    number: int
    state: BacktestState = Field(description="`interrupted`: the process that ran it stopped; nothing was stored.")
    by: str | None
    started_at: datetime
    told_at: datetime = Field(description="The time of its last sign of life.")
    stage: str | None = Field(description="The stage: `embedding`, then `replaying`.")
    done: int
    total: int
    finished_at: datetime | None
    error: str | None
    result: FoundOut | None
