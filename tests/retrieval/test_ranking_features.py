"""How a candidate stands among the others: distances, agreement and coverage, with and without a sentence model."""

from dataclasses import replace

import pytest

from onrecall.retrieval.fusion import Signals
from onrecall.retrieval.near_duplicates import Opening
from onrecall.retrieval.ranking_features import CandidateSignals, QuestionTerms, ranking_features

QUESTION = QuestionTerms({1: 6.0, 2: 3.0, 3: 1.0}, {1: 0.9, 2: 0.6, 3: 0.3})


def candidate(words: float, meaning: float | None, characters: float = 0.1, has: tuple[int, ...] = ()):
    return CandidateSignals(Signals(words, meaning, characters, reach=12.0), frozenset(has))


def test_a_leader_stands_apart_and_the_next_does_not():
    first, second = ranking_features([candidate(2.0, 0.9, 0.3, (1, 2)), candidate(1.0, 0.5)], QUESTION, 2)
    assert first["words_lead"] == pytest.approx(1.0)
    assert first["meaning_lead"] == pytest.approx(0.4)
    assert first["apart"] > 0.5 > second["apart"]
    assert first["apart_log"] > second["apart_log"] >= 0


def test_a_lone_candidate_is_compared_with_usual_rivals():
    (alone,) = ranking_features([candidate(2.0, 0.9)], QUESTION, 1)
    assert 0 < alone["apart"] < alone["strength"]
    assert alone["words_lead"] < alone["words"]


def test_coverage_counts_terms_by_what_they_tell():
    (measured,) = ranking_features([candidate(1.0, 0.5, has=(1, 3))], QUESTION, 1)
    assert measured["covered"] == pytest.approx(0.7)


def test_without_a_model_nothing_is_said_of_meaning():
    (measured,) = ranking_features([candidate(1.0, None)], QUESTION, 1)
    assert not {"meaning", "meaning_lead", "crowd"} & measured.keys()


def test_a_longer_question_is_longer_and_one_without_known_words_is_covered_by_nothing():
    (short,) = ranking_features([candidate(1.0, 0.5)], QuestionTerms({1: 1.0}, {}), 1)
    (long,) = ranking_features([candidate(1.0, 0.5)], QuestionTerms(dict.fromkeys(range(80), 1.0), {}), 1)
    (silent,) = ranking_features([candidate(0.0, 0.5)], QuestionTerms({}, {}), 1)
    assert 0 < short["length"] < long["length"] < 1
    assert (silent["covered"], silent["length"]) == (0.0, 0.0)


def test_only_the_nearest_rivals_are_its_surroundings():
    rivals = [candidate(1.0, 0.5)] * 9
    far = [candidate(0.0, 0.0)] * 30
    near, _ = ranking_features([candidate(2.0, 0.9), *rivals], QUESTION, 2)
    crowded, _ = ranking_features([candidate(2.0, 0.9), *rivals, *far], QUESTION, 2)
    assert near == crowded


def test_the_rarest_terms_that_stand_anywhere_tell_most():
    rarity = {term: 0.2 + term / 20 for term in range(1, 11)}
    question = QuestionTerms({**dict.fromkeys(rarity, 1.0), 99: 9.0}, rarity)
    (rare,) = ranking_features([candidate(1.0, 0.5, has=(6, 7, 8, 9, 10))], question, 1)
    (common,) = ranking_features([candidate(1.0, 0.5, has=(1, 2, 3, 4, 5))], question, 1)
    assert (rare["telling"], common["telling"]) == (pytest.approx(1.0), 0.0)


def test_a_rare_term_that_only_a_rival_has_speaks_against_a_candidate():
    first, second = ranking_features([candidate(2.0, 0.9, has=(2, 3)), candidate(1.0, 0.5, has=(1, 3))], QUESTION, 2)
    assert (first["rival_term"], second["rival_term"]) == (0.9, 0.6)
    (alone,) = ranking_features([candidate(2.0, 0.9, has=(3,))], QUESTION, 1)
    assert alone["rival_term"] == 0.0


def test_the_postmortem_of_an_incident_is_no_rival_of_it():
    incident = replace(candidate(2.0, 0.9, has=(2, 3)), document="pm-7")
    other = candidate(1.0, 0.5, has=(2,))
    unrelated, own = (replace(candidate(1.9, 0.9, has=(1, 2, 3)), document=document) for document in ("pm-8", "pm-7"))
    against, _ = ranking_features([incident, unrelated, other], QUESTION, 2)
    beside, _ = ranking_features([incident, own, other], QUESTION, 2)
    assert (against["rival_term"], beside["rival_term"]) == (0.9, 0.0)
    assert beside["words_lead"] == pytest.approx(1.0)
    assert beside["apart"] > against["apart"]


def test_near_duplicates_are_no_rivals_of_each_other():
    first, other = (
        replace(candidate(2.0, 0.9, has=(2, 3)), opening=Opening("Nightly build #1 failed")),
        candidate(1.0, 0.5),
    )
    again = [replace(first, opening=Opening(f"Nightly build #{n} failed")) for n in range(2, 12)]
    alone, *_ = ranking_features([first, other], QUESTION, 1)
    repeated, *_ = ranking_features([first, *again, other], QUESTION, 1)
    assert repeated == alone
    apart = [replace(first, opening=Opening(f"Fault {chr(97 + n)} of module {chr(97 + n)}")) for n in range(10)]
    crowded, *_ = ranking_features([first, *apart, other], QUESTION, 1)
    assert crowded["apart"] < alone["apart"]


def test_rivals_that_tell_the_same_are_one_rival():
    first, weak = candidate(2.0, 0.9, has=(2, 3)), [candidate(0.5, 0.2)] * 8
    rival = replace(candidate(1.8, 0.8), opening=Opening("Nightly build #1 failed"))
    again = [replace(rival, opening=Opening(f"Nightly build #{n} failed")) for n in range(2, 12)]
    once, *_ = ranking_features([first, rival, *weak], QUESTION, 1)
    often, *_ = ranking_features([first, rival, *again, *weak], QUESTION, 1)
    assert often == once
