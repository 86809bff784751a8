"""What `ask` and `recall` print of evidence: what counts, and how much does not."""

import pytest

from onrecall.cli import console, recommendation_page
from onrecall.domain.evidence import Evidence


def shown(capsys, scores):
    recommendation_page.print_evidence(
        [Evidence(f"DB-{n}", "document", f"Runbook {n}", score) for n, score in enumerate(scores, 1)]
    )
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def printed(monkeypatch, capsys):
    """Print where pytest looks."""
    monkeypatch.setattr(console, "out", console.Console(highlight=False, soft_wrap=True))


def test_evidence_below_the_least_shown_match_is_only_counted(capsys):
    lines = shown(capsys, [0.61, 0.05, 0.049, 0.0])
    assert [line.split()[:2] for line in lines[:-1]] == [["0.61", "DB-1"], ["0.05", "DB-2"]]
    assert lines[-1] == "2 more with a match below 0.05 not shown"


def test_nothing_is_said_of_what_was_left_out_where_all_counts(capsys):
    assert len(shown(capsys, [0.61, 0.2])) == 2


def test_where_nothing_counts_that_is_said(capsys):
    assert shown(capsys, [0.001]) == ["nothing like this was seen before", "1 with a match below 0.05 not shown"]
