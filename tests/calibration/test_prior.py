"""The shipped prior: it speaks from the first answer, is counted on public data, and never claims certainty."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.calibration import prior
from onrecall.calibration.model import NotMeasured
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Advice, Confidence, Step

pytestmark = pytest.mark.statistics

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ALIKE = Advice("similar", "something is like it", None)
UNSEEN = Advice("never_seen", "nothing is like it", None)
STRONG = {
    "strength": 2.3,
    "reach": 1.8,
    "apart": 1.1,
    "apart_log": 1.87,
    "words": 1.9,
    "characters": 0.4,
    "words_lead": 0.8,
    "characters_lead": 0.2,
    "covered": 0.9,
    "length": 0.5,
    "meaning": 0.85,
    "meaning_lead": 0.3,
    "crowd": 0.4,
    "telling": 0.9,
    "rival_term": 0.3,
}
WEAK = {**STRONG, "strength": 0.7, "apart": 0.1, "apart_log": 0.4, "words": 0.4, "meaning": 0.4}
WEAK |= {"words_lead": -0.1, "characters_lead": 0.0, "covered": 0.2, "meaning_lead": -0.05, "telling": 0.2}


def evidence(name: str, ranking: dict[str, float], score: float = 0.8, cause: str | None = None) -> Evidence:
    resolution = Resolution(f"It was {cause}.", NOW, cause) if cause else None
    return Evidence(
        name, "incident", name, score, incident=Incident(name, name, NOW, resolution=resolution), ranking=ranking
    )


def test_what_stands_out_is_likelier_right_than_what_does_not():
    strong = prior.load_shipped().confidence([evidence("A", STRONG)], ALIKE)
    weak = prior.load_shipped().confidence([evidence("A", WEAK)], ALIKE)
    assert strong.probability > 0.6 > 0.35 > weak.probability
    assert strong.of > 0
    assert strong.basis == weak.basis == "public"


def test_by_words_alone_there_is_a_probability_too():
    words = {name: value for name, value in STRONG.items() if name not in prior.MEANING_FEATURES}
    assert isinstance(prior.load_shipped().confidence([evidence("A", words)], ALIKE), Confidence)


def test_without_any_evidence_there_is_nothing_to_be_right():
    assert prior.load_shipped().confidence([], ALIKE) == NotMeasured(prior.NO_EVIDENCE)


def test_what_was_never_seen_has_two_rates_and_no_probability():
    shipped, pieces = prior.load_shipped(), [evidence("A", STRONG)]
    assert shipped.confidence(pieces, UNSEEN) == NotMeasured(prior.NEVER_SEEN)
    rates, level = shipped.nearest_rates(pieces), shipped.confidence(pieces, ALIKE)
    assert (rates.on_record.right, rates.on_record.of) == (level.right, level.of)
    assert (rates.elsewhere.right, rates.elsewhere.of) == shipped.foreign == (0, 930)
    assert shipped.nearest_rates([]) is None
    assert shipped.nearest_rates([evidence("A", {})]) is None
    assert replace(shipped, provenance={}).nearest_rates(pieces) is None


def test_evidence_of_an_older_release_without_numbers_has_none():
    assert isinstance(prior.load_shipped().confidence([evidence("A", {})], ALIKE), NotMeasured)
    assert isinstance(
        prior.load_shipped().confidence([evidence("A", {**STRONG, "apart": float("nan")})], ALIKE), NotMeasured
    )


def test_it_is_about_the_evidence_that_the_cause_rests_on():
    pieces = (evidence("A", STRONG, 0.9, "disk-full"), evidence("B", WEAK, 0.6, "dns-timeout"))
    advice = Advice("similar", "", "It was dns-timeout.", "dns-timeout")
    assert prior.find_precedent(pieces, advice).id == "B"
    assert prior.load_shipped().confidence(pieces, advice) == prior.load_shipped().confidence([pieces[1]], ALIKE)


def test_an_answer_that_rests_on_a_runbook_is_about_the_runbook():
    pieces = (evidence("A", STRONG), evidence("RB", WEAK, 0.5))
    step = Step(1, "Look at the queue", Citation("RB", "Look at the queue", 4), "read_only")
    assert prior.find_precedent(pieces, Advice("known", "", None, steps=(step,))).id == "RB"


def test_an_answer_that_cites_a_postmortem_is_about_the_incident_that_it_tells_of():
    pieces = (evidence("A", STRONG), evidence("B", WEAK, 0.5))
    step = Step(1, "Look at the queue", Citation("PM-4", "Look at the queue", 9, incident="B"), "read_only")
    assert prior.find_precedent(pieces, Advice("known", "", None, steps=(step,))).id == "B"


def test_a_shipped_prior_comes_back_as_it_was_written_and_another_release_is_refused():
    text = prior.to_json(prior.load_shipped())
    assert prior.to_json(prior.from_json(text)) == text
    with pytest.raises(Invalid, match="another release"):
        prior.from_json(text.replace('"version": 2', '"version": 0'))


def test_its_levels_rise_and_are_counts():
    for model in (prior.load_shipped().with_meaning, prior.load_shipped().by_words):
        rates = [level.right / level.of for level in model.levels]
        assert rates == sorted(rates)
        assert model.levels[0].above == 0
        assert sum(level.of for level in model.levels) > 1000


@given(st.dictionaries(st.sampled_from(sorted(STRONG)), st.floats(-50, 50), min_size=0))
def test_whatever_the_numbers_it_is_within_its_interval_and_never_certain(numbers):
    confidence = prior.load_shipped().confidence([evidence("A", {**STRONG, **numbers})], ALIKE)
    assert 0 < confidence.low <= confidence.probability <= confidence.high < 1


def test_provenance_names_at_least_twelve_tasks_of_six_kinds():
    tasks = prior.load_shipped().provenance["tasks"]
    assert len(tasks) >= 12
    assert len({task["kind"] for task in tasks}) >= 6


def test_a_refined_answer_keeps_the_rule():
    pieces = (evidence("A", WEAK, 0.6, "disk-full"), evidence("B", STRONG, 0.9, "dns-timeout"))
    advice = Advice("similar", "", "It was disk-full.", "disk-full")
    better = replace(advice, cause="It was dns-timeout.", cause_label="dns-timeout")
    assert (
        prior.load_shipped().confidence(pieces, advice).probability
        < prior.load_shipped().confidence(pieces, better).probability
    )


def test_near_duplicates_share_one_chance_and_an_answer_without_a_cause_has_all_of_it():
    shipped, names = prior.load_shipped(), ("A", "B", "C")
    alone = evidence("A", STRONG)
    repeated = [
        replace(evidence(name, STRONG), near_duplicates=tuple(other for other in names if other != name))
        for name in names
    ]
    shared = [replace(item, probability=shipped.probability(item)) for item in repeated]
    assert sum(item.probability for item in shared) == pytest.approx(shipped.probability(alone))
    assert shared[0].shared_probability == pytest.approx(shipped.probability(alone))
    assert shipped.confidence(shared, ALIKE) == shipped.confidence([alone], ALIKE)
