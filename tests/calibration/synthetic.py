"""Histories whose true probabilities are known."""

from datetime import UTC, datetime, timedelta

import numpy as np

from onrecall.calibration.features import FEATURE_NAMES, PUBLIC
from onrecall.calibration.labelled_answers import Basis, LabelledAnswer

START = datetime(2024, 1, 1, tzinfo=UTC)


def history(
    n: int,
    seed: int = 0,
    *,
    strength: float = 1.0,
    base: float = 0.3,
    flip: float = 0.0,
    curved: bool = False,
    public: float | None = None,
    basis: Basis = "backtest",
    start: datetime = START,
    name: str = "INC",
) -> tuple[list[LabelledAnswer], np.ndarray]:
    """Answers, and the true probability of each; `flip` of the labels are turned round.

    With `public` the answers carry a public prior that knows the log odds before the flips, with noise of that spread.
    """
    draw = np.random.default_rng(seed)
    quality = draw.normal(size=n)
    columns = {feature: draw.uniform(size=n) for feature in FEATURE_NAMES}
    columns["match"] = _squashed(quality + draw.normal(size=n))
    columns["margin"] = np.tanh(0.5 * quality + 0.5 * draw.normal(size=n))
    columns["agreement"] = _squashed(quality + 1.5 * draw.normal(size=n))
    columns["signals"] = np.clip(np.round((0.5 + 0.2 * quality + 0.3 * draw.normal(size=n)) * 4) / 4, 0, 1)
    logit = (
        4.4 * (columns["match"] - 0.5)
        + 1.2 * columns["margin"]
        + 2.0 * (columns["agreement"] - 0.5)
        + 1.6 * (columns["signals"] - 0.5)
    )
    if curved:
        logit = 0.6 * logit * np.abs(logit)
    truth = _squashed(base + strength * logit)
    if public is not None:
        columns[PUBLIC] = _squashed(base + strength * logit + public * draw.normal(size=n))
    truth = truth * (1 - flip) + (1 - truth) * flip
    right = draw.uniform(size=n) < truth
    judged = [
        LabelledAnswer(
            at=start + timedelta(hours=place),
            features={feature: float(values[place]) for feature, values in columns.items()},
            right=bool(right[place]),
            known=None,
            verdict="known",
            basis=basis,
            incident=f"{name}-{place}",
            service=None,
        )
        for place in range(n)
    ]
    return judged, truth


def _squashed(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))
