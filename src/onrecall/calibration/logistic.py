"""Ridge logistic regression: a few features to the chance of being right."""

from dataclasses import dataclass

import numpy as np

from onrecall.calibration.metrics import Floats

MAX_STEPS = 50
PSEUDO_COUNT = 0.5
"""One right and one wrong answer of half a weight each keep a history that was all right from claiming certainty."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted regression; each column is centred and scaled before it is weighed."""

    intercept: float
    weights: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def chances(self, columns: Floats, offset: Floats | None = None) -> Floats:
        """The chance of each row; `offset` is what is added to its log odds."""
        z = self.intercept + (columns - np.array(self.centre)) / np.array(self.scale) @ np.array(self.weights)
        return sigmoid(z if offset is None else z + offset)


def fit(
    columns: Floats, right: Floats, ridge: float, counts: Floats | None = None, offset: Floats | None = None
) -> Logistic:
    """Newton's method on the penalised likelihood; the intercept is not penalised.

    `counts` says how many answers each row stands for, by default one. `offset` is what the log odds of each row are
    expected to be: the regression is shrunk towards it instead of towards the base rate.
    """
    n, width = columns.shape
    expected = np.zeros(n) if offset is None else offset
    counts = np.ones(n) if counts is None else counts
    centre, scale = _centre_and_scale(columns, counts)
    design = np.zeros((n + 2, width + 1))
    design[:n, 1:] = (columns - centre) / scale
    design[:, 0] = 1.0
    truth = np.concatenate([right, [1.0, 0.0]])
    mass = np.concatenate([counts, [PSEUDO_COUNT, PSEUDO_COUNT]])
    middle = float(counts @ expected / counts.sum()) if n else 0.0
    expected = np.concatenate([expected, [middle, middle]])
    penalty = np.concatenate([[0.0], np.full(width, ridge)])
    weights = _maximise_likelihood(design, truth, mass, expected, penalty)
    return Logistic(
        float(weights[0]),
        tuple(weights[1:].tolist()),
        tuple(centre.tolist()),
        tuple(scale.tolist()),
    )


def _centre_and_scale(columns: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Return mean and deviation of each column; 1 for the deviation of one that does not vary."""
    n, width = columns.shape
    centre = counts @ columns / counts.sum() if n else np.zeros(width)
    spread = np.sqrt(counts @ np.square(columns - centre) / counts.sum()) if n else np.zeros(width)
    return centre, np.where(spread > 1e-9, spread, 1.0)


def _maximise_likelihood(design: Floats, truth: Floats, mass: Floats, expected: Floats, penalty: Floats) -> Floats:
    """Return the weights by Newton's method; a step is at most 3, which keeps separable data from running away."""
    weights = np.zeros(design.shape[1])
    for _ in range(MAX_STEPS):
        chance = sigmoid(expected + design @ weights)
        gradient = design.T @ (mass * (truth - chance)) - penalty * weights
        curvature = (design * (mass * chance * (1 - chance))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        weights = weights + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def sigmoid(z: Floats) -> Floats:
    """The chance that has these log odds."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -35.0, 35.0)))
