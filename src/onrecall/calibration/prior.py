"""The shipped prior: how often the first precedent was right on public data, for answers that look like this one.

It is fitted by `onrecall bench prior` and speaks until a team's own outcomes or backtest do.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from onrecall.calibration.features import supporting_evidence
from onrecall.calibration.isotonic_bins import Level
from onrecall.calibration.logistic import Logistic
from onrecall.calibration.metrics import wilson
from onrecall.calibration.model import NotMeasured, find_level
from onrecall.domain.cause_label import is_about_cause
from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Evidence
from onrecall.domain.recommendation import Advice, Confidence, CountedShare, NearestRates, Recommendation

VERSION = 2
RESOURCE = "prior.json"
NO_EVIDENCE = "no evidence is on record"
NEVER_SEEN = "nothing is suggested that could be right"
FOREIGN_ANSWERS = "of foreign systems"
"""What the provenance calls the questions about systems that no memory holds anything of."""
FEATURES: tuple[str, ...] = (
    "apart",
    "apart_log",
    "words",
    "words_lead",
    "characters",
    "characters_lead",
    "covered",
    "length",
    "reach",
    "telling",
    "rival_term",
)
"""The numbers of `Evidence.ranking` that it looks at where recall goes by words alone."""
MEANING_FEATURES: tuple[str, ...] = ("meaning", "meaning_lead", "crowd")
"""Those that it looks at besides where there is a sentence model."""


@dataclass(frozen=True, slots=True)
class PriorModel:
    """A regression on ranking features, and how often answers at each level of its probability were right."""

    features: tuple[str, ...]
    regression: Logistic
    levels: tuple[Level, ...]
    """Counted on predictions for tasks that the regression had not seen, each question once."""

    def probability(self, ranking: Mapping[str, float]) -> float:
        """The chance that this piece of evidence is right."""
        return float(self.regression.chances(np.array([[ranking[name] for name in self.features]]))[0])

    def confidence(self, probability: float) -> Confidence:
        """A probability kept within the interval of its level, with the counts of that level."""
        level = find_level(self.levels, probability)
        low, high = level.interval
        return Confidence(min(high, max(low, probability)), level.right, level.of, low, high, "public")


@dataclass(frozen=True, slots=True)
class Prior:
    """What public data says of an answer, with a sentence model and without one."""

    with_meaning: PriorModel
    by_words: PriorModel
    named: tuple[int, int]
    """Of the questions that begin with the name of an alert, those whose runbook of that name was right, and all."""
    provenance: Mapping[str, Any]
    """The tasks, their sources, and how good the probabilities were on tasks left out."""

    def confidence(self, evidence: Sequence[Evidence], advice: Advice | Recommendation) -> Confidence | NotMeasured:
        """How often a precedent that stands among the others like this one was right.

        It is about what the answer rests on: the incidents of its cause and the documents about it, any of which may be
        right, else the best evidence. Without any evidence there is nothing to be right, and `never_seen` suggests
        nothing: `nearest_rates` has what is counted of its nearest.
        """
        if evidence and advice.verdict == "never_seen":
            return NotMeasured(NEVER_SEEN)
        precedent = find_precedent(evidence, advice)
        if precedent is None:
            return NotMeasured(NO_EVIDENCE)
        if _is_known_by_name(precedent, advice):
            right, of = self.named
            return Confidence((right + 0.5) / (of + 1), right, of, *wilson(right, of), "public")
        model = self._model(precedent)
        if model is None:
            return NotMeasured("not measured: the evidence lacks the features that confidence is computed from")
        return model.confidence(self._sum_backing(evidence, advice, precedent))

    def nearest_rates(self, evidence: Sequence[Evidence]) -> NearestRates | None:
        """How often the nearest of something never seen was right, apart for known and for other systems."""
        model = self._model(evidence[0]) if evidence else None
        if model is None or self.foreign is None:
            return None
        level = model.confidence(model.probability(evidence[0].ranking))
        right, of = self.foreign
        return NearestRates(
            CountedShare(level.right, level.of, level.low, level.high), CountedShare(right, of, *wilson(right, of))
        )

    @property
    def foreign(self) -> tuple[int, int] | None:
        """Of the questions about foreign systems those whose first answer was right, and all; None: none were asked."""
        rows = self.provenance.get("leave_one_task_out", {}).get("with_meaning", ())
        row = next((row for row in rows if row["answers"] == FOREIGN_ANSWERS), None)
        return (round(row["right"] * row["n"]), row["n"]) if row else None

    def backed_probability(self, evidence: Sequence[Evidence], advice: Advice | Recommendation) -> float | None:
        """The chance that an answer is right: that any evidence it rests on is; None where no number says so."""
        precedent = find_precedent(evidence, advice)
        if precedent is None or self._model(precedent) is None:
            return None
        return self._sum_backing(evidence, advice, precedent)

    def _sum_backing(self, evidence: Sequence[Evidence], advice: Advice | Recommendation, precedent: Evidence) -> float:
        """The chance that any evidence that an answer rests on is right, else that its precedent is.

        An answer without a cause says that this was seen before: so it was in all that tells the same.
        """
        backing = find_backing(evidence, advice)
        if not backing:
            return self._shared_probability(precedent) or 0.0
        return min(1.0, sum(self.probability(item) or 0.0 for item in backing))

    def probability(self, evidence: Evidence) -> float | None:
        """The chance that one piece of evidence is right; None where it does not carry the numbers.

        What tells the same has one chance, of which each has its share.
        """
        shared = self._shared_probability(evidence)
        return None if shared is None else shared / (1 + len(evidence.near_duplicates))

    def _shared_probability(self, evidence: Evidence) -> float | None:
        model = self._model(evidence)
        return model.probability(evidence.ranking) if model else None

    def _model(self, evidence: Evidence) -> PriorModel | None:
        model = self.with_meaning if "meaning" in evidence.ranking else self.by_words
        is_measured = all(math.isfinite(evidence.ranking.get(name, math.nan)) for name in model.features)
        return model if is_measured else None


def _is_known_by_name(precedent: Evidence, advice: Advice | Recommendation) -> bool:
    """Return whether an answer is known by its runbook: no other document makes an answer known without a cause."""
    return advice.cause is None and advice.verdict == "known" and precedent.document is not None


def find_precedent(evidence: Sequence[Evidence], advice: Advice | Recommendation) -> Evidence | None:
    """The evidence that an answer rests on: the best for its cause, else what its verdict names, else its steps."""
    if not evidence:
        return None
    if advice.cause is not None:
        return max(_supporting(evidence, advice), key=lambda item: item.score)
    named = set(advice.rests_on) if isinstance(advice, Advice) else set()
    cited = named or {step.citation.evidence_id for step in advice.steps}
    return next((item for item in evidence if item.id in cited), evidence[0])


def _supporting(evidence: Sequence[Evidence], advice: Advice | Recommendation) -> list[Evidence]:
    named = advice.rests_on if isinstance(advice, Advice) else ()
    return [item for item in evidence if item.id in named] or supporting_evidence(evidence, advice)


def find_backing(evidence: Sequence[Evidence], advice: Advice | Recommendation) -> list[Evidence]:
    """The evidence that is right if the named cause is: its incidents, and the documents about it."""
    if advice.cause is None:
        return []
    supporting = _supporting(evidence, advice)
    documents = [item for item in evidence if is_about_cause(item, advice.cause_label)]
    return [*supporting, *(item for item in documents if item not in supporting)]


def to_json(prior: Prior) -> str:
    """The prior as it is shipped."""
    models = {"with_meaning": _model_to_json(prior.with_meaning), "by_words": _model_to_json(prior.by_words)}
    named = dict(zip(("right", "of"), prior.named, strict=True))
    return json.dumps({"version": VERSION, **models, "named": named, "provenance": prior.provenance}, indent=1) + "\n"


def from_json(text: str) -> Prior:
    """The prior that `to_json` wrote."""
    body = json.loads(text)
    if body.get("version") != VERSION:
        raise Invalid(
            "the shipped prior was fitted by another release; fit it again with `onrecall bench prior`", "version"
        )
    named = (body["named"]["right"], body["named"]["of"])
    return Prior(_model_from_json(body["with_meaning"]), _model_from_json(body["by_words"]), named, body["provenance"])


@cache
def load_shipped() -> Prior:
    """The prior in the package, read once."""
    return from_json(resources.files("onrecall.calibration").joinpath(RESOURCE).read_text(encoding="utf-8"))


def _model_to_json(model: PriorModel) -> dict[str, Any]:
    regression, digits = model.regression, 6
    columns = zip(model.features, regression.weights, regression.centre, regression.scale, strict=True)
    return {
        "intercept": round(regression.intercept, digits),
        "features": {
            name: {"weight": round(weight, digits), "centre": round(centre, digits), "scale": round(scale, digits)}
            for name, weight, centre, scale in columns
        },
        "levels": [
            {
                "above": round(level.above, digits),
                "right": level.right,
                "of": level.of,
                "predicted": round(level.foretold, digits),
            }
            for level in model.levels
        ],
    }


def _model_from_json(body: Mapping[str, Any]) -> PriorModel:
    columns = body["features"]
    regression = Logistic(
        body["intercept"],
        *(tuple(column[part] for column in columns.values()) for part in ("weight", "centre", "scale")),
    )
    levels = tuple(Level(level["above"], level["right"], level["of"], level["predicted"]) for level in body["levels"])
    return PriorModel(tuple(columns), regression, levels)
