"""The verdict by match and probability: many alike speak for none, and few words that fit well are enough."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recommendation_cases import NONE, NOW, ask, did, resolved_incident, runbook, unresolved

from onrecall.calibration import prior
from onrecall.domain.evidence import Evidence
from onrecall.domain.situation import Situation
from onrecall.pipeline.recommend import UNREACHABLE_THRESHOLDS
from onrecall.recommendation import Thresholds, compose

pytestmark = pytest.mark.statistics

SHIPPED = Thresholds()


def likely(piece: Evidence, probability: float | None) -> Evidence:
    return replace(piece, probability=probability)


@pytest.mark.parametrize(
    ("score", "probability", "serves", "knows"),
    [
        (0.95, 0.9, True, True),
        (0.65, 0.9, True, True),
        (0.95, 0.7, True, False),
        (0.95, 0.1, False, False),
        (0.45, 0.9, True, False),
        (0.35, 0.7, True, False),
        (0.45, 0.4, False, False),
        (0.20, 0.9, False, False),
        (0.95, None, True, True),
        (0.45, None, False, False),
    ],
)
def test_match_and_probability_together(score: float, probability: float | None, serves: bool, knows: bool):
    assert SHIPPED.serves(score, probability) is serves
    assert SHIPPED.knows(score, probability) is knows


def test_the_own_history_decides_alone_what_is_similar_and_known_needs_the_probability_too():
    own = SHIPPED.measured(0.6, 0.9)
    assert own.serves(0.61, 0.01)
    assert not own.serves(0.59, 0.99)
    assert own.knows(0.91, 0.84)
    assert not own.knows(0.91, 0.5)
    assert not own.knows(0.89, 0.99)
    assert SHIPPED.measured(SHIPPED.similar, SHIPPED.known) == SHIPPED


def test_a_match_of_the_own_history_holds_for_terse_questions_too():
    assert SHIPPED.serves(0.43, 0.35, 0.2)
    assert not SHIPPED.serves(0.43, 0.35, 0.5)
    assert not UNREACHABLE_THRESHOLDS.serves(1.0, 1.0, 0.2)


def test_a_history_on_which_no_score_was_right_often_enough_leaves_known_to_the_probability():
    own = SHIPPED.measured(0.6, SHIPPED.known)
    assert own.serves(0.61, 0.01)
    assert not own.knows(0.95, 0.5)
    assert own.knows(0.95, 0.9)


def test_the_thresholds_are_those_that_the_fit_of_the_prior_chose():
    chosen = prior.load_shipped().provenance["thresholds"]
    assert {name: getattr(SHIPPED, name) for name in chosen} == chosen


def advice_of(*evidence: Evidence, text: str = "mail relay rejects messages"):
    return compose(Situation(text), evidence, NONE, NOW)


def test_a_strong_match_among_many_alike_is_not_called_known():
    piece = likely(resolved_incident("A", 0.9, cause="a", root_cause="a", steps=[did("Restarted it")]), 0.3)
    advice = advice_of(piece)
    assert advice.verdict == "similar"
    assert "matches like this one are often wrong" in advice.verdict_reason
    assert advice.steps
    rival = likely(resolved_incident("B", 0.7), 0.05)
    unlabelled = replace(rival, incident=replace(rival.incident, resolution=None))
    assert "other records match almost as well" in advice_of(piece, unlabelled).verdict_reason
    assert advice_of(replace(piece, probability=0.9)).verdict == "known"


def test_what_everything_matches_was_never_seen():
    advice = advice_of(likely(resolved_incident("A", 0.7, cause="a", root_cause="a"), 0.05))
    assert advice.verdict == "never_seen"
    assert "matches like this one are often wrong" in advice.verdict_reason
    rival = likely(resolved_incident("B", 0.6, cause="b", root_cause="b"), 0.05)
    crowded = advice_of(likely(resolved_incident("A", 0.7, cause="a", root_cause="a"), 0.05), rival)
    assert "other records match about as well" in crowded.verdict_reason


@pytest.mark.parametrize(
    ("score", "probability", "length", "verdict", "reason"),
    [
        (0.47, 0.35, 1.0, "never_seen", "a match below 0.50 needs a probability of 60 %, and this one's is 35 %"),
        (0.47, 0.5999, 1.0, "never_seen", "a match below 0.50 needs a probability of 60 %, and this one's is 59 %"),
        (0.47, 0.66, 1.0, "similar", "a match below 0.50 needs a probability of 60 %, and this one's is 66 %"),
        (
            0.43,
            0.25,
            0.2,
            "never_seen",
            "a match below 0.50 needs a probability of 30 % for so short a question, and this one's is 25 %",
        ),
        (0.7, 0.05, 1.0, "never_seen", "a match needs a probability of 20 %, and this one's is 5 %"),
        (0.25, 0.9, 1.0, "never_seen", "matches 0.25; at least 0.30 is needed"),
        (0.2999, 0.9, 1.0, "never_seen", "matches 0.2999; at least 0.30 is needed"),
        (0.25, None, 1.0, "never_seen", "matches 0.25; at least 0.50 is needed"),
    ],
)
def test_a_reason_names_the_threshold_that_decided(score, probability, length, verdict, reason):
    piece = likely(resolved_incident("A", score, cause="a", root_cause="a", steps=[did("Restarted it")]), probability)
    advice = advice_of(replace(piece, ranking={"length": length}))
    assert (advice.verdict, reason in advice.verdict_reason) == (verdict, True), advice.verdict_reason


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_a_reason_says_is_needed_is_what_decides(score, probability, length):
    piece = likely(resolved_incident("A", score, cause="a", root_cause="a", steps=[did("Restarted it")]), probability)
    advice = advice_of(replace(piece, ranking={"length": length}))
    stated = re.search(r"needs a probability of (\d+) %.* this one's is (\d+) %", advice.verdict_reason)
    if stated:
        needed, has = map(int, stated.groups())
        assert (has >= needed) == (advice.verdict != "never_seen")
    elif advice.verdict == "never_seen":
        match, least = map(float, re.search(r"matches ([\d.e-]+); at least ([\d.]+)", advice.verdict_reason).groups())
        assert match < least
    else:
        assert score >= SHIPPED.similar


@given(st.integers(1, 999), st.floats(0.0, 0.999))
def test_a_match_below_the_threshold_of_the_own_history_reads_as_below_it(similar, share):
    own = SHIPPED.measured(similar / 1000, 0.999)
    piece = resolved_incident("A", share * own.similar, cause="a", root_cause="a", steps=[did("Restarted it")])
    reason = compose(Situation("it is broken again"), (piece,), NONE, NOW, own).verdict_reason
    match, least = map(float, re.search(r"matches ([\d.e-]+); at least ([\d.]+)", reason).groups())
    assert (match < least, least) == (True, own.similar)


def test_a_weak_match_is_never_shown_as_the_threshold_that_it_misses():
    resolved = resolved_incident("A", 0.4996, cause="a", root_cause="a", steps=[did("Restarted it")])
    for piece in (resolved, unresolved("A", 0.4996)):
        advice = advice_of(likely(piece, 0.66))
        assert (advice.verdict, "0.4996" in advice.verdict_reason) == ("similar", True), advice.verdict_reason


def test_a_runbook_that_matches_weakly_says_what_made_it_similar():
    advice = advice_of(likely(runbook("RB", 0.47, "## Fix\n1. Restart the pump\n"), 0.66))
    assert advice.verdict == "similar"
    assert "a match below 0.50 needs a probability of 60 %, and this one's is 66 %" in advice.verdict_reason


def test_terse_and_right_is_similar_with_its_steps():
    advice = advice_of(
        likely(resolved_incident("A", 0.42, cause="a", root_cause="a", steps=[did("Restarted it")]), 0.7)
    )
    assert advice.verdict == "similar"
    assert [step.citation.id for step in advice.steps] == ["A"]


def test_an_open_incident_is_known_by_the_same_rule():
    assert advice_of(likely(unresolved("OPEN", 0.9), 0.4)).verdict == "similar"
    assert advice_of(likely(unresolved("OPEN", 0.9), 0.9)).verdict == "known"


def test_a_question_in_another_language_is_not_met_with_a_bare_never_seen():
    english = resolved_incident(
        "A", 0.1, cause="a", root_cause="a", description="the relay is full and we can not send"
    )
    question = "der Mailserver ist voll und nimmt keine Nachrichten von uns an"
    reason = advice_of(english, text=question).verdict_reason
    assert "in German" in reason
    assert "recall compares only words" in reason
    assert "only words" not in advice_of(english, text="the relay is full and it does not take mail").verdict_reason
    assert ask([]).verdict == "never_seen"


def test_a_question_in_another_language_that_is_called_similar_says_so_too():
    english = likely(
        resolved_incident("A", 0.7, cause="a", root_cause="a", description="the relay is full and we can not send"), 0.4
    )
    advice = advice_of(english, text="der Mailserver ist voll und nimmt keine Nachrichten von uns an")
    assert (advice.verdict, "recall compares only words" in advice.verdict_reason) == ("similar", True)
    same = advice_of(english, text="the relay is full and it does not take mail")
    assert (same.verdict, "only words" in same.verdict_reason) == ("similar", False)


def near_duplicates(*pieces: Evidence, probability: float) -> list[Evidence]:
    """Evidence that tells the same and shares one probability."""
    names = [piece.id for piece in pieces]
    return [
        replace(
            likely(piece, probability / len(pieces)),
            near_duplicates=tuple(name for name in names if name != piece.id),
        )
        for piece in pieces
    ]


def test_what_happened_again_and_again_without_a_cause_on_record_was_seen_before():
    pieces = [unresolved(name, 0.9, "Mail relay rejects messages") for name in "ABCDE"]
    advice = advice_of(*near_duplicates(*pieces, probability=0.6))
    assert advice.verdict == "similar"
    assert "A “" in advice.verdict_reason
    assert "and 4 more that tell the same" in advice.verdict_reason
    assert advice_of(*near_duplicates(*pieces, probability=0.9)).verdict == "known"
    assert advice_of(*near_duplicates(*pieces, probability=0.1)).verdict == "never_seen"


def test_near_duplicates_with_several_causes_were_seen_before_and_no_cause_is_known():
    pieces = [resolved_incident(name, 0.9, cause=name, root_cause=f"Fault of module {name}") for name in "ABCDE"]
    advice = advice_of(*near_duplicates(*pieces, probability=0.9))
    assert advice.verdict == "similar"
    assert advice.alternatives
    same = [of_full_disk(name, "Mail relay rejects messages") for name in "ABCDE"]
    assert advice_of(*near_duplicates(*same, probability=0.9)).verdict == "known"


def of_full_disk(name: str, title: str) -> Evidence:
    return resolved_incident(name, 0.9, cause="disk", root_cause="The disk was full", title=title)


@pytest.mark.parametrize("make", [of_full_disk, lambda name, title: unresolved(name, 0.9, title)])
@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Backup of crm failed on db-9", "known"),
        ("crm backups", "known"),
        ("Backup failed", "known"),
        ("Backup of wiki failed on db-9", "similar"),
        ("Restore of crm failed on db-9", "similar"),
        ("Restore failed\nit was the backup of crm on db-2", "known"),
    ],
)
def test_a_word_in_place_of_one_that_all_repetitions_have_makes_it_another_thing(make, question, verdict):
    repeated = [make(name, f"Backup of crm failed on db-{n}") for n, name in enumerate("ABC")]
    advice = advice_of(*near_duplicates(*repeated, probability=0.9), text=question)
    assert advice.verdict == verdict
    assert ("other words in place" in advice.verdict_reason) == (verdict == "similar")
    once = likely(make("A", "Backup of crm failed on db-1"), 0.9)
    assert advice_of(once, text=question).verdict == "known", "one alone does not tell which of its words are constant"
