"""Walk-forward predictions: each answer is scored by models fitted on earlier answers only."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onrecall.calibration import logistic
from onrecall.calibration.features import FEATURE_NAMES, PUBLIC
from onrecall.calibration.labelled_answers import LabelledAnswer, latest_per_incident
from onrecall.calibration.metrics import Floats

MIN_HISTORY = 10
"""Answers before the first prediction."""
MIN_ANSWERS = 20
"""Answers with known truth before a confidence is shown."""
REFIT_GROWTH = 1.25
"""The methods are fitted again each time the past has grown by a quarter."""
FOLDS = 10
"""Number of cross-fitting folds."""
PUBLIC_SHARE_RIGHT = 0.43
"""Stands in for the public probability of an answer that was stored without one: the share right on public tasks."""
MIN_CHANCE = 0.005
"""Clip public probabilities to this distance from 0 and 1."""
COLUMNS = (*FEATURE_NAMES, PUBLIC, "live")


@dataclass(frozen=True, slots=True)
class Predictor:
    """A prediction method: a ridge regression on these columns, shrunk towards the base rate or the public prior."""

    name: str
    features: tuple[str, ...]
    ridge: float
    from_public: bool = False
    """Whether it starts from the log odds of the public prior and learns how far they are off here."""

    @property
    def columns(self) -> list[int]:
        """The columns it looks at: its features, and the last, which says whether people judged or a replay."""
        return [COLUMNS.index(name) for name in (*self.features, "live")]

    def offset(self, rows: Floats) -> Floats:
        """What it expects the log odds of rows to be before it has seen any truth."""
        return rows[:, COLUMNS.index(PUBLIC)] if self.from_public else np.zeros(len(rows))

    def chances(self, model: logistic.Logistic, rows: Floats) -> Floats:
        """The chance of each row by a model fitted with this method."""
        return model.chances(rows[:, self.columns], self.offset(rows))


METHODS = (
    Predictor("base rate", (), 3.0),
    Predictor("public prior at the own level", (PUBLIC,), 10.0, from_public=True),
    Predictor("match", ("match",), 1.0),
    Predictor("best against the rest", ("apart", "letters"), 10.0),
    Predictor("features, strongly shrunk", FEATURE_NAMES, 30.0),
    Predictor("features", FEATURE_NAMES, 3.0),
)
"""Simplest first: a tie goes to the simpler."""


@dataclass(frozen=True, slots=True)
class AnswerHistory:
    """Answers with known truth in time order, as columns."""

    judged: tuple[LabelledAnswer, ...]
    columns: Floats
    right: Floats
    live: npt.NDArray[np.bool_]

    def until(self, end: int) -> "AnswerHistory":
        """Return the first `end` answers."""
        return AnswerHistory(self.judged[:end], self.columns[:end], self.right[:end], self.live[:end])


def build_history(judged: Iterable[LabelledAnswer]) -> AnswerHistory:
    """The answers that named a cause and kept their features, each incident once, in time order."""
    usable = [answer for answer in judged if answer.verdict != "never_seen" and is_complete(answer.features)]
    answers = latest_per_incident(usable)
    live = np.array([answer.basis == "outcomes" for answer in answers], dtype=bool)
    right = np.array([answer.right for answer in answers], dtype=np.float64)
    rows = [to_row(answer.features, live=answer.basis == "outcomes") for answer in answers]
    return AnswerHistory(
        tuple(answers), np.array(rows, dtype=np.float64).reshape(len(answers), len(COLUMNS)), right, live
    )


def is_complete(features: Mapping[str, float]) -> bool:
    """Whether all features are there and are numbers; answers of an older release may lack some."""
    return all(math.isfinite(features.get(name, math.nan)) for name in FEATURE_NAMES)


def to_row(features: Mapping[str, float], *, live: bool) -> list[float]:
    """One answer as a row of a history's columns."""
    public = features.get(PUBLIC, math.nan)
    chance = min(1 - MIN_CHANCE, max(MIN_CHANCE, public)) if math.isfinite(public) else PUBLIC_SHARE_RIGHT
    return [*(features[name] for name in FEATURE_NAMES), math.log(chance / (1 - chance)), float(live)]


def refit_points(n: int) -> list[tuple[int, int]]:
    """Return the blocks of a history, each predicted from all answers before it."""
    ends = [min(MIN_HISTORY, n), min(MIN_ANSWERS, n)]
    while ends[-1] < n:
        ends.append(min(n, int(ends[-1] * REFIT_GROWTH)))
    return [(start, end) for start, end in itertools.pairwise(ends) if end > start]


def walk_forward_predict(past: AnswerHistory) -> Floats:
    """Return a row of predicted chances for each method; NaN for the first answers."""
    chances = np.full((len(METHODS), len(past.right)), np.nan)
    for start, end in refit_points(len(past.right)):
        for number, method in enumerate(METHODS):
            model = fit(method, past.until(start))
            chances[number, start:end] = method.chances(model, past.columns[start:end])
    return chances


def cross_fit(method: Predictor, past: AnswerHistory) -> Floats:
    """Return the method's chances for the past, each fold predicted from all the others.

    Counts of a level need predictions from models as good as the one that assigns the next answer to it; models fitted
    on earlier answers only were worse, and the intervals of their levels had too little coverage.
    """
    n = len(past.right)
    chances = np.empty(n)
    for start, end in itertools.pairwise(n * fold // FOLDS for fold in range(FOLDS + 1)):
        training = np.r_[0:start, end:n]
        model = _fit_rows(method, past.columns[training], past.right[training])
        chances[start:end] = method.chances(model, past.columns[start:end])
    return chances


def fit(method: Predictor, past: AnswerHistory) -> logistic.Logistic:
    """The method fitted on a history."""
    return _fit_rows(method, past.columns, past.right)


def _fit_rows(method: Predictor, rows: Floats, right: Floats) -> logistic.Logistic:
    return logistic.fit(rows[:, method.columns], right, method.ridge, offset=method.offset(rows))


def brier_losses(chances: Floats, right: Floats) -> Sequence[float]:
    """Return each method's Brier score on all its predictions."""
    if len(right) <= MIN_HISTORY:
        return [0.0] * len(chances)
    squared_errors: list[float] = np.square(chances[:, MIN_HISTORY:] - right[MIN_HISTORY:]).mean(axis=1).tolist()
    return squared_errors


def best_method(chances: Floats, right: Floats) -> int:
    """Return the best method's index; the better of the two simplest unless one beats it by more than a standard error.

    The simplest are the base rate and the public prior at the level of this history.
    """
    if len(right) <= MIN_HISTORY:
        return 0
    squares = np.square(chances[:, MIN_HISTORY:] - right[MIN_HISTORY:])
    losses = squares.mean(axis=1)
    simplest, number = int(np.argmin(losses[:2])), int(np.argmin(losses))
    gained = squares[simplest] - squares[number]
    return number if gained.mean() > gained.std() / math.sqrt(len(gained)) else simplest
