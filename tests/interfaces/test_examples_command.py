"""`onrecall examples remove`: the example history out again, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecall.bootstrap.app import open_app
from onrecall.cli import main as cli
from onrecall.settings import Settings

OWN = [{"id": "INC-001", "title": "Own auth outage", "started_at": "2025-01-02T03:04:05Z", "source": "wiki"}]


@pytest.fixture
def run(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        monkeypatch.setenv("ONRECALL_DATA_DIR", str(data_dir))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        assert not ended.value.code
        return capfdbinary.readouterr().out.decode()

    return call


def test_own_incidents_stay_and_again_there_is_nothing_to_remove(
    run: Callable[..., str], data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps(OWN))
    assert json.loads(run("import", str(file), "--json"))["rejected"] == []
    with open_app(Settings(data_dir=data_dir)) as home:
        assert home.memory.store.incidents.get("example:INC-001").source == "example"
    removed = json.loads(run("examples", "remove", "--json"))
    assert removed["incidents"] > 60
    assert removed["documents"] > 20
    with open_app(Settings(data_dir=data_dir)) as home:
        counts = home.memory.store.health.counts()
        assert (counts["incidents"], counts["examples"], counts["documents"]) == (1, 0, 0)
        assert home.memory.store.incidents.get("INC-001").title == "Own auth outage"
        assert home.memory.store.health.check() == ()
    assert "nothing to remove" in run("examples", "remove")


def test_examples_come_back_beside_an_own_incident_of_the_same_id(
    run: Callable[..., str], data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps(OWN))
    run("examples", "remove")
    run("import", str(file))
    assert json.loads(run("import", "--example", "--json"))["rejected"] == []
    again = json.loads(run("import", "--example", "--json"))
    assert (again["created"], again["updated"]) == (0, 0)
    with open_app(Settings(data_dir=data_dir)) as home:
        assert home.memory.store.incidents.get("INC-001").title == "Own auth outage"
        assert home.memory.store.incidents.get("example:INC-001").source == "example"
