"""Ranking metrics with bootstrap intervals and paired significance tests."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
SEED = 20_240_501
DEPTH = 10
Values = Sequence[float] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and where it lies with 95 % confidence."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the first of two systems is, query by query."""

    better: str
    than: str
    difference: float
    low: float
    high: float
    p: float
    """p-value of a paired, two-sided sign-flip permutation test."""


def ndcg(ranked: Sequence[str], right: Mapping[str, float]) -> float:
    """nDCG@10 with linear gains, as trec_eval counts it."""
    gained = sum(right.get(document, 0.0) / math.log2(place + 2) for place, document in enumerate(ranked[:DEPTH]))
    best = sorted(right.values(), reverse=True)[:DEPTH]
    return gained / sum(score / math.log2(place + 2) for place, score in enumerate(best))


def recall_at(ranked: Sequence[str], right: Mapping[str, float], within: int) -> float:
    """Return recall at a cutoff."""
    return len(set(ranked[:within]) & right.keys()) / len(right)


def reciprocal_rank(ranked: Sequence[str], right: Mapping[str, float]) -> float:
    """Return the reciprocal rank of the first right document, 0 beyond the tenth."""
    return next((1 / place for place, document in enumerate(ranked[:DEPTH], start=1) if document in right), 0.0)


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """Return the mean with its bootstrap interval."""
    low, high = np.quantile(_bootstrap_means(np.asarray(values, float)), [0.025, 0.975])
    return Interval(float(np.mean(values)), float(low), float(high))


def compare(names: tuple[str, str], first: Sequence[float], second: Sequence[float]) -> Difference:
    """A paired test of two systems on the same queries."""
    differences = np.asarray(first, float) - np.asarray(second, float)
    low, high = np.quantile(_bootstrap_means(differences), [0.025, 0.975])
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (RESAMPLES, len(differences)))
    chance = np.abs((signs * differences).mean(1)) >= abs(differences.mean()) - 1e-12
    p = (1 + int(chance.sum())) / (1 + RESAMPLES)
    return Difference(*names, float(differences.mean()), float(low), float(high), p)


def compare_tasks(names: tuple[str, str], first: Mapping[str, Values], second: Mapping[str, Values]) -> Difference:
    """A paired test of macro means: every task weighs the same; of each, the two systems' values by question."""
    gains = [np.asarray(first[task], float) - np.asarray(second[task], float) for task in first]
    question_count = sum(map(len, gains))
    weighed = np.concatenate([gain * (question_count / len(gains) / len(gain)) for gain in gains])
    return compare(names, weighed.tolist(), [0.0] * question_count)


def _bootstrap_means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rows = np.random.default_rng(SEED).integers(len(values), size=(RESAMPLES, len(values)))
    means: npt.NDArray[np.float64] = values[rows].mean(1)
    return means
