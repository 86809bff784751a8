"""Thresholds of the verdict: chosen on what was earlier, measured on what was later."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from onrecall.calibration import novelty
from onrecall.calibration.labelled_answers import LabelledAnswer

from .synthetic import START

pytestmark = pytest.mark.statistics


def world(n: int, seed: int, apart: float = 0.35, share_new: float = 0.3) -> list[LabelledAnswer]:
    """Incidents of which some are new; what was seen before matches better by `apart` on average."""
    draw = np.random.default_rng(seed)
    answers = []
    for place in range(n):
        seen_before = bool(draw.uniform() > share_new)
        match = float(np.clip(draw.normal(0.35 + apart * seen_before, 0.12), 0, 1))
        right = seen_before and bool(draw.uniform() < match + 0.25)
        at = START + timedelta(hours=place)
        answers.append(
            LabelledAnswer(at, {"match": match}, right, seen_before, "similar", "backtest", f"I{place}", None)
        )
    return answers


def test_new_incidents_are_seldom_recalled_on_data_that_the_threshold_never_saw():
    rates, misses = [], []
    for seed in range(20):
        chosen = novelty.choose_thresholds(world(600, seed), 0.45, 0.65)
        assert chosen.measured
        rates.append(chosen.false_recall.value)
        misses.append(chosen.miss.value)
    assert np.mean(rates) == pytest.approx(0.1, abs=0.02)
    assert np.mean(misses) < 0.15


def test_known_starts_where_nine_in_ten_are_right():
    chosen = [novelty.choose_thresholds(world(800, seed), 0.45, 0.65) for seed in range(10)]
    assert all(thresholds.known >= thresholds.similar for thresholds in chosen)
    assert np.mean([thresholds.right_when_known.value for thresholds in chosen]) == pytest.approx(0.9, abs=0.05)


def test_where_both_look_alike_the_errors_are_balanced():
    chosen = novelty.choose_thresholds(world(600, 1, apart=0.03), 0.45, 0.65)
    assert "balance" in chosen.rule
    assert chosen.auroc.low < 0.6
    assert chosen.miss.value < 0.9


def test_where_nothing_is_ever_right_known_stays_where_it_was():
    wrong = [replace(answer, right=False) for answer in world(400, 2)]
    chosen = novelty.choose_thresholds(wrong, 0.45, 0.65)
    assert chosen.known == max(chosen.similar, 0.65)
    assert "stays where it was" in chosen.rule


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        ([], "0 incidents known to be seen before"),
        (world(30, 3), "new, 20 needed"),
        ([replace(answer, known=None) for answer in world(400, 4)], "0 incidents known to be seen before"),
        (
            [answer for answer in world(400, 5) if answer.known or answer.at > START + timedelta(hours=300)],
            "too few of the earlier",
        ),
    ],
)
def test_too_little_leaves_the_shipped_thresholds_and_says_so(judged, reason):
    chosen = novelty.choose_thresholds(judged, 0.45, 0.65)
    assert (chosen.similar, chosen.known, chosen.measured) == (0.45, 0.65, False)
    assert chosen.rule.startswith("the thresholds stay as they are: ")
    assert reason in chosen.rule


def test_errors_are_counted_by_thresholds_that_never_saw_them():
    judged = world(500, 6)
    turned = [replace(answer, known=not answer.known, right=False) for answer in judged[450:]]
    before, after = (
        novelty.choose_thresholds(judged, 0.45, 0.65),
        novelty.choose_thresholds([*judged[:450], *turned], 0.45, 0.65),
    )

    def count_seen(chosen: novelty.Novelty) -> float:
        return chosen.false_recall.value * chosen.false_recall.n + (1 - chosen.miss.value) * chosen.miss.n

    assert before.false_recall.n != after.false_recall.n
    assert count_seen(before) == pytest.approx(count_seen(after))


def growing(n: int, seed: int) -> list[LabelledAnswer]:
    """The more is on record, the better anything new matches; but what was seen before stands out as ever."""
    draw = np.random.default_rng(seed)
    answers = []
    for place in range(n):
        seen_before = bool(draw.uniform() > 0.5)
        average = draw.normal(0.2 + 0.5 * place / n, 0.05)
        apart = float(np.clip(draw.normal(0.15 + 0.25 * seen_before, 0.08), 0, 1))
        features = {"match": float(np.clip(average + apart, 0, 1)), "apart": apart}
        at = START + timedelta(hours=place)
        answers.append(LabelledAnswer(at, features, seen_before, seen_before, "similar", "backtest", f"I{place}", None))
    return answers


def test_where_matches_grow_with_memory_the_best_has_to_stand_out():
    chosen = [novelty.choose_thresholds(growing(600, seed), 0.3, 0.65) for seed in range(10)]
    assert all(item.score == "apart" for item in chosen)
    assert np.mean([item.false_recall.value for item in chosen]) == pytest.approx(0.1, abs=0.03)
    assert np.mean([item.miss.value for item in chosen]) < 0.1
    alone = [
        [replace(item, features={"match": item.features["match"]}) for item in growing(600, seed)] for seed in range(10)
    ]
    by_match = [novelty.choose_thresholds(item, 0.3, 0.65) for item in alone]
    assert np.mean([item.false_recall.value for item in by_match]) > 0.4


def test_what_people_said_without_knowing_whether_it_was_new_hides_no_replay():
    judged = world(400, 7)
    rated = [replace(answer, known=None, basis="outcomes") for answer in judged]
    assert novelty.choose_thresholds([*judged, *rated], 0.45, 0.65) == novelty.choose_thresholds(judged, 0.45, 0.65)
