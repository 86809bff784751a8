"""The verdict by match and probability: many alike speak for none, and few words that fit well are enough."""

from dataclasses import replace

import pytest
from recommendation_cases import NONE, NOW, ask, did, seen, unresolved

from onrecall.domain.incident import Evidence, Situation
from onrecall.recommendation import Thresholds, compose

SHIPPED = Thresholds()


TERSE, LONG = 0.3, 0.7
"""Lengths of questions: half a dozen words, and a report."""


def likely(one: Evidence, probability: float | None, length: float = TERSE) -> Evidence:
    return replace(one, probability=probability, ranking={"length": length})


@pytest.mark.parametrize(
    ("score", "probability", "serves", "knows"),
    [
        (0.95, 0.9, True, True),
        (0.95, 0.3, True, False),
        (0.95, 0.1, False, False),
        (0.45, 0.6, True, False),
        (0.45, 0.2, False, False),
        (0.30, 0.9, False, False),
        (0.95, None, True, True),
        (0.45, None, False, False),
    ],
)
def test_match_and_probability_together(score: float, probability: float | None, serves: bool, knows: bool):
    assert SHIPPED.serves(score, probability, TERSE) is serves
    assert SHIPPED.knows(score, probability) is knows


def test_a_long_question_that_matches_weakly_has_no_such_excuse():
    assert not SHIPPED.serves(0.45, 0.6, LONG)
    assert SHIPPED.serves(0.55, 0.6, LONG)
    weak = likely(seen("A", 0.45, cause="a", root_cause="a"), 0.6, LONG)
    assert advice_of(weak).verdict == "never_seen"


def test_thresholds_of_the_own_history_decide_alone():
    own = SHIPPED.measured(0.6, 0.9)
    assert own.serves(0.61, 0.01)
    assert not own.serves(0.59, 0.99)
    assert own.knows(0.91, 0.01)
    assert SHIPPED.measured(SHIPPED.similar, SHIPPED.known) == SHIPPED


def advice_of(*evidence: Evidence, text: str = "mail relay rejects messages"):
    return compose(Situation(text), evidence, NONE, NOW)


def test_a_strong_match_among_many_alike_is_not_called_known():
    one = likely(seen("A", 0.9, cause="a", root_cause="a", steps=[did("Restarted it")]), 0.3)
    advice = advice_of(one)
    assert advice.verdict == "similar"
    assert "not far ahead of much else" in advice.verdict_reason
    assert advice.steps
    assert advice_of(replace(one, probability=0.8)).verdict == "known"


def test_what_everything_matches_was_never_seen():
    advice = advice_of(likely(seen("A", 0.7, cause="a", root_cause="a"), 0.05))
    assert advice.verdict == "never_seen"
    assert "no more than much else here does" in advice.verdict_reason


def test_terse_and_right_is_similar_with_its_steps():
    advice = advice_of(likely(seen("A", 0.42, cause="a", root_cause="a", steps=[did("Restarted it")]), 0.5))
    assert advice.verdict == "similar"
    assert [step.citation.id for step in advice.steps] == ["A"]


def test_an_open_incident_is_known_by_the_same_rule():
    assert advice_of(likely(unresolved("OPEN", 0.9), 0.3)).verdict == "similar"
    assert advice_of(likely(unresolved("OPEN", 0.9), 0.7)).verdict == "known"


def test_a_question_in_another_language_is_not_met_with_a_bare_never_seen():
    english = seen("A", 0.1, cause="a", root_cause="a", description="the relay is full and we can not send")
    asked = "der Mailserver ist voll und nimmt keine Nachrichten von uns an"
    reason = advice_of(english, text=asked).verdict_reason
    assert "in German" in reason
    assert "by words only" in reason.replace("\n", " ")
    assert "words only" not in advice_of(english, text="the relay is full and it does not take mail").verdict_reason
    assert ask([]).verdict == "never_seen"
