from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.importers.quality import FINDINGS, assess_quality

pytestmark = pytest.mark.statistics

START = datetime(2024, 1, 31, 9, 30, tzinfo=UTC)
END = START + timedelta(hours=1)
GOOD = Incident(
    id="A", title="auth down", started_at=START, service="auth", severity="high", status="resolved", resolved_at=END,
    resolution=Resolution("pool", END, cause="pool-exhausted", steps=(ResolutionStep("restart the pods"),), summary="restart the pods"),
)  # fmt: skip


def test_a_good_history_has_no_findings():
    quality = assess_quality(
        [GOOD, replace(GOOD, id="B", started_at=START + timedelta(days=1), resolved_at=END + timedelta(days=1))]
    )
    assert (quality.incidents, quality.findings) == (2, ())


def test_each_flaw_is_counted_with_examples():
    flawed = {
        "no_resolution": replace(GOOD, id="no_resolution", title="1", resolution=None),
        "no_cause": replace(GOOD, id="no_cause", title="2", resolution=replace(GOOD.resolution, root_cause=" ")),
        "no_cause_label": replace(
            GOOD, id="no_cause_label", title="8", resolution=replace(GOOD.resolution, cause=None)
        ),
        "no_steps": replace(GOOD, id="no_steps", title="3", resolution=replace(GOOD.resolution, steps=())),
        "one_word_fix": replace(
            GOOD, id="one_word_fix", title="4", resolution=replace(GOOD.resolution, summary="Done.")
        ),
        "duplicate": replace(GOOD, id="duplicate", title="AUTH  down"),
        "contradicting_times": replace(
            GOOD, id="contradicting_times", title="5", acknowledged_at=END + timedelta(hours=1)
        ),
        "no_service": replace(GOOD, id="no_service", title="6", service=None),
        "no_severity": replace(GOOD, id="no_severity", title="7", severity="unknown"),
    }
    assert set(flawed) == set(FINDINGS)
    quality = assess_quality([GOOD, *flawed.values()])
    assert {finding.name: finding.examples for finding in quality.findings} == {name: (name,) for name in flawed}
    assert quality.count("duplicate") == 1
    assert quality.count("nothing") == 0


def test_examples_are_few_and_counts_are_whole():
    quality = assess_quality(replace(GOOD, id=str(n), title=str(n), service=None) for n in range(100))
    (finding,) = quality.findings
    assert (finding.count, finding.examples) == (100, ("0", "1", "2", "3", "4"))
