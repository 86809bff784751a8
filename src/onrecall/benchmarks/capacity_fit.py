"""Fit how a quantity grows with the size of a history, and say how far off an extrapolation may be."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

STUDENT_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
"""Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1; beyond, 2 is used."""
FORMS: dict[str, Callable[[float], float]] = {
    "a": lambda _: 0.0,
    "a + b·n": lambda n: n,
    "a + b·log₂ n": math.log2,
}
"""How a quantity may grow with n, the number of passages."""
SIMPLER_IS_ENOUGH = 1.5
"""A constant is taken unless another form has a residual this many times smaller."""
PLAUSIBLE = 2.0
"""Forms whose residual is at most this many times that of the best widen the range of an extrapolation."""


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """A predicted value with the range that the measurements leave open."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Growth:
    """One form fitted to measurements by least squares of relative errors."""

    form: str
    a: float
    b: float
    residual: float
    """Standard deviation of the relative errors."""
    degrees: int
    """Degrees of freedom."""
    spread: tuple[tuple[float, float], tuple[float, float]]
    """The inverse of the weighted normal matrix, for the error of a prediction."""

    def at(self, n: float) -> float:
        """Return the predicted value."""
        return self.a + self.b * FORMS[self.form](n)

    def range_at(self, n: float) -> Extrapolation:
        """Return the predicted value with its 95 % prediction interval."""
        value, features = self.at(n), np.array([1.0, FORMS[self.form](n)])
        leverage = float(features @ np.array(self.spread) @ features)
        quantile = STUDENT_T[self.degrees - 1] if 1 <= self.degrees <= len(STUDENT_T) else 2.0
        half = quantile * self.residual * math.sqrt(value**2 + leverage)
        return Extrapolation(value, max(0.0, value - half), value + half)


@dataclass(frozen=True, slots=True)
class Fit:
    """The form that fits best, and the others that the measurements do not rule out."""

    best: Growth
    others: tuple[Growth, ...]

    def at(self, n: float) -> Extrapolation:
        """Return the best form's prediction; its range covers that of all plausible forms."""
        ranges = [growth.range_at(n) for growth in (self.best, *self.others)]
        return Extrapolation(self.best.at(n), min(each.low for each in ranges), max(each.high for each in ranges))


def fit(points: Sequence[tuple[float, float]]) -> Fit:
    """Fit positive values measured at several sizes; a size may occur several times.

    Each error is relative to its value, so that small sizes count as much as large ones. Nothing gets cheaper as it
    grows: a form that falls follows noise, and is not taken.
    """
    constant, *grown = [_fit_form(form, points) for form in FORMS]
    grown = [growth for growth in grown if growth.b >= 0]
    best = min([*grown, constant], key=lambda growth: growth.residual)
    if constant.residual <= SIMPLER_IS_ENOUGH * best.residual:
        best = constant
    others = [growth for growth in (*grown, constant) if growth is not best]
    floor = max(best.residual, 1e-4)
    return Fit(best, tuple(growth for growth in others if growth.residual <= PLAUSIBLE * floor))


def _fit_form(form: str, points: Sequence[tuple[float, float]]) -> Growth:
    sizes, values = np.array([n for n, _ in points]), np.array([value for _, value in points])
    columns = [np.ones(len(sizes)), np.array([FORMS[form](float(n)) for n in sizes])]
    used = 1 if form == "a" else 2
    weighted = np.stack(columns[:used], axis=1) / values[:, None]
    solution = np.linalg.lstsq(weighted, np.ones(len(values)), rcond=None)[0]
    degrees = len(values) - used
    errors = weighted @ solution - 1
    residual = math.sqrt(float(errors @ errors) / max(1, degrees))
    spread = np.zeros((2, 2))
    spread[:used, :used] = np.linalg.pinv(weighted.T @ weighted)
    a, b = [*solution.tolist(), 0.0][:2]
    (first, second), (third, fourth) = spread.tolist()
    return Growth(form, a, b, residual, degrees, ((first, second), (third, fourth)))
