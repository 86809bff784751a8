"""Fusion: the signals' weighted sum ranks, and a fixed curve makes it a match score that means the same everywhere."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul

import numpy as np
import numpy.typing as npt

WEIGHTS = {"words": 0.55, "meaning": 1.0, "characters": 0.5, "signature": 0.2, "labels": 0.1}
"""The fusion: words and meaning weigh about alike, the rest tips the scales."""
WITHOUT_MEANING = 1.85
"""Where no model is at hand the other signals stand for it too."""
MIDDLE, SLOPE = 1.06, 0.16
"""The strength that is half a match, and how quickly more becomes a sure one."""
BY_CHANCE = 0.015
"""What each unit of a situation's reach adds to the strength of anything: long texts share words by chance."""


Numbers = npt.NDArray[np.float64]


def strengths(words: Numbers, meaning: Numbers | None, known: npt.NDArray[np.bool_] | None) -> Numbers:
    """The strength of many by words and meaning alone; of some the meaning may not be known."""
    if meaning is None or known is None:
        return words * WEIGHTS["words"] * WITHOUT_MEANING
    total = words * WEIGHTS["words"] + meaning * WEIGHTS["meaning"]
    return np.where(known, total, total * WITHOUT_MEANING)


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for a candidate, each signal on its own scale."""

    words: float
    meaning: float | None
    characters: float = 0.0
    signature: float = 0.0
    labels: float = 0.0
    reach: float = 0.0
    """How much the situation says: what its words could reach. The same for all candidates, so it never ranks."""

    @property
    def parts(self) -> Mapping[str, float]:
        """What each signal adds to the match."""
        weighed = {name: weight * (getattr(self, name) or 0.0) for name, weight in WEIGHTS.items()}
        if self.meaning is None:
            return {name: value * WITHOUT_MEANING for name, value in weighed.items()}
        return weighed

    @property
    def strength(self) -> float:
        """All signals together: the sum of the parts, without their names, for it is taken of every candidate."""
        signals = (self.words, self.meaning or 0.0, self.characters, self.signature, self.labels)
        total = float(sum(map(mul, WEIGHTS.values(), signals)))
        return total * WITHOUT_MEANING if self.meaning is None else total

    @property
    def score(self) -> float:
        """The match, 0..1: the strength beyond what a situation of this length finds anywhere."""
        return 1 / (1 + math.exp((MIDDLE + BY_CHANCE * self.reach - self.strength) / SLOPE))

    @property
    def shares(self) -> Mapping[str, float]:
        """How much of the match each signal makes out; together 1."""
        total = self.strength or 1.0
        return {name: round(value / total, 3) for name, value in self.parts.items()}
