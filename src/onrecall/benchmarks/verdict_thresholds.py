"""Choose where verdicts change by rules, on the probabilities of public tasks that were left out of the fit."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from onrecall.calibration.metrics import Floats, wilson
from onrecall.recommendation.thresholds import Thresholds

KNOWN_PRECISION = 0.9
"""At least this share of the answers that count as known has to be right."""
FEWEST_KNOWN = 50
"""A step with fewer known answers says too little to be looked at."""
FOREIGN_SHARE = 0.015
"""At most this share of foreign questions may count as similar or known: less than the 2 % that are promised."""
SURE = tuple(step / 100 for step in range(50, 96))
WORTH_READING = 0.2
"""A precedent that is right repays reading four that are not: with this probability a match counts as similar."""
NEAR, LIKELY = (0.2, 0.3, 0.4), tuple(step / 20 for step in range(7, 15))
NO_QUESTION = -1.0
"""A length that no question is short enough for."""
SHIPPED = Thresholds()
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class KnownStep:
    """What `known` would be worth from one probability on, over questions as asked."""

    probability: float
    share: float
    """Known answers of all."""
    right: float
    low: float
    """The 95 % interval of the share that is right."""
    high: float
    right_source_out: float
    """The share that is right where all tasks of a source are left out."""
    removed: float
    """Of questions whose right documents are taken out, the share that is known all the same."""


@dataclass(frozen=True, slots=True)
class SimilarRates:
    """What `never_seen` would be worth with some thresholds; `Thresholds` says what they mean."""

    doubtful: float
    near: float
    likely: float
    missed: float
    """Of right first answers, the share that counts as never seen."""
    removed: float
    """Of questions whose right documents are taken out, the share that counts as similar or known."""
    foreign: float
    """The same share of foreign questions."""


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """What the rules choose, and the steps that `sure` was chosen from."""

    sure: float | None
    """None where no probability is right often enough."""
    similar: SimilarRates
    steps: tuple[KnownStep, ...]


@dataclass(frozen=True, slots=True)
class LabelledChances:
    """Answers to public tasks as columns, beside their probabilities by a fit without their task or their source."""

    match: Floats
    length: Floats
    """How long the question was, 0 to 1."""
    right: Floats
    by_task: Floats
    by_source: Floats
    answerable: Rows
    """Questions that have a right document."""
    removed: Rows
    """The same with it taken out."""
    foreign: Rows

    def choose(self) -> ThresholdChoice:
        """Choose the thresholds by the rules.

        `sure` is the smallest probability from which on, at this and every higher step, nine of ten known answers were
        right, whether their task or their source was left out. `near` and `likely` are those that miss the fewest right
        answers among those that hold foreign questions down; where none does, those that let the fewest of them pass.
        The limits of terse questions are set by hand on top of these two: chosen without them, measured with them.
        """
        steps = tuple(self._steps())
        limits = [
            replace(SHIPPED, doubtful=WORTH_READING, near=near, likely=likely)
            for near, likely in itertools.product(NEAR, LIKELY)
        ]
        best = min(limits, key=self._similar_cost)
        return ThresholdChoice(_sure(steps), self._similar_rates(best), steps)

    def _steps(self) -> Iterator[KnownStep]:
        strong = self.answerable & (self.match >= SHIPPED.similar)
        for probability in SURE:
            known = strong & (self.by_task >= probability)
            source_out = strong & (self.by_source >= probability)
            if min(known.sum(), source_out.sum()) < FEWEST_KNOWN:
                return
            right, count = int(self.right[known].sum()), int(known.sum())
            removed = (self.match >= SHIPPED.similar) & (self.by_task >= probability)
            yield KnownStep(
                probability,
                count / int(self.answerable.sum()),
                right / count,
                *wilson(right, count),
                float(self.right[source_out].mean()),
                float(removed[self.removed].mean()),
            )

    def _similar_cost(self, thresholds: Thresholds) -> tuple[float, float]:
        """How many foreign questions pass beyond what may, then how many right answers are missed; none is terse."""
        rates = self._similar_rates(replace(thresholds, terse=NO_QUESTION))
        return max(rates.foreign, FOREIGN_SHARE), rates.missed

    def _similar_rates(self, thresholds: Thresholds) -> SimilarRates:
        answers = zip(self.match.tolist(), self.by_task.tolist(), self.length.tolist(), strict=True)
        similar = np.array([thresholds.serves(*answer) for answer in answers], bool)
        return SimilarRates(
            thresholds.doubtful,
            thresholds.near,
            thresholds.likely,
            missed=1 - _mean(similar[self.answerable & (self.right > 0)]),
            removed=_mean(similar[self.removed]),
            foreign=_mean(similar[self.foreign]),
        )


def _mean(values: Rows) -> float:
    return float(values.mean()) if len(values) else 0.0


def _sure(steps: tuple[KnownStep, ...]) -> float | None:
    """The smallest step from which on all are right often enough."""
    enough = itertools.takewhile(
        lambda step: min(step.right, step.right_source_out) >= KNOWN_PRECISION, reversed(steps)
    )
    return min((step.probability for step in enough), default=None)
