"""Real runbooks and postmortems that nobody here wrote; skipped where they are not at hand."""

from pathlib import Path

import pytest

from importers.reports import Report
from onrecall.importers import read
from onrecall.importers.quality import assess_quality

DATA = Path(__file__).parents[3] / "shared" / "data" / "dev"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA}")


def test_runbooks():
    found = Report(read(DATA / "runbooks_kubeprom"))
    assert len(found.documents) == 108
    assert {one.kind for one in found.documents} == {"runbook"}
    assert {one.dated for one in found.documents} == {None}
    assert sum("_index.md: skipped" in note for note in found.notes) == 8
    assert [one.field for one in found.rejected] == ["id"], "one file stands there twice, with and without its ending"


def test_postmortems():
    found = Report(read(DATA / "postmortems_mybinder"))
    assert len(found.documents) == 23
    assert {one.kind for one in found.documents} == {"postmortem"}
    assert all(one.dated and one.id.startswith(one.dated.date().isoformat()) for one in found.documents)
    assert not found.rejected


def test_a_dated_history():
    found = Report(read(DATA / "history_seamonkey.jsonl"))
    assert len(found.incidents) == 1076
    assert not found.rejected
    assert assess_quality(found.incidents).count("no_service") == 1076
