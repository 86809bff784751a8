"""Thresholds chosen by rules: on made-up probabilities whose right choice is plain."""

import numpy as np
import pytest

from onrecall.benchmarks.verdict_thresholds import FOREIGN_SHARE, KNOWN_PRECISION, LabelledChances

pytestmark = pytest.mark.statistics


def labelled(
    chances: np.ndarray, right: np.ndarray, foreign: float, by_source: np.ndarray | None = None, length: float = 1.0
):
    """As many questions as chances, the same with their right documents removed, and as many foreign ones."""
    n = len(chances)
    group = np.repeat([0, 1, 2], n)
    by_task = np.concatenate([chances, chances / 2, np.full(n, foreign)])
    return LabelledChances(
        match=np.concatenate([np.full(2 * n, 0.9), np.full(n, 0.45)]),
        length=np.full(3 * n, length),
        right=np.concatenate([right, np.zeros(2 * n)]),
        by_task=by_task,
        by_source=by_task if by_source is None else np.concatenate([by_source, by_task[n:]]),
        answerable=group == 0,
        removed=group == 1,
        foreign=group == 2,
    )


@pytest.fixture
def chances() -> np.ndarray:
    return np.linspace(0.4, 1.0, 1200)


def test_known_begins_where_nine_of_ten_are_right(chances: np.ndarray):
    right = (chances >= 0.7).astype(float)
    choice = labelled(chances, right, 0.1).choose()
    chosen = next(step for step in choice.steps if step.probability == choice.sure)
    before = max((step for step in choice.steps if step.probability < choice.sure), key=lambda step: step.probability)
    assert chosen.right >= KNOWN_PRECISION > before.right
    assert chosen.low < chosen.right < chosen.high


def test_a_source_that_misleads_moves_known_up(chances: np.ndarray):
    right = (chances >= 0.6).astype(float)
    misled = np.where((chances > 0.6) & (chances < 0.8), chances - 0.2, chances)
    misled[chances < 0.6] += 0.3
    honest, careful = (labelled(chances, right, 0.1, other).choose().sure for other in (None, misled))
    assert honest is not None
    assert careful is None or careful > honest


def test_nothing_counts_as_known_where_no_probability_is_right_often_enough(chances: np.ndarray):
    assert labelled(chances, np.tile([0.0, 1.0], len(chances) // 2), 0.1).choose().sure is None


def test_foreign_questions_that_look_likely_raise_what_a_weak_match_needs(chances: np.ndarray):
    right = (chances >= 0.7).astype(float)
    choice = labelled(chances, right, 0.62).choose().similar
    assert choice.foreign <= FOREIGN_SHARE
    assert choice.likely > 0.62


def test_terse_questions_count_by_the_rule_of_the_verdict(chances: np.ndarray):
    right = (chances >= 0.7).astype(float)
    terse, longer = (labelled(chances, right, 0.35, length=length).choose().similar for length in (0.2, 0.5))
    assert (terse.foreign, longer.foreign) == (1.0, 0.0)
