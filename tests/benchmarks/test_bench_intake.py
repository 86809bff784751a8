"""The benchmark of intake measures what it says: real servers, real counts."""

import json

import pytest
from typer.testing import CliRunner

from onrecall.benchmarks.intake import run
from onrecall.benchmarks.load_generator import Load
from onrecall.cli.main import app
from onrecall.domain.errors import Invalid

pytestmark = pytest.mark.process


def test_a_short_run_counts_every_alert():
    done = CliRunner().invoke(
        app, ["bench", "intake", "--seconds", "1", "--alerts", "50", "--batch", "5", "--singles", "10", "--json"]
    )
    assert done.exit_code == 0, done.output
    bare, ours = json.loads(done.stdout)["results"]
    for one in (bare, ours):
        assert (one["sent"], one["acknowledged"]) == (60, 60)
        assert (one["batches"]["messages"], one["singles"]["messages"]) == (10, 10)
        assert 0 < one["batches"]["p50"] <= one["batches"]["p99"] <= one["batches"]["most"]
        assert one["cpu_ms"] > 0
    assert (bare["stored"], bare["lost"], bare["double"]) == (None, None, None)
    assert (ours["stored"], ours["lost"], ours["double"]) == (60, 0, 0)
    assert (bare["grouped_seconds"], bare["incidents"]) == (None, None)
    assert ours["grouped_seconds"] >= 0
    assert 1 <= ours["incidents"] < 10, "many alerts of a few outages"


def test_a_load_that_is_none_is_refused():
    with pytest.raises(Invalid, match="a batch and a single a second"):
        run(Load(seconds=1, alerts=5, batch=10))
