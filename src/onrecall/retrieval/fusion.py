"""Fusion: the signals' weighted sum is a match score that means the same everywhere; with few corrections it ranks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul

import numpy as np
import numpy.typing as npt

WEIGHTS = {"words": 0.55, "meaning": 1.0, "characters": 0.5, "signature": 0.2, "labels": 0.1}
"""Weight of each signal: words and meaning count about equally, the others decide close cases."""
NO_MEANING_FACTOR = 1.85
"""Factor on the other signals where there is no sentence model."""
SIGMOID_MID, SIGMOID_SCALE = 1.06, 0.16
"""Strength that gives a match score of 0.5, and the scale of the sigmoid around it."""
CHANCE_PER_REACH = 0.015
"""What each unit of a situation's reach adds to the strength of anything: long texts share words by chance."""


Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranker:
    """What ranks candidates of a long question besides the strength of their match; fitted by `onrecall bench ranker`.

    The match score stays what it is: comparable between situations. An order need not be.
    """

    length: float = 0.09
    """Taken off for each time that a candidate is e times as long as usual: long pages have something for everybody."""
    overlap: float = 1.0
    """Added: how much of candidate and question is said by both."""
    words: float = 0.3
    """How much of the words' weight that takes the place of."""
    long_from: int = 11
    """Terms from which on a question is long."""

    def rank(self, strengths: Numbers, words: Numbers, overlap: Numbers, length: Numbers, terms: int) -> Numbers:
        """The order of candidates, highest first; `terms` is how many different terms the question has."""
        if terms < self.long_from:
            return strengths
        ranks: Numbers = strengths + self.overlap * overlap - self.words * words - self.length * length
        return ranks


SHIPPED_RANKER = Ranker()


def weighted_scores(words: Numbers, meaning: Numbers | None, has_meaning: npt.NDArray[np.bool_] | None) -> Numbers:
    """Return strengths from words and meaning alone; `has_meaning` marks the candidates that have a vector."""
    if meaning is None or has_meaning is None:
        return words * WEIGHTS["words"] * NO_MEANING_FACTOR
    total = words * WEIGHTS["words"] + meaning * WEIGHTS["meaning"]
    return np.where(has_meaning, total, total * NO_MEANING_FACTOR)


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
    overlap: float = 0.0
    length: float = 0.0
    correction: float = 0.0
    """What the ranker makes of overlap and length, added to the strength for the order alone."""

    @property
    def rank(self) -> float:
        """What candidates are ordered by."""
        return self.strength + self.correction

    @property
    def parts(self) -> Mapping[str, float]:
        """What each signal adds to the match."""
        weighed = {name: weight * (getattr(self, name) or 0.0) for name, weight in WEIGHTS.items()}
        if self.meaning is None:
            return {name: value * NO_MEANING_FACTOR for name, value in weighed.items()}
        return weighed

    @property
    def strength(self) -> float:
        """All signals together: the sum of the parts, without their names, for it is taken of every candidate."""
        signals = (self.words, self.meaning or 0.0, self.characters, self.signature, self.labels)
        total = float(sum(map(mul, WEIGHTS.values(), signals)))
        return total * NO_MEANING_FACTOR if self.meaning is None else total

    @property
    def score(self) -> float:
        """The match, 0..1: the strength beyond what a situation of this length finds anywhere."""
        return 1 / (1 + math.exp((SIGMOID_MID + CHANCE_PER_REACH * self.reach - self.strength) / SIGMOID_SCALE))

    @property
    def shares(self) -> Mapping[str, float]:
        """How much of the match each signal makes out; together 1."""
        total = self.strength or 1.0
        return {name: round(value / total, 3) for name, value in self.parts.items()}
