"""The demo measures trust in a process of its own, beside the store that is being served."""

from contextlib import closing
from datetime import UTC, datetime

from calibration.histories import history
from onrecall.backtest.chronology import History
from onrecall.calibration.model import CalibrationModel
from onrecall.cli.demo import DemoBacktest
from onrecall.pipeline.calibrate import CalibrationService
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.worker.backtest_runner import BacktestRunner


def test_a_served_store_learns_how_far_to_trust_it(tmp_path, capsys):
    chosen = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'onrecall.db'}")
    told = History.of(history(26, 3))
    with closing(Storage.open(chosen.database)) as served:
        trust = CalibrationService(served)
        assert trust.measured().version == 0
        rehearsals = BacktestRunner(served, chosen, lambda: datetime.now(UTC))
        rehearsal = DemoBacktest(rehearsals, told)
        rehearsal.start()
        rehearsal.join()
        measured = trust.measured()
    assert measured.version == 1
    assert isinstance(measured.curve, CalibrationModel)
    assert measured.curve.basis == "backtest"
    assert measured.learning is not None
    said = capsys.readouterr().out
    assert "26 examples in chronological order" in said
    assert "the cause was right" in said
