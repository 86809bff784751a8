"""The JSON of trust: figures with n and 95 % intervals."""

from collections.abc import Mapping

from onrecall.doors.wire import Out


class EstimateOut(Out):
    """A figure, its 95 % interval and the cases it rests on; null where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class QualityOut(Out):
    """How good confidences were, each from earlier answers only."""

    n: int
    ece: float | None
    ece_by_chance: float | None
    brier: float | None
    brier_base: float | None
    auroc: EstimateOut
    confident_wrong: EstimateOut


class LevelOut(Out):
    """Answers at one level of confidence: right of of."""

    above: float
    right: int
    of: int
    probability: float
    interval: tuple[float, float]


class CoveredOut(Out):
    """Were only claims of at least `claim` shown: the share shown, and the share of these that is wrong."""

    claim: float
    coverage: float
    risk: float
    n: int


class NoveltyOut(Out):
    """Where verdicts change, how that was chosen, and the errors of it."""

    similar: float
    known: float
    rule: str
    measured: bool
    auroc: EstimateOut
    false_recall: EstimateOut
    miss: EstimateOut
    right_when_known: EstimateOut


class PartOut(Out):
    """One service or one month."""

    name: str
    right: EstimateOut


class TrustOut(Out):
    """How far this memory can be trusted, as far as that was measured."""

    judged: int
    basis: Mapping[str, int]
    right: EstimateOut
    coverage: EstimateOut
    quality: QualityOut | None
    levels: list[LevelOut]
    risk_coverage: list[CoveredOut]
    novelty: NoveltyOut
    by_service: list[PartOut]
    by_month: list[PartOut]
    not_measured: Mapping[str, str]
