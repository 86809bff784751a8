"""The JSON of a backtest that was started over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from onrecall.schemas.json_models import OutputModel
from onrecall.schemas.trust import EstimateOut
from onrecall.storage.backtests import BacktestState


class PowerOut(OutputModel):
    """How small a difference in hit@3 so many cases can tell."""

    n: int
    difference: float
    sentence: str


class GroupOut(OutputModel):
    """The openings of one service, one month, one severity or one length."""

    kind: Literal["service", "month", "severity", "length"]
    name: str
    incidents: int
    hit_at_3: EstimateOut


class BacktestFiguresOut(OutputModel):
    """The result of a backtest in short; `/trust` has the rest."""

    incidents: int
    documents: int
    judged: int = Field(description="Answers known to be right or wrong.")
    seconds: float
    right: EstimateOut = Field(description="Share of the answers with a cause that named the right one.")
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


class BacktestOut(OutputModel):
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
    result: BacktestFiguresOut | None
