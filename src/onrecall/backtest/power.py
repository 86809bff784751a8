"""Statistical power: the smallest difference in hit@3 that the number of cases can detect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.backtest.baselines import BASELINE_NAMES
from onrecall.backtest.evaluation_cases import Case, rank_of_first_hit
from onrecall.backtest.ground_truth import GroundTruth

HIT_DEPTH = 3
STANDARD_ERRORS = 1.96 + 0.84
"""Standard errors needed to detect a difference at the 5 % level with 80 % power."""


@dataclass(frozen=True, slots=True)
class Power:
    """The detectable difference for these cases."""

    n: int
    difference: float
    """Smallest detectable difference in hit@3 between two systems, as a share."""

    @property
    def sentence(self) -> str:
        """A sentence that says this."""
        cases = "1 case" if self.n == 1 else f"{self.n} cases"
        if self.difference >= 1:
            return f"with {cases}, no difference in hit@3 is detectable"
        return f"with {cases}, a difference in hit@3 below {math.ceil(100 * self.difference)} points is not detectable"


def statistical_power(to_find: Sequence[Case], truths: GroundTruth) -> Power | None:
    """Return the power of a paired comparison; None if there is nothing to find.

    The share of discordant cases is the largest seen between the memory and a baseline, with half a case added in each
    direction, since no discordant case among a few does not mean there would be none.
    """
    if not to_find:
        return None
    n = len(to_find)
    differing = max((_count_differing(name, to_find, truths) for name in BASELINE_NAMES), default=0)
    share = (differing + 1) / (n + 2)
    return Power(n, min(1.0, STANDARD_ERRORS * math.sqrt(share / n)))


def baseline_rank(name: str, case: Case, truths: GroundTruth) -> int | None:
    """Return the rank of a baseline's first hit, counted from 1; None if there was none."""
    answers = case.answer.baselines[name]
    if name == "most_frequent_cause":
        return answers.index(case.truth.cause) + 1 if case.truth.cause in answers else None
    return rank_of_first_hit(case.answer.incident, ([answer] for answer in answers), truths)


def is_within(rank: int | None, most: int) -> bool:
    """Return whether a rank is among the first `most`."""
    return rank is not None and rank <= most


def _count_differing(name: str, to_find: Sequence[Case], truths: GroundTruth) -> int:
    answered_cases = [case for case in to_find if name in case.answer.baselines]
    if name == "most_frequent_cause":
        return 0
    return sum(
        is_within(case.place, HIT_DEPTH) != is_within(baseline_rank(name, case, truths), HIT_DEPTH)
        for case in answered_cases
    )
