"""Thresholds of the verdict: chosen on what was earlier, measured on what was later."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from onrecall.calibration import novelty
from onrecall.calibration.labelled_answers import LabelledAnswer

from .synthetic import START


def world(n: int, seed: int, apart: float = 0.35, share_new: float = 0.3) -> list[LabelledAnswer]:
    """Incidents of which some are new; what was seen before matches better by `apart` on average."""
    draw = np.random.default_rng(seed)
    found = []
    for place in range(n):
        known = bool(draw.uniform() > share_new)
        match = float(np.clip(draw.normal(0.35 + apart * known, 0.12), 0, 1))
        right = known and bool(draw.uniform() < match + 0.25)
        at = START + timedelta(hours=place)
        found.append(LabelledAnswer(at, {"match": match}, right, known, "similar", "backtest", f"I{place}", None))
    return found


def test_new_incidents_are_seldom_recalled_on_data_that_the_threshold_never_saw():
    rates, misses = [], []
    for seed in range(20):
        found = novelty.choose_thresholds(world(600, seed), 0.45, 0.65)
        assert found.measured
        rates.append(found.false_recall.value)
        misses.append(found.miss.value)
    assert np.mean(rates) == pytest.approx(0.1, abs=0.02)
    assert np.mean(misses) < 0.15


def test_known_starts_where_nine_in_ten_are_right():
    found = [novelty.choose_thresholds(world(800, seed), 0.45, 0.65) for seed in range(10)]
    assert all(one.known >= one.similar for one in found)
    assert np.mean([one.right_when_known.value for one in found]) == pytest.approx(0.9, abs=0.05)


def test_where_both_look_alike_the_errors_are_balanced():
    found = novelty.choose_thresholds(world(600, 1, apart=0.03), 0.45, 0.65)
    assert "balance" in found.rule
    assert found.auroc.low < 0.6
    assert found.miss.value < 0.9


def test_where_nothing_is_ever_right_known_stays_where_it_was():
    wrong = [replace(one, right=False) for one in world(400, 2)]
    found = novelty.choose_thresholds(wrong, 0.45, 0.65)
    assert found.known == max(found.similar, 0.65)
    assert "stays where it was" in found.rule


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        ([], "0 incidents known to be seen before"),
        (world(30, 3), "new, 20 needed"),
        ([replace(one, known=None) for one in world(400, 4)], "0 incidents known to be seen before"),
        (
            [one for one in world(400, 5) if one.known or one.at > START + timedelta(hours=300)],
            "too few of the earlier",
        ),
    ],
)
def test_too_little_leaves_the_shipped_thresholds_and_says_so(judged, reason):
    found = novelty.choose_thresholds(judged, 0.45, 0.65)
    assert (found.similar, found.known, found.measured) == (0.45, 0.65, False)
    assert found.rule.startswith("the thresholds handed in stand: ")
    assert reason in found.rule


def test_errors_are_counted_by_thresholds_that_never_saw_them():
    judged = world(500, 6)
    turned = [replace(one, known=not one.known, right=False) for one in judged[450:]]
    one, other = novelty.choose_thresholds(judged, 0.45, 0.65), novelty.choose_thresholds([*judged[:450], *turned], 0.45, 0.65)

    def seen(found: novelty.Novelty) -> float:
        return found.false_recall.value * found.false_recall.n + (1 - found.miss.value) * found.miss.n

    assert one.false_recall.n != other.false_recall.n
    assert seen(one) == pytest.approx(seen(other))


def growing(n: int, seed: int) -> list[LabelledAnswer]:
    """The more is on record, the better anything new matches; but what was seen before stands out as ever."""
    draw = np.random.default_rng(seed)
    found = []
    for place in range(n):
        known = bool(draw.uniform() > 0.5)
        rest = draw.normal(0.2 + 0.5 * place / n, 0.05)
        apart = float(np.clip(draw.normal(0.15 + 0.25 * known, 0.08), 0, 1))
        features = {"match": float(np.clip(rest + apart, 0, 1)), "apart": apart}
        at = START + timedelta(hours=place)
        found.append(LabelledAnswer(at, features, known, known, "similar", "backtest", f"I{place}", None))
    return found


def test_where_matches_grow_with_memory_the_best_has_to_stand_out():
    found = [novelty.choose_thresholds(growing(600, seed), 0.3, 0.65) for seed in range(10)]
    assert all(one.score == "apart" for one in found)
    assert np.mean([one.false_recall.value for one in found]) == pytest.approx(0.1, abs=0.03)
    assert np.mean([one.miss.value for one in found]) < 0.1
    alone = [
        [replace(one, features={"match": one.features["match"]}) for one in growing(600, seed)] for seed in range(10)
    ]
    by_match = [novelty.choose_thresholds(one, 0.3, 0.65) for one in alone]
    assert np.mean([one.false_recall.value for one in by_match]) > 0.4


def test_what_people_said_without_knowing_whether_it_was_new_hides_no_replay():
    judged = world(400, 7)
    said = [replace(one, known=None, basis="outcomes") for one in judged]
    assert novelty.choose_thresholds([*judged, *said], 0.45, 0.65) == novelty.choose_thresholds(judged, 0.45, 0.65)
