"""The benchmark of the backtest replays a history that is the same everywhere, and says what that took."""

import json
from itertools import islice

import numpy as np
import pytest
from typer.testing import CliRunner

from onrecall.backtest.ground_truth import GroundTruth
from onrecall.benchmarks.backtest import RandomWordVectors, make_history
from onrecall.cli.main import app

pytestmark = pytest.mark.statistics


def test_a_longer_history_begins_with_the_shorter_one_and_some_of_it_recurs():
    few = list(make_history(120))
    assert list(islice(make_history(200), 120)) == few
    assert len({one.id for one in few}) == 120
    truths = GroundTruth(tuple(few), {})
    assert any(truths.hit(one.id, other.id) for one in few for other in few if other is not one)


def test_drawn_vectors_are_near_where_words_are_the_same():
    one, same, near, far = RandomWordVectors().embed(
        ["disk full on web", "disk full on web", "disk full on db", "lag in kafka"]
    )
    assert np.array_equal(one, same)
    assert one @ near > 0.6 > abs(one @ far)


def test_it_says_what_a_replay_took():
    done = CliRunner().invoke(app, ["bench", "backtest", "--incidents", "120", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["incidents"], said["vectors"]) == (120, "drawn")
    assert said["replay_seconds"] > 0
    assert said["processor_seconds"] > 0
    assert 0 <= said["hit_at_3"] <= 1
