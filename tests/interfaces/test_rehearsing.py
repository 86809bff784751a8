"""The demo measures trust in a process of its own, beside the store that is being served."""

from contextlib import closing
from datetime import UTC, datetime

from calibration.histories import history
from onrecall.backtest.chronology import History
from onrecall.calibration.model import Curve
from onrecall.pipeline.calibrate import Trust
from onrecall.settings import Settings
from onrecall.storage import Store
from onrecall.worker.backtest_runner import Rehearsal, Rehearsals


def test_a_served_store_learns_how_far_to_trust_it(tmp_path, capsys):
    chosen = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'onrecall.db'}")
    told = History.of(history(26, 3))
    with closing(Store.open(chosen.database)) as served:
        trust = Trust(served)
        assert trust.measured().version == 0
        rehearsals = Rehearsals(served, chosen, lambda: datetime.now(UTC))
        rehearsal = Rehearsal(rehearsals, told)
        rehearsal.start()
        rehearsal.join()
        measured = trust.measured()
    assert measured.version == 1
    assert isinstance(measured.curve, Curve)
    assert measured.curve.basis == "backtest"
    assert measured.learning is not None
    said = capsys.readouterr().out
    assert "26 examples are replayed" in said
    assert "the cause was right" in said
