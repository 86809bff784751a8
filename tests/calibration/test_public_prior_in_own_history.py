"""The shipped prior inside the own confidence: it still tells answers apart, and the own history sets the level."""

from dataclasses import replace

import numpy as np
import pytest

from onrecall.calibration import model
from onrecall.calibration.features import PUBLIC
from onrecall.calibration.model import CalibrationModel

from .synthetic import history

SURE = 0.83
NOISE = 0.7


def claims_of(fitted, answers) -> np.ndarray:
    return np.array([fitted.confidence(answer.features).probability for answer in answers])


def brier(n: int, seed: int, public: float | None) -> float:
    later, truth = history(200, seed + 500, public=public)
    claims = claims_of(model.fit(history(n, seed, public=public)[0]), later)
    return float(np.mean(truth * (1 - truth) + (truth - claims) ** 2))


def test_a_young_history_is_better_with_the_public_prior_than_without():
    with_prior = [brier(40, seed, NOISE) for seed in range(6)]
    without = [brier(40, seed, None) for seed in range(6)]
    assert np.mean(with_prior) < np.mean(without) - 0.01


def test_the_own_history_lowers_the_level_of_a_prior_that_is_too_sure():
    def overrated(answers):
        return [
            replace(answer, features={**answer.features, PUBLIC: answer.features[PUBLIC] ** 0.3}) for answer in answers
        ]

    judged, truth = history(120, 3, base=-1.5, public=NOISE)
    fitted = model.fit(overrated(judged))
    later, later_truth = history(600, 4, base=-1.5, public=NOISE)
    claims = claims_of(fitted, overrated(later))
    assert np.mean([answer.features[PUBLIC] for answer in overrated(later)]) > later_truth.mean() + 0.15
    assert claims.mean() == pytest.approx(later_truth.mean(), abs=0.06)
    assert np.corrcoef(claims, later_truth)[0, 1] > 0.7
    assert truth.mean() < 0.5


def test_sure_answers_get_as_unsure_as_their_labels_when_some_of_them_are_flipped():
    sure = []
    for flip in (0.0, 0.1, 0.2, 0.3):
        shown, expected, known = [], [], []
        for seed in range(4):
            fitted = model.fit(history(150, seed, flip=flip, public=NOISE)[0])
            later, truth = history(120, seed + 900, flip=flip, public=NOISE)
            claims = claims_of(fitted, later)
            surest = np.argsort(-claims)[:20]
            shown.append(claims[surest].mean())
            expected.append(truth[surest].mean())
            known.append(np.mean(claims >= SURE))
        assert np.mean(shown) == pytest.approx(np.mean(expected), abs=0.08)
        sure.append((np.mean(shown), np.mean(known)))
    assert sure == sorted(sure, reverse=True)
    assert sure[0][1] > 0.1
    assert sure[-1][1] < 0.02


def test_answers_that_were_stored_without_it_still_count():
    judged, _ = history(60, 1)
    mixed = [*judged[:40], *history(60, 1, public=NOISE)[0][40:]]
    assert model.fit(mixed).judged == 60


def test_a_curve_of_the_release_before_is_read_on():
    fitted = model.fit(history(80, 2)[0])
    older = fitted.to_json().replace(f'"version": {model.VERSION}', '"version": 2')
    assert CalibrationModel.from_json(older) == fitted
