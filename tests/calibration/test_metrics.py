"""Figures against values worked out by hand, and what must hold whatever comes in."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.calibration import metrics, reliability
from onrecall.domain.errors import Invalid


def test_wilson_is_the_textbooks():
    assert metrics.wilson(7, 9) == (pytest.approx(0.4526, abs=1e-4), pytest.approx(0.9368, abs=1e-4))
    assert metrics.wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert metrics.wilson(10, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)
    assert metrics.wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_the_share_within_0_and_1(k, n):
    k = min(k, n)
    low, high = metrics.wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert low < high


@pytest.mark.parametrize(
    ("right", "of", "too_few"),
    [(0, 0, False), (1, 1, True), (0, 1, True), (3, 3, True), (4, 4, False), (5, 10, True), (6, 12, False)],
)
def test_a_share_of_few_cases_tells_nothing(right, of, too_few):
    assert metrics.share([n < right for n in range(of)]).too_few is too_few


def test_ranks():
    ranks = [1, 3, None, 2]
    assert metrics.hit_at(ranks, 1).value == 0.25
    assert metrics.hit_at(ranks, 3).value == 0.75
    assert metrics.mrr(ranks).value == pytest.approx((1 + 1 / 3 + 0.5) / 4)
    assert metrics.hit_at([], 1) == metrics.NO_ESTIMATE == metrics.mrr([])


def test_the_bootstrap_agrees_with_theory():
    values = np.random.default_rng(1).normal(size=400)
    estimate = metrics.mean(values.tolist())
    assert (estimate.high - estimate.low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    assert metrics.mean(values.tolist()) == estimate


def test_a_mean_of_equal_values_is_no_certainty():
    only = metrics.mrr([1])
    assert (only.value, only.low, only.high) == (1, pytest.approx(metrics.wilson(1, 1)[0]), 1)
    nothing = metrics.mrr([None] * 9)
    assert (nothing.low, nothing.high) == (0, pytest.approx(metrics.wilson(0, 9)[1]))
    even = metrics.mean([0.0] * 30)
    assert even.value == 0
    assert -even.low == even.high == pytest.approx(metrics.wilson(0, 30)[1])
    ahead = metrics.mean([1.0] * 30)
    assert (ahead.low, ahead.high) == (pytest.approx(1 - 2 * even.high), 1)


def test_answers_to_one_incident_are_drawn_together():
    values = np.repeat(np.random.default_rng(1).normal(size=40), 10).tolist()
    alone = metrics.mean(values)
    together = metrics.mean(values, [place // 10 for place in range(400)])
    assert together.value == alone.value
    assert together.high - together.low > 2.5 * (alone.high - alone.low)
    with pytest.raises(Invalid):
        metrics.mean(values, [1, 2])


def test_calibration_error_by_hand():
    error = reliability.ece([0.2] * 5 + [0.8] * 5, [True] + [False] * 4 + [True] * 3 + [False] * 2, bins=2)
    assert error.value == pytest.approx(0.5 * 0 + 0.5 * 0.2)
    assert [(filled.right, filled.of) for filled in error.bins] == [(1, 5), (3, 5)]
    assert error.by_chance == pytest.approx(math.sqrt(2 / math.pi * 0.16 / 5))
    assert reliability.ece([], []) is None


def test_calibration_error_by_chance_is_what_a_perfect_curve_shows():
    draw = np.random.default_rng(2)
    errors = []
    for _ in range(50):
        truth = draw.uniform(size=300)
        error = reliability.ece(truth.tolist(), (draw.uniform(size=300) < truth).tolist())
        errors.append(error.value / error.by_chance)
    assert np.mean(errors) == pytest.approx(1, abs=0.1)


def test_equal_claims_stay_together():
    assert len(reliability.ece([0.5] * 100, [True, False] * 50).bins) == 1


def test_brier_and_its_base():
    assert reliability.brier([1, 0.5, 0], [True, True, True]) == pytest.approx((0 + 0.25 + 1) / 3)
    assert reliability.brier_baseline([True, True, True, False]) == pytest.approx(0.1875)
    assert reliability.brier([], []) is None is reliability.brier_baseline([])


def test_confident_and_wrong_counts_among_all_answers():
    estimate = reliability.confident_wrong([0.9, 0.7, 0.69, 0.8], [False, False, False, True])
    assert (estimate.value, estimate.n) == (0.5, 4)


def test_auroc_by_hand():
    assert reliability.auroc([1, 2, 3, 4], [False, False, True, True]).value == 1
    assert reliability.auroc([4, 3, 2, 1], [False, False, True, True]).value == 0
    assert reliability.auroc([1, 1, 1, 1], [False, True, True, False]).value == 0.5
    assert reliability.auroc([1, 2, 3], [False, True, False]).value == 0.5
    assert reliability.auroc([1, 2], [True, True]) == metrics.NO_ESTIMATE


def test_auroc_keeps_a_width_at_its_ends():
    estimate = reliability.auroc(list(range(20)), [place >= 10 for place in range(20)])
    assert estimate.high == 1
    assert 0.7 < estimate.low < 0.95


def test_the_interval_of_auroc_covers():
    draw, truth, inside = np.random.default_rng(3), 0.76025, 0
    for _ in range(300):
        scores = np.concatenate([draw.normal(1, 1, 40), draw.normal(0, 1, 60)])
        estimate = reliability.auroc(scores.tolist(), [True] * 40 + [False] * 60)
        inside += estimate.low <= truth <= estimate.high
    assert 0.92 <= inside / 300 <= 0.99


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_figures_stay_in_their_bounds(pairs):
    claims, truths = [claim for claim, _ in pairs], [truth for _, truth in pairs]
    assert 0 <= reliability.ece(claims, truths).value <= 1
    assert sum(point.of for point in reliability.ece(claims, truths).bins) == len(pairs)
    assert 0 <= reliability.brier(claims, truths) <= 1
    area = reliability.auroc(claims, truths)
    if area.n:
        assert 0 <= area.low <= area.value <= area.high <= 1
        turned = reliability.auroc([-claim for claim in claims], truths)
        assert turned.value == pytest.approx(1 - area.value)
    curve = reliability.risk_coverage(claims, truths)
    assert curve[-1].coverage == 1
    assert curve[-1].risk == pytest.approx(1 - sum(truths) / len(truths))
    assert [point.claim for point in curve] == sorted({*claims}, reverse=True)


def test_risk_falls_when_only_the_sure_are_shown():
    curve = reliability.risk_coverage([0.9, 0.9, 0.5, 0.1], [True, True, False, False])
    assert [(point.coverage, point.risk) for point in curve] == [(0.5, 0), (0.75, pytest.approx(1 / 3)), (1, 0.5)]
