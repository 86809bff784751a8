"""The calibration model: maps evidence features to how often similar answers were right."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from onrecall.calibration import isotonic_bins, reliability, walk_forward
from onrecall.calibration.features import FEATURE_NAMES
from onrecall.calibration.isotonic_bins import Level
from onrecall.calibration.labelled_answers import Basis, LabelledAnswer
from onrecall.calibration.logistic import Logistic
from onrecall.calibration.metrics import Estimate, Floats
from onrecall.calibration.walk_forward import METHODS, MIN_ANSWERS, AnswerHistory, Predictor
from onrecall.domain.errors import Invalid
from onrecall.domain.recommendation import Confidence

VERSION = 3
READABLE_VERSIONS = (2, VERSION)
"""A curve of version 2 knows fewer methods; all that it holds is read as before."""
BURN_IN_SHARE = 0.4
"""Burn-in: the first 40 % of answers are used for fitting but excluded from the counts."""
BURN_IN_FROM = 100
"""With fewer answers, those of the public prior at the own level are all counted: it depends little on the first."""


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """No confidence, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class ShownConfidence:
    """An answer and the confidence that would have been shown with it, from what was known before it."""

    judged: LabelledAnswer
    probability: float
    base: float
    """The share that had been right until then: what somebody would claim who looks at nothing else."""


@dataclass(frozen=True, slots=True)
class ConfidenceQuality:
    """How good the confidences were that would have been shown so far, each from earlier answers only."""

    n: int
    ece: float | None
    ece_by_chance: float | None
    brier: float | None
    brier_base: float | None
    auroc: Estimate
    confident_wrong: Estimate
    brier_base_then: float | None = None
    """The Brier score of who claimed the share that had been right until then."""


@dataclass(frozen=True, slots=True)
class CalibrationModel:
    """Levels of confidence, and the model that says which level an answer is at."""

    method: str
    model: Logistic
    levels: tuple[Level, ...]
    basis: Basis
    judged: int
    outcomes: int
    """How many of the judged were judged by people on live answers."""
    until: datetime
    """When the newest of the judged answers was given."""
    losses: Mapping[str, float]
    """The Brier score of each method on answers it had not seen."""
    quality: ConfidenceQuality

    def confidence(self, features: Mapping[str, float]) -> Confidence | NotMeasured:
        """How often answers at this level were right."""
        if not walk_forward.is_complete(features):
            return NotMeasured("not measured: the answer lacks the features that confidence is computed from")
        method = next(method for method in METHODS if method.name == self.method)
        row = np.array([walk_forward.to_row(features, live=self.basis == "outcomes")])
        chance = float(method.chances(self.model, row)[0])
        level = find_level(self.levels, chance)
        low, high = level.interval
        return Confidence(level.blend(chance), level.right, level.of, low, high, self.basis)

    def to_json(self) -> str:
        """All of it, so that `from_json` gives an equal curve."""
        body = {"version": VERSION, "features": FEATURE_NAMES, **asdict(self), "until": self.until.isoformat()}
        return json.dumps(body, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CalibrationModel":
        """The curve that `to_json` wrote; one of another release is refused, and is fitted again."""
        body: dict[str, Any] = json.loads(text)
        if body.pop("version", None) not in READABLE_VERSIONS or tuple(body.pop("features", ())) != FEATURE_NAMES:
            raise Invalid("the confidence curve was fitted by another release; fit it again", "version")
        quality = body["quality"]
        quality |= {name: Estimate(**quality[name]) for name in ("auroc", "confident_wrong")}
        model: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in body["model"].items()
        }
        body |= {
            "model": Logistic(**model),
            "levels": tuple(Level(**level) for level in body["levels"]),
            "until": datetime.fromisoformat(body["until"]),
            "quality": ConfidenceQuality(**quality),
        }
        return cls(**body)


def fit(judged: Iterable[LabelledAnswer]) -> CalibrationModel | NotMeasured:
    """The curve that answers with known truth allow. Answers that named no cause are left out: they claimed nothing."""
    past = walk_forward.build_history(judged)
    n = len(past.right)
    if n < MIN_ANSWERS:
        return NotMeasured(
            f"not measured on your incidents yet: {n} outcome{'' if n == 1 else 's'}, {MIN_ANSWERS} needed"
        )
    chances = walk_forward.walk_forward_predict(past)
    method, bins = _fit_levels(past, chances)
    losses = walk_forward.brier_losses(chances, past.right)
    return CalibrationModel(
        method=method.name,
        model=walk_forward.fit(method, past),
        levels=bins,
        basis=_basis(past),
        judged=n,
        outcomes=int(past.live.sum()),
        until=past.judged[-1].at,
        losses=dict(zip([predictor.name for predictor in METHODS], losses, strict=True)),
        quality=measure_quality(_replay(past, chances)),
    )


def replay(judged: Iterable[LabelledAnswer]) -> tuple[ShownConfidence, ...]:
    """Return the confidence each answer would have shown had the model been refitted all along; the first have none."""
    past = walk_forward.build_history(judged)
    return _replay(past, walk_forward.walk_forward_predict(past))


def measure_quality(replayed: Iterable[ShownConfidence]) -> ConfidenceQuality:
    """Measure the quality of confidences that were shown."""
    confidences = list(replayed)
    claims, truths = (
        [confidence.probability for confidence in confidences],
        [confidence.judged.right for confidence in confidences],
    )
    error = reliability.ece(claims, truths)
    return ConfidenceQuality(
        n=len(confidences),
        ece=error.value if error else None,
        ece_by_chance=error.by_chance if error else None,
        brier=reliability.brier(claims, truths),
        brier_base=reliability.brier_baseline(truths),
        auroc=reliability.auroc(claims, truths),
        confident_wrong=reliability.confident_wrong(claims, truths),
        brier_base_then=reliability.brier([confidence.base for confidence in confidences], truths),
    )


def find_level(bins: tuple[Level, ...], chance: float) -> Level:
    """The level of an answer with this chance."""
    return bins[max(0, bisect_right([level.above for level in bins], chance) - 1)]


def _basis(past: AnswerHistory) -> Basis:
    return "outcomes" if int(past.live.sum()) >= MIN_ANSWERS else "backtest"


def _fit_levels(past: AnswerHistory, chances: Floats) -> tuple[Predictor, tuple[Level, ...]]:
    """Return the method that predicted best so far and its bins; if they do not discriminate, the base rate alone."""
    counted = past.live if _basis(past) == "outcomes" else np.ones(len(past.right), dtype=bool)
    number = walk_forward.best_method(chances, past.right)
    n, method = len(past.right), METHODS[number]
    burn_in = 0.0 if method.from_public and n < BURN_IN_FROM else BURN_IN_SHARE
    late = counted & (np.arange(n) >= burn_in * n)
    bins = (
        isotonic_bins.fit(walk_forward.cross_fit(method, past)[late], past.right[late]) if number and late.any() else ()
    )
    if len(bins) > 1:
        return method, (replace(bins[0], above=0.0), *bins[1:])
    base = METHODS[0]
    chance = float(base.chances(walk_forward.fit(base, past), past.columns[counted][-1:])[0])
    return base, (Level(0.0, int(past.right[counted].sum()), int(counted.sum()), chance),)


def _replay(past: AnswerHistory, chances: Floats) -> tuple[ShownConfidence, ...]:
    replayed: list[ShownConfidence] = []
    for start, end in walk_forward.refit_points(len(past.right)):
        if start < MIN_ANSWERS:
            continue
        method, bins = _fit_levels(past.until(start), chances[:, :start])
        base = (float(past.right[:start].sum()) + 0.5) / (start + 1)
        for place in range(start, end):
            chance = float(chances[METHODS.index(method), place])
            replayed.append(ShownConfidence(past.judged[place], find_level(bins, chance).blend(chance), base))
    return tuple(replayed)
