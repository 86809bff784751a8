"""Confidence against histories whose true probabilities are known."""

import functools
import json
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecall.calibration import model, walk_forward
from onrecall.calibration.model import CalibrationModel, NotMeasured
from onrecall.domain.errors import Invalid

from .synthetic import START, history

SEEDS = range(8)


@functools.cache
def measured(n: int, seed: int, **world) -> dict:
    """A curve fitted on n answers, against 1,500 later ones of the same world, level by level."""
    found = model.fit(history(n, seed, **world)[0])
    later, truth = history(1500, seed + 1000, **world)
    levels: dict = {}
    for one, chance in zip(later, truth, strict=True):
        levels.setdefault(found.confidence(one.features), []).append(chance)
    return {
        "error": sum(len(truths) * abs(np.mean(truths) - level.probability) for level, truths in levels.items()) / 1500,
        "covered": sum(len(truths) * (level.low <= np.mean(truths) <= level.high) for level, truths in levels.items())
        / 1500,
        "spread": max(level.probability for level in levels) - min(level.probability for level in levels),
        "brier": sum(
            np.sum(np.array(t) * (1 - np.array(t)) + (np.array(t) - level.probability) ** 2)
            for level, t in levels.items()
        )
        / 1500,
        "base": float(truth.mean() * (1 - truth.mean())),
    }


@pytest.mark.parametrize("world", [{}, {"base": 2.5}, {"strength": 0.0}, {"curved": True}])
def test_calibrated_from_300_answers_on(world):
    found = [measured(300, seed, **world) for seed in SEEDS]
    assert np.mean([one["error"] for one in found]) <= 0.05
    assert np.mean([one["brier"] - one["base"] for one in found]) <= (0.01 if world == {"strength": 0.0} else -0.03)


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
    found = model.fit([replace(one, right=right) for one in history(60)[0]])
    shown = found.confidence(history(1, 5)[0][0].features)
    assert (shown.right, shown.of) == ((60, 60) if right else (0, 60))
    assert 0.9 < (shown.probability if right else 1 - shown.probability) < 0.999
    assert shown.low < 0.95 if right else shown.high > 0.05
    assert found.quality.confident_wrong.value == 0


def test_the_counts_are_of_real_answers():
    judged = history(300)[0]
    found = model.fit(judged)
    counted = len(judged) - int(np.ceil(0.4 * len(judged)))
    assert sum(level.of for level in found.levels) == counted
    assert sum(level.right for level in found.levels) == sum(one.right for one in judged[-counted:])
    shares = [level.right / level.of for level in found.levels]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert min(level.of for level in found.levels) >= 8
    assert all(level.interval[0] <= level.probability <= level.interval[1] for level in found.levels)


@pytest.mark.parametrize(("n", "reason"), [(0, "0 outcomes"), (1, "1 outcome"), (6, "6 outcomes"), (19, "19 outcomes")])
def test_too_little_is_said(n, reason):
    assert model.fit(history(n)[0]) == NotMeasured(f"not measured on your incidents yet: {reason}, 20 needed")


def test_twenty_give_the_base_rate():
    judged = history(20)[0]
    shown = model.fit(judged).confidence(judged[0].features)
    assert (shown.right, shown.of) == (sum(one.right for one in judged), 20)


def test_answers_that_named_nothing_and_answers_without_features_are_left_out():
    judged = history(40)[0]
    silent = [replace(one, verdict="never_seen") for one in judged[:15]]
    bare = [replace(one, features={}) for one in judged[15:30]]
    assert model.fit([*silent, *bare, *judged[30:]]) == NotMeasured(
        "not measured on your incidents yet: 10 outcomes, 20 needed"
    )
    found = model.fit(judged)
    assert isinstance(found.confidence({}), NotMeasured)
    assert isinstance(found.confidence({**judged[0].features, "match": float("nan")}), NotMeasured)


def test_an_incident_counts_once_and_people_count_before_a_replay():
    replayed = history(100)[0]
    said = [replace(one, right=True, basis="outcomes", at=one.at - timedelta(minutes=1)) for one in replayed[:19]]
    found = model.fit([*replayed, *said, *said])
    assert (found.judged, found.outcomes, found.basis) == (100, 19, "backtest")


def test_with_enough_outcomes_only_they_are_counted_and_a_shifted_base_rate_is_followed():
    replayed, _ = history(400, base=1.5)
    later = START + timedelta(days=900)
    said, _ = history(200, 1, base=-1.5, basis="outcomes", start=later, name="LIVE")
    found = model.fit([*replayed, *said])
    assert (found.basis, found.outcomes) == ("outcomes", 200)
    assert sum(level.of for level in found.levels) <= 200
    fresh, truth = history(2000, 2, base=-1.5)
    shown = [found.confidence(one.features).probability for one in fresh]
    assert np.mean(shown) == pytest.approx(truth.mean(), abs=0.07)


def test_what_was_shown_never_hung_on_what_came_later():
    judged = history(300)[0]
    turned = [replace(one, right=not one.right, features=judged[0].features) for one in judged[200:]]
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
    found = model.fit(history(150)[0])
    again = CalibrationModel.from_json(found.to_json())
    assert again == found
    assert again.to_json() == found.to_json()
    features = history(1, 7)[0][0].features
    assert again.confidence(features) == found.confidence(features)


def test_a_curve_of_another_release_is_refused():
    told = json.loads(model.fit(history(20)[0]).to_json())
    for change in ({"version": 0}, {"features": ["match"]}):
        with pytest.raises(Invalid, match="another release"):
            CalibrationModel.from_json(json.dumps({**told, **change}))


def test_figures_of_what_was_shown():
    found = model.fit(history(1000)[0])
    assert found.method.startswith("features")
    assert found.losses["features"] < found.losses["match"] < found.losses["base rate"]
    assert found.quality.n == 980
    assert found.quality.ece <= 1.5 * found.quality.ece_by_chance
    assert found.quality.brier < found.quality.brier_base
    assert found.quality.auroc.low > 0.8


def test_a_longer_history_takes_longer_in_proportion():
    def cost(answers: int) -> float:
        judged = history(answers)[0]
        started = time.process_time()
        model.fit(judged)
        return time.process_time() - started

    cost(100)  # what is loaded the first time is not part of it
    longer = min(cost(10_000), cost(10_000))  # the cheaper one: a busy machine makes one of them look dear
    assert longer < 40 * cost(1_000), "ten times the answers take about ten times as long, not a hundred"


@settings(max_examples=40, deadline=None)
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
    found = model.fit(judged)
    shown = [found.confidence(one.features) for one in judged]
    assert all(0 <= one.low <= one.probability <= one.high <= 1 for one in shown)
    assert all(0 < one.probability < 1 for one in shown)
    assert all(0 <= one.right <= one.of and one.of >= 8 for one in shown)


def test_blocks_cover_the_history_once():
    for n in (1, 10, 20, 21, 333):
        places = [place for start, end in walk_forward.refit_points(n) for place in range(start, end)]
        assert places == list(range(10, n))
