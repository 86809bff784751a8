"""A backtest where nobody named causes: root causes with the same meaning, by severity and length, and what is too few."""

from dataclasses import replace

import pytest

from onrecall.backtest import report_json
from onrecall.backtest.chronology import History
from onrecall.backtest.ground_truth import GroundTruth
from onrecall.backtest.power import Power
from onrecall.backtest.run import backtest
from onrecall.backtest.text_families import text_families
from recurrences.resolved_incidents import incident

FULL = "The spool directory of the mail relay filled up because nothing rotated its logs"
FULL_TOO = "Spool directory of the relay filled up: its logs were not rotated by anything"
EXPIRED = "The signing key of the billing webhook expired and nobody had renewed it"


def spool(name: str, day: float, root: str = FULL, **more: object):
    return incident(name, day, root=root, title="mail relay rejects messages with 452", **more)


def history():
    return [
        spool("M-1", 1, severity="critical"),
        incident("B-1", 2, root=EXPIRED, title="billing webhook answers 401"),
        spool("M-2", 3, FULL_TOO),
        spool("M-3", 4),
    ]


def test_root_causes_that_say_the_same_are_one_family_in_other_words_too():
    assert text_families(history()) == {"M-1": "M-1", "M-2": "M-1", "M-3": "M-1", "B-1": "B-1"}


def test_openings_alone_make_no_family():
    families = text_families([spool("M-1", 1, ""), spool("M-2", 2, "")])
    assert families == {}


def test_the_words_decide_only_where_nobody_said_anything():
    records = history()
    truths = GroundTruth(records, by_text=text_families(records))
    assert (truths.of("M-2").known, truths.of("M-2").basis) == (True, "text")
    assert (truths.of("B-1").known, truths.of("B-1").basis) == (False, "text")
    assert truths.hit("M-3", "M-2")
    assert not truths.hit("M-3", "B-1")
    assert "weakest" in str(truths.note)
    labelled = [*records, incident("C-1", 5, cause="cache-cold"), incident("C-2", 6, cause="cache-cold")]
    sure = GroundTruth(labelled, by_text=text_families(labelled))
    assert sure.of("M-2").known is None
    assert sure.of("C-2").basis == "label"
    judged = GroundTruth(records, {"M-2": ["B-1"]}, text_families(records))
    assert judged.of("M-3").known is None


def test_a_backtest_over_it_says_which_basis_and_what_is_too_few():
    records = history()
    records[3] = replace(records[3], description="queue grows " * 30)
    plain = report_json.report_to_json(backtest(History.of(records), None))
    assert (plain["hit_basis"], plain["to_find"], plain["new"]) == ("text", 2, 2)
    assert plain["hit_at_1"] == 1.0
    assert {row["severity"]: row["to_find"] for row in plain["by_severity"]} == {"unknown": 2, "critical": 0}
    assert [row["length"] for row in plain["by_length"]] == ["up to 10 words", "51 to 200 words"]
    assert plain["power"]["n"] == 2
    assert "no difference" in plain["power"]["sentence"] or "below" in plain["power"]["sentence"]


@pytest.mark.parametrize(
    ("n", "difference", "sentence"),
    [
        (34, 0.193, "with 34 cases, a difference in hit@3 below 20 points is not detectable"),
        (1, 1.0, "with 1 case, no difference in hit@3 is detectable"),
    ],
)
def test_what_is_too_few_is_said_in_points(n: int, difference: float, sentence: str):
    assert Power(n, difference).sentence == sentence
