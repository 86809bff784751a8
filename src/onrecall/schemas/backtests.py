"""The JSON of a backtest that was started over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.schemas.incidents import Out
from onrecall.schemas.trust import EstimateOut
from onrecall.storage.backtests import BacktestState


class PowerOut(Out):
    """How small a difference in hit@3 so many cases can tell."""

    n: int
    difference: float
    sentence: str


class GroupOut(Out):
    """The openings of one service, one month, one severity or one length."""

    kind: Literal["service", "month", "severity", "length"]
    name: str
    incidents: int
    hit_at_3: EstimateOut


class FoundOut(Out):
    """What a backtest found, in short; the rest stands in `/trust`."""

    incidents: int
    documents: int
    judged: int = Field(description="Answers whose truth is known.")
    seconds: float
    right: EstimateOut = Field(description="Of the answers that named a cause, how many named the true one.")
    hit_at_3: EstimateOut
    hit_basis: str | None = Field(
        None,
        description="`label`, `link`, `family`, `judged`, `text` or `mixed`; null: none.",
    )
    hit_basis_note: str | None = Field(None, description="The same in a sentence, with how many incidents.")
    notes: list[str] = Field(default_factory=list, description="What was taken for granted.")
    power: PowerOut | None = Field(None, description="What so few cases can't tell; null: there was nothing to find.")
    groups: list[GroupOut] = Field(
        default_factory=list, description="hit@3 by `service`, `month`, `severity` and `length` of the opening text."
    )


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
