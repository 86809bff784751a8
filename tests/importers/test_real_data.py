"""Real runbooks and postmortems that nobody here wrote; skipped where they are not at hand."""

from pathlib import Path

import pytest

from importers.reports import Report
from onrecall.importers import read
from onrecall.importers.quality import assess_quality

DATA = Path(__file__).parents[3] / "shared" / "data" / "dev"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA}")


def test_runbooks():
    result = Report(read(DATA / "runbooks_kubeprom"))
    assert len(result.documents) == 108
    assert {item.kind for item in result.documents} == {"runbook"}
    assert {item.dated for item in result.documents} == {None}
    assert sum("_index.md: skipped" in note for note in result.notes) == 8
    assert [item.field for item in result.rejected] == ["id"], (
        "one file stands there twice, with and without its ending"
    )


def test_postmortems():
    result = Report(read(DATA / "postmortems_mybinder"))
    assert len(result.documents) == 23
    assert {item.kind for item in result.documents} == {"postmortem"}
    assert all(item.dated and item.id.startswith(item.dated.date().isoformat()) for item in result.documents)
    assert not result.rejected


def test_a_dated_history():
    result = Report(read(DATA / "history_seamonkey.jsonl"))
    assert len(result.incidents) == 1076
    assert not result.rejected
    assert assess_quality(result.incidents).count("no_service") == 1076
