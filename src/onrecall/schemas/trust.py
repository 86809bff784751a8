"""The JSON of trust: figures with n and 95 % intervals."""

from collections.abc import Mapping

from pydantic import Field

from onrecall.schemas.incidents import Out


class EstimateOut(Out):
    """A figure, its 95 % interval and the cases it rests on; null where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class ConfidenceQualityOut(Out):
    """How good confidences were, each from earlier answers only."""

    n: int
    ece: float | None
    ece_by_chance: float | None
    brier: float | None
    brier_base: float | None
    brier_base_then: float | None
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


class BinOut(Out):
    """Answers with about the same claim: what was claimed on average, and how many of them were right."""

    claimed: float
    right: int
    of: int
    low: float
    high: float


class HitsOut(Out):
    """Where an incident of the same cause stood among those shown, of the openings that had one to find."""

    hit_at_1: EstimateOut
    hit_at_3: EstimateOut
    hit_at_5: EstimateOut
    mrr: EstimateOut


class LearnedOut(Out):
    """Hit@1 of a memory that stopped learning after so many lessons; null: of one that went on."""

    after: int | None
    hit_at_1: EstimateOut


class LearningOut(Out):
    """The same later openings, answered by memories that stopped learning earlier and earlier."""

    unit: str
    points: list[LearnedOut]
    gain: EstimateOut


class NoveltyOut(Out):
    """Where verdicts change, how that was chosen, and the errors of it."""

    similar: float
    known: float
    apart: float
    score: str
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
    hits: HitsOut
    quality: ConfidenceQualityOut | None
    levels: list[LevelOut]
    reliability: list[BinOut]
    risk_coverage: list[CoveredOut]
    learning: LearningOut | None
    novelty: NoveltyOut
    by_service: list[PartOut]
    by_month: list[PartOut]
    by_origin: list[PartOut] = Field(
        default_factory=list,
        description="`taken_over` and `written`: how often the named cause was right where the person who resolved the "
        "incident took it over, and where they wrote one.",
    )
    not_measured: Mapping[str, str]
