"""Compare claimed chances with the truth: calibration error, Brier score, AUROC, risk and coverage."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onrecall.calibration.metrics import NO_ESTIMATE, Estimate, Floats, Integers, Z, share, wilson

BINS = 10
CONFIDENT = 0.7
"""A claim from this on counts as confident; being wrong then is the costly mistake."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with similar confidence: the mean claim, and how many of them were right."""

    claimed: float
    right: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """How far claims lie from what came true, averaged over bins of equal mass."""

    value: float
    by_chance: float
    """What a perfect curve would show on as few answers: chance alone moves each bin."""
    bins: tuple[Bin, ...]
    n: int


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """If only claims of at least `claim` were shown: the share that is shown, and the share of these that is wrong."""

    claim: float
    coverage: float
    risk: float
    n: int


def ece(claims: Sequence[float], truths: Sequence[bool], bins: int = BINS) -> CalibrationError | None:
    """The calibration error over bins of equal mass; equal claims are never parted. None without an answer."""
    if not claims:
        return None
    claimed, right = _sort_by_claim(claims, truths)
    n = len(claimed)
    filled = []
    error = chance = 0.0
    for start, end in _bin_edges(claimed, bins):
        of, hits, mean = end - start, int(right[start:end].sum()), float(claimed[start:end].mean())
        low, high = wilson(hits, of)
        filled.append(Bin(mean, hits, of, low, high))
        error += of / n * abs(hits / of - mean)
        chance += of / n * math.sqrt(2 / math.pi * mean * (1 - mean) / of)
    return CalibrationError(error, chance, tuple(filled), n)


def brier(claims: Sequence[float], truths: Sequence[bool]) -> float | None:
    """The mean squared distance of claims from the truth: 0 is perfect, 0.25 is a coin."""
    return float(np.mean(np.square(np.asarray(claims) - np.asarray(truths, dtype=float)))) if claims else None


def brier_baseline(truths: Sequence[bool]) -> float | None:
    """Brier score of the constant base-rate forecast, computed in hindsight. Lower is better than this."""
    return float(np.var(np.asarray(truths, dtype=float))) if truths else None


def confident_wrong(claims: Sequence[float], truths: Sequence[bool], sure: float = CONFIDENT) -> Estimate:
    """The share of all answers that claimed at least `sure` and were wrong."""
    return share([claim >= sure and not right for claim, right in zip(claims, truths, strict=True)])


def auroc(scores: Sequence[float], truths: Sequence[bool]) -> Estimate:
    """How often a true case scores above a false one (a tie counts half), with Newcombe's interval; n is all cases.

    R. G. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2",
    Statistics in Medicine 25 (2006), method 5: sound at 0 and 1, where resampling gives no width at all.
    """
    truth = np.asarray(truths, dtype=bool)
    yes, no = int(truth.sum()), int((~truth).sum())
    if not yes or not no:
        return NO_ESTIMATE
    _, place, count = np.unique(np.asarray(scores, dtype=float), return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    area = (float(middle[place][truth].sum()) - yes * (yes + 1) / 2) / (yes * no)
    return Estimate(area, _newcombe_bound(area, 0.0, yes, no), _newcombe_bound(area, 1.0, yes, no), len(truth))


def _newcombe_bound(area: float, end: float, yes: int, no: int) -> float:
    """The area nearest to `end` from which the one found lies 1.96 standard errors away."""
    half = (yes + no) / 2 - 1

    def beyond(theta: float) -> bool:
        spread = theta * (1 - theta) * (1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (yes * no)
        return abs(theta - area) > Z * math.sqrt(spread)

    if area == end:
        return end
    near, far = area, end
    for _ in range(60):
        middle = (near + far) / 2
        near, far = (near, middle) if beyond(middle) else (middle, far)
    return near


def risk_coverage(claims: Sequence[float], truths: Sequence[bool]) -> tuple[CoveragePoint, ...]:
    """From showing only the surest answers to showing all; one point for each claim that occurs."""
    if not claims:
        return ()
    claimed, right = _sort_by_claim(claims, truths)
    claimed, wrong = claimed[::-1], np.cumsum(1 - right[::-1])
    ends = np.append(np.flatnonzero(np.diff(claimed)), len(claimed) - 1)
    n = len(claimed)
    return tuple(
        CoveragePoint(float(claimed[at]), (int(at) + 1) / n, float(wrong[at]) / (int(at) + 1), int(at) + 1)
        for at in ends
    )


def _sort_by_claim(claims: Sequence[float], truths: Sequence[bool]) -> tuple[Floats, Integers]:
    claimed = np.asarray(claims, dtype=np.float64)
    order = np.argsort(claimed, kind="stable")
    return claimed[order], np.asarray(truths, dtype=np.int64)[order]


def _bin_edges(claimed: Floats, bins: int) -> list[tuple[int, int]]:
    """Where bins of about equal mass begin and end, moved to where the claim changes."""
    n = len(claimed)
    cuts = {0, n}
    for number in range(1, bins):
        at = number * n // bins
        cuts.add(int(np.searchsorted(claimed, claimed[at], side="left")))
    ordered = sorted(cuts)
    return list(itertools.pairwise(ordered))
