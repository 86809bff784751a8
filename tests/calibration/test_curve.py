"""Confidence against histories whose true probabilities are known."""

import functools
import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from growth import grows_at_most
from onrecall.calibration import model, walk_forward
from onrecall.calibration.model import CalibrationModel, NotMeasured
from onrecall.domain.errors import Invalid

from .synthetic import START, history

pytestmark = pytest.mark.statistics

SEEDS = range(8)


@functools.cache
def measured(n: int, seed: int, **world) -> dict:
    """A curve fitted on n answers, against 1,500 later ones of the same world, level by level."""
    fitted = model.fit(history(n, seed, **world)[0])
    later, truth = history(1500, seed + 1000, **world)
    levels: dict = {}
    shown = [fitted.confidence(answer.features) for answer in later]
    claims = np.array([confidence.probability for confidence in shown])
    for confidence, chance in zip(shown, truth, strict=True):
        levels.setdefault((confidence.right, confidence.of), []).append((confidence, chance))
    means = [
        (len(members), members[0][0], *np.mean([(item.probability, chance) for item, chance in members], axis=0))
        for members in levels.values()
    ]
    return {
        "error": sum(n * abs(true - claimed) for n, _, claimed, true in means) / 1500,
        "covered": sum(n * (level.low <= true <= level.high) for n, level, _, true in means) / 1500,
        "spread": claims.max() - claims.min(),
        "brier": np.mean(truth * (1 - truth) + (truth - claims) ** 2),
        "claims": claims,
        "truth": truth,
        "base": float(truth.mean() * (1 - truth.mean())),
    }


@pytest.mark.parametrize("world", [{}, {"base": 2.5}, {"strength": 0.0}, {"curved": True}])
def test_calibrated_from_300_answers_on(world):
    measurements = [measured(300, seed, **world) for seed in SEEDS]
    assert np.mean([measurement["error"] for measurement in measurements]) <= 0.05
    assert np.mean([measurement["brier"] - measurement["base"] for measurement in measurements]) <= (
        0.01 if world == {"strength": 0.0} else -0.03
    )


@pytest.mark.parametrize("n", [40, 300])
def test_intervals_cover_the_truth_as_often_as_they_say(n):
    assert np.mean([measured(n, seed)["covered"] for seed in range(20)]) >= 0.93


@pytest.mark.parametrize("world", [{"curved": True}, {"flip": 0.3}, {"base": -3.0}])
def test_intervals_hold_on_hard_histories_too(world):
    """Counted on what models with less history foretold, they held for 86 to 93 % of answers."""
    assert np.mean([measured(300, seed, **world)["covered"] for seed in range(20)]) >= 0.93


def test_confidence_goes_down_to_nothing_as_labels_are_flipped():
    spread = [np.mean([measured(400, seed, flip=flip)["spread"] for seed in SEEDS]) for flip in (0, 0.1, 0.3, 0.5)]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] > 0.75
    assert spread[-1] < 0.1
    errors = [np.mean([measured(400, seed, flip=flip)["error"] for seed in SEEDS]) for flip in (0, 0.1, 0.3, 0.5)]
    assert max(errors) <= 0.05


@pytest.mark.parametrize("right", [True, False])
def test_a_history_all_right_or_all_wrong_gives_no_certainty(right):
    fitted = model.fit([replace(answer, right=right) for answer in history(60)[0]])
    confidence = fitted.confidence(history(1, 5)[0][0].features)
    assert (confidence.right, confidence.of) == ((60, 60) if right else (0, 60))
    assert 0.9 < (confidence.probability if right else 1 - confidence.probability) < 0.999
    assert confidence.low < 0.95 if right else confidence.high > 0.05
    assert fitted.quality.confident_wrong.value == 0


def test_the_counts_are_of_real_answers():
    judged = history(300)[0]
    fitted = model.fit(judged)
    counted = len(judged) - int(np.ceil(0.4 * len(judged)))
    assert sum(level.of for level in fitted.levels) == counted
    assert sum(level.right for level in fitted.levels) == sum(answer.right for answer in judged[-counted:])
    shares = [level.right / level.of for level in fitted.levels]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert min(level.of for level in fitted.levels) >= 8
    assert all(level.interval[0] <= level.probability <= level.interval[1] for level in fitted.levels)


@pytest.mark.parametrize(("n", "reason"), [(0, "0 outcomes"), (1, "1 outcome"), (6, "6 outcomes"), (19, "19 outcomes")])
def test_too_little_is_said(n, reason):
    assert model.fit(history(n)[0]) == NotMeasured(f"not measured on your incidents yet: {reason}, 20 needed")


def test_twenty_give_the_base_rate():
    judged = history(20)[0]
    confidence = model.fit(judged).confidence(judged[0].features)
    assert (confidence.right, confidence.of) == (sum(answer.right for answer in judged), 20)


def test_answers_that_named_nothing_and_answers_without_features_are_left_out():
    judged = history(40)[0]
    silent = [replace(answer, verdict="never_seen") for answer in judged[:15]]
    bare = [replace(answer, features={}) for answer in judged[15:30]]
    assert model.fit([*silent, *bare, *judged[30:]]) == NotMeasured(
        "not measured on your incidents yet: 10 outcomes, 20 needed"
    )
    fitted = model.fit(judged)
    assert isinstance(fitted.confidence({}), NotMeasured)
    assert isinstance(fitted.confidence({**judged[0].features, "match": float("nan")}), NotMeasured)


def test_an_incident_counts_once_and_people_count_before_a_replay():
    replayed = history(100)[0]
    rated = [
        replace(answer, right=True, basis="outcomes", at=answer.at - timedelta(minutes=1)) for answer in replayed[:19]
    ]
    fitted = model.fit([*replayed, *rated, *rated])
    assert (fitted.judged, fitted.outcomes, fitted.basis) == (100, 19, "backtest")


def test_with_enough_outcomes_only_they_are_counted_and_a_shifted_base_rate_is_followed():
    replayed, _ = history(400, base=1.5)
    later = START + timedelta(days=900)
    rated, _ = history(200, 1, base=-1.5, basis="outcomes", start=later, name="LIVE")
    fitted = model.fit([*replayed, *rated])
    assert (fitted.basis, fitted.outcomes) == ("outcomes", 200)
    assert sum(level.of for level in fitted.levels) <= 200
    fresh, truth = history(2000, 2, base=-1.5)
    probabilities = [fitted.confidence(answer.features).probability for answer in fresh]
    assert np.mean(probabilities) == pytest.approx(truth.mean(), abs=0.07)


def test_what_was_shown_never_hung_on_what_came_later():
    judged = history(300)[0]
    turned = [replace(answer, right=not answer.right, features=judged[0].features) for answer in judged[200:]]
    before = model.replay(judged[:200])
    for later in (judged[200:], turned, turned[::-1][:10]):
        assert model.replay([*judged[:200], *later])[: len(before)] == before


def test_an_answers_own_truth_never_moves_what_was_shown_with_it():
    judged = history(120)[0]
    turned = [replace(judged[0], right=not judged[0].right), *judged[1:]]
    assert model.replay(judged) != model.replay(turned)
    last = [*judged[:-1], replace(judged[-1], right=not judged[-1].right)]
    assert model.replay(last)[-1].probability == model.replay(judged)[-1].probability


def test_order_of_arrival_does_not_matter():
    judged = history(200)[0]
    assert model.fit(judged[::-1]) == model.fit(judged)


def test_json_gives_the_same_curve_back():
    fitted = model.fit(history(150)[0])
    again = CalibrationModel.from_json(fitted.to_json())
    assert again == fitted
    assert again.to_json() == fitted.to_json()
    features = history(1, 7)[0][0].features
    assert again.confidence(features) == fitted.confidence(features)


def test_a_curve_of_another_release_is_refused():
    body = json.loads(model.fit(history(20)[0]).to_json())
    for change in ({"version": 0}, {"features": ["match"]}):
        with pytest.raises(Invalid, match="another release"):
            CalibrationModel.from_json(json.dumps({**body, **change}))


def test_figures_of_what_was_shown():
    fitted = model.fit(history(1000)[0])
    assert fitted.method.startswith("features")
    assert fitted.losses["features"] < fitted.losses["match"] < fitted.losses["base rate"]
    assert fitted.quality.n == 980
    assert fitted.quality.ece <= 1.5 * fitted.quality.ece_by_chance
    assert fitted.quality.brier < fitted.quality.brier_base
    assert fitted.quality.auroc.low > 0.8


@pytest.mark.growth
def test_a_longer_history_takes_longer_in_proportion():
    assert grows_at_most(25, model.fit, history(1_000)[0], history(8_000)[0])


@settings(max_examples=example_count(40), deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([0.0, 0.5, 1.0])), min_size=20, max_size=80))
def test_whatever_the_history_a_confidence_is_within_its_interval_and_never_certain(answers):
    template = history(1)[0][0]
    judged = [
        replace(
            template,
            at=START + timedelta(hours=number),
            incident=str(number),
            right=right,
            basis="outcomes" if live else "backtest",
            features=dict.fromkeys(template.features, value),
        )
        for number, (right, live, value) in enumerate(answers)
    ]
    fitted = model.fit(judged)
    confidences = [fitted.confidence(confidence.features) for confidence in judged]
    assert all(0 <= confidence.low <= confidence.probability <= confidence.high <= 1 for confidence in confidences)
    assert all(0 < confidence.probability < 1 for confidence in confidences)
    assert all(0 <= confidence.right <= confidence.of and confidence.of >= 8 for confidence in confidences)


def test_blocks_cover_the_history_once():
    for n in (1, 10, 20, 21, 333):
        places = [place for start, end in walk_forward.refit_points(n) for place in range(start, end)]
        assert places == list(range(10, n))
