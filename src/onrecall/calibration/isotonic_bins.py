"""Isotonic regression: bins of predicted chance with the share of answers that were right."""

import itertools
from dataclasses import dataclass

import numpy as np

from onrecall.calibration.metrics import Floats, wilson

MAX_BINS = 10
MIN_PER_BIN = 8
"""Minimum number of answers per initial bin."""
BIN_GROWTH = 1.2
"""Number of bins as a multiple of the cube root of the number of answers, the usual growth for histograms."""
PRIOR_WEIGHT = 30.0
"""The mean prediction weighs as much as this many counted answers."""


@dataclass(frozen=True, slots=True)
class Level:
    """Answers with a predicted chance from `above` up to the next level, and how many of them were right."""

    above: float
    right: int
    of: int
    foretold: float
    """Their mean predicted chance, shrunk towards the base rate where features say little."""

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the counts."""
        return wilson(self.right, self.of)

    @property
    def probability(self) -> float:
        """The share right, shrunk towards the mean prediction and kept within its own interval."""
        return self.blend(self.foretold)

    def blend(self, chance: float) -> float:
        """The share right, shrunk towards what was predicted for one answer and kept within the interval."""
        low, high = self.interval
        return min(high, max(low, (self.right + PRIOR_WEIGHT * chance) / (self.of + PRIOR_WEIGHT)))


def fit(chances: Floats, right: Floats) -> tuple[Level, ...]:
    """Fit bins of about equal mass by isotonic regression (pool adjacent violators)."""
    order = np.argsort(chances, kind="stable")
    chances, right = chances[order], right[order]
    merged: list[tuple[int, int]] = []
    for stretch in itertools.pairwise(_bin_edges(chances)):
        merged.append(stretch)
        while len(merged) > 1 and _share_right(right, merged[-2]) >= _share_right(right, merged[-1]):
            merged[-2:] = [(merged[-2][0], merged[-1][1])]
    return tuple(
        Level(float(chances[start]), int(right[start:end].sum()), end - start, float(chances[start:end].mean()))
        for start, end in merged
    )


def _bin_edges(chances: Floats) -> list[int]:
    """Return bin edges: about equal masses, equal chances together, at least `MIN_PER_BIN` answers each."""
    n = len(chances)
    bin_count = max(1, min(MAX_BINS, round(BIN_GROWTH * n ** (1 / 3)), n // MIN_PER_BIN))
    cuts = [0]
    for number in range(1, bin_count):
        cut = int(np.searchsorted(chances, chances[number * n // bin_count]))
        if cut - cuts[-1] >= MIN_PER_BIN and n - cut >= MIN_PER_BIN:
            cuts.append(cut)
    return [*cuts, n]


def _share_right(right: Floats, stretch: tuple[int, int]) -> float:
    return float(right[slice(*stretch)].mean())
