"""`onrecall backtest`: files, the gate, the page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.histories import history
from onrecall.cli import backtest as backtesting
from onrecall.cli.main import app
from onrecall.domain.errors import Invalid
from onrecall.importers import native

runner = CliRunner()


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join(json.dumps(native.dump(incident)) for incident in history(12, 3)), encoding="utf-8")
    return path


def test_json_and_page_of_a_file(file: Path, tmp_path: Path):
    page = tmp_path / "report.html"
    result = runner.invoke(app, ["backtest", str(file), "--json", "--html", str(page)])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["incidents"] == 12
    assert report["hit_at_3"] > 0
    assert "<h1>Backtest: history.jsonl</h1>" in page.read_text(encoding="utf-8")


def test_the_gate_fails_with_a_sentence_and_passes_in_silence(file: Path):
    passed = backtesting.run_backtest(file)
    assert passed.short_of(None) is None
    assert passed.short_of(0.0) is None
    assert "below 1" in (passed.short_of(1.01) or "")
    result = runner.invoke(app, ["backtest", str(file), "--min-hit3", "1"])
    assert result.exit_code == (1 if passed.report.hits.hit_at_3.value < 1 else 0)
    assert "hit@3" in result.stdout


def test_a_history_on_which_it_can_not_be_measured_fails_the_gate(tmp_path: Path):
    path = tmp_path / "bare.jsonl"
    bare = [
        native.dump(incident) | {"resolution": None, "resolved_at": None, "status": "open"} for incident in history(3)
    ]
    path.write_text("\n".join(map(json.dumps, bare)), encoding="utf-8")
    assert "cannot be measured" in (backtesting.run_backtest(path).short_of(0.5) or "")


def test_the_live_store_and_an_empty_one(file: Path):
    with pytest.raises(Invalid, match="no incident in the live store"):
        backtesting.run_backtest(None)
    assert runner.invoke(app, ["import", str(file)]).exit_code == 0
    result = backtesting.run_backtest(None)
    assert result.report.incidents == 12
    assert result.report.hits.hit_at_1.n == backtesting.run_backtest(file).report.hits.hit_at_1.n


def test_a_path_that_is_not_there():
    with pytest.raises(Invalid, match="check the path"):
        backtesting.run_backtest(Path("/nowhere"))
