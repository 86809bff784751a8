"""Figures with their intervals: shares, ranks, and anything else resampled by incident."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onrecall.domain.errors import Invalid

Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""
BOOTSTRAP_DRAWS = 1000
"""Samples that a bootstrap draws."""
MAX_DRAWN_VALUES = 1_000_000
"""Values drawn at once: a few megabytes."""
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Ranks = Sequence[int | None]
"""Where each question's first hit stood, counted from 1; None: nowhere."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, its 95 % interval, and how many cases it rests on; without a case there is no figure."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def too_few(self) -> bool:
        """Whether it rests on too few cases to tell anything."""
        return is_too_wide(self.low, self.high)


NO_ESTIMATE = Estimate(None, None, None, 0)
MAX_TELLING_WIDTH = 0.5
"""An interval wider than half of the scale tells neither good from bad: that of 1 of 1 reaches from 21 to 100 %."""


def is_too_wide(low: float | None, high: float | None) -> bool:
    """Return whether an interval is so wide that its figure is better not read; one that is absent is not."""
    return low is not None and high is not None and high - low > MAX_TELLING_WIDTH


def wilson(k: float, n: float, z: float = Z) -> tuple[float, float]:
    """The interval of a share of k in n by Wilson's score: never outside 0..1, and sensible at 0 of n and n of n."""
    if n <= 0:
        return 0.0, 1.0
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if k <= 0 else max(0.0, centre - half)), (1.0 if k >= n else min(1.0, centre + half))


def share(truths: Sequence[bool]) -> Estimate:
    """How many of all, with Wilson's interval."""
    n, k = len(truths), sum(truths)
    return Estimate(k / n, *wilson(k, n), n) if n else NO_ESTIMATE


def hit_at(ranks: Ranks, k: int) -> Estimate:
    """The share of questions with a hit among the first k."""
    return share([rank is not None and rank <= k for rank in ranks])


def mrr(ranks: Ranks, incidents: Sequence[Hashable] | None = None) -> Estimate:
    """The mean of one over the rank of the first hit, with a bootstrap interval."""
    return mean([1 / rank if rank else 0.0 for rank in ranks], incidents, least=0)


def mean(values: Sequence[float], incidents: Sequence[Hashable] | None = None, least: float = -1) -> Estimate:
    """The mean of values from the least to 1, with a bootstrap interval; values of one incident are drawn together.

    Where all are the same, drawing them again tells nothing: then as many others as Wilson allows may be any value.
    """
    if incidents is not None or not values:
        return bootstrap(values, lambda drawn: float(np.mean(drawn)), incidents)
    if min(values) == max(values):
        constant, unseen_share = float(values[0]), wilson(0, len(values))[1]
        return Estimate(
            constant,
            constant - unseen_share * (constant - least),
            constant + unseen_share * (1 - constant),
            len(values),
        )
    data, generator = np.asarray(values, dtype=np.float64), np.random.default_rng(0)
    at_once = max(1, MAX_DRAWN_VALUES // len(data))
    parts = (min(at_once, BOOTSTRAP_DRAWS - start) for start in range(0, BOOTSTRAP_DRAWS, at_once))
    resampled = np.concatenate(
        [data[generator.integers(0, len(data), (part, len(data)))].mean(axis=1) for part in parts]
    )
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(float(data.mean()), float(low), float(high), len(data))


def bootstrap(
    values: Sequence[float],
    statistic: Callable[[Floats], float],
    incidents: Sequence[Hashable] | None = None,
    draws: int = BOOTSTRAP_DRAWS,
) -> Estimate:
    """Any statistic with its percentile interval. Whole incidents are drawn, for answers to one are not independent."""
    if not values:
        return NO_ESTIMATE
    order, starts, sizes = _group_by_incident(incidents if incidents is not None else range(len(values)), len(values))
    data = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(0)
    resampled = np.empty(draws)
    for draw in range(draws):
        picked = generator.integers(0, len(starts), len(starts))
        ends = np.cumsum(sizes[picked])
        places = np.arange(ends[-1]) + np.repeat(starts[picked] - ends + sizes[picked], sizes[picked])
        resampled[draw] = statistic(data[order[places]])
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(statistic(data), float(low), float(high), len(data))


def _group_by_incident(incidents: Sequence[Hashable], n: int) -> tuple[Integers, Integers, Integers]:
    """The places of the values incident by incident, and where each incident begins among them and how long it is."""
    numbers: dict[Hashable, int] = {}
    label = np.fromiter((numbers.setdefault(incident, len(numbers)) for incident in incidents), dtype=np.int64)
    if len(label) != n:
        raise Invalid(f"{n} values of {len(label)} incidents; name the incident of each value", "incidents")
    sizes = np.bincount(label)
    return np.argsort(label, kind="stable"), np.cumsum(sizes) - sizes, sizes
