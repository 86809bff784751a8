"""How far to trust it, as measured on this memory's own answers; and measuring it anew."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from onrecall.domain.errors import Unavailable
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.backtests import BacktestOut
from onrecall.schemas.trust import TrustOut
from onrecall.worker.backtest_runner import BacktestRunner

router = APIRouter(prefix="/api/v1", tags=["trust"])


class LastBacktest(BaseModel):
    """The running backtest, or the last one; null if there was none."""

    backtest: BacktestOut | None


@router.get("/trust")
def trust(memory: TheMemory) -> TrustOut:
    """Return hit rate, reliability, coverage and novelty of answers known to be right or wrong, with intervals."""
    return TrustOut.model_validate(memory.trust.summary())


@router.get("/trust/backtest")
def backtest(memory: TheMemory) -> LastBacktest:
    """Return the progress of the running backtest, or how the last one ended."""
    last = memory.store.backtests.newest(memory.now())
    return LastBacktest(backtest=None if last is None else BacktestOut.model_validate(last))


@router.post("/trust/backtest", status_code=202, responses=responses(503))
def start(request: Request, caller: TheCaller) -> BacktestOut:
    """Replay the stored history in a separate process; if a backtest is running, return that one."""
    rehearsals: BacktestRunner | None = request.app.state.rehearsals
    if rehearsals is None:
        raise Unavailable("this server cannot start a backtest; run `onrecall backtest` separately")
    return BacktestOut.model_validate(rehearsals.start(caller.attribution()))
