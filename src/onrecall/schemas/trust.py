"""The JSON of trust: figures with n and 95 % intervals."""

from collections.abc import Mapping

from pydantic import Field, computed_field

from onrecall.calibration.metrics import is_too_wide
from onrecall.schemas.json_models import OutputModel


class EstimateOut(OutputModel):
    """A figure with its 95 % interval and its number of cases; null if it is not measured."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    @computed_field(description="Whether it rests on too few cases: its interval is wider than half of the scale.")  # type: ignore[prop-decorator]
    @property
    def too_few(self) -> bool:
        """Whether it rests on too few cases to tell anything."""
        return is_too_wide(self.low, self.high)


class ConfidenceQualityOut(OutputModel):
    """Quality of the confidences, each computed from earlier answers only."""

    n: int
    ece: float | None
    ece_by_chance: float | None
    brier: float | None
    brier_base: float | None
    brier_base_then: float | None
    auroc: EstimateOut
    confident_wrong: EstimateOut


class LevelOut(OutputModel):
    """Answers at one level of confidence: `right` of `of` were right."""

    above: float
    right: int
    of: int
    probability: float
    interval: tuple[float, float]


class CoveragePointOut(OutputModel):
    """If only claims of at least `claim` were shown: the share shown, and the share of these that is wrong."""

    claim: float
    coverage: float
    risk: float
    n: int


class BinOut(OutputModel):
    """Answers with similar confidence: the mean claim, and how many of them were right."""

    claimed: float
    right: int
    of: int
    low: float
    high: float


class HitsOut(OutputModel):
    """The rank of an incident with the same cause, over openings that had a predecessor."""

    hit_at_1: EstimateOut
    hit_at_3: EstimateOut
    hit_at_5: EstimateOut
    mrr: EstimateOut


class LearningPointOut(OutputModel):
    """Hit@1 of a memory that stopped learning after this many lessons; null for the one that kept learning."""

    after: int | None
    hit_at_1: EstimateOut


class LearningOut(OutputModel):
    """The same later openings, answered by memories that stopped learning at different times."""

    unit: str
    points: list[LearningPointOut]
    gain: EstimateOut


class NoveltyOut(OutputModel):
    """The thresholds of the verdicts, how they were chosen, and their errors."""

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


class PartOut(OutputModel):
    """One service or one month."""

    name: str
    right: EstimateOut


class TrustOut(OutputModel):
    """How far answers can be trusted, as measured."""

    judged: int
    basis: Mapping[str, int]
    right: EstimateOut
    coverage: EstimateOut
    hits: HitsOut
    quality: ConfidenceQualityOut | None
    levels: list[LevelOut]
    reliability: list[BinOut]
    risk_coverage: list[CoveragePointOut]
    learning: LearningOut | None
    novelty: NoveltyOut
    by_service: list[PartOut]
    by_month: list[PartOut]
    by_origin: list[PartOut] = Field(
        default_factory=list,
        description="`taken_over` and `written`: how often the named cause was right if the person who resolved the "
        "incident accepted it, and if they wrote their own.",
    )
    by_wording: int = Field(
        description="How many live answers with a cause were judged by its wording alone, because neither a cause "
        "label nor a link to an earlier incident says more; another wording counts as wrong.",
    )
    not_measured: Mapping[str, str]
    left_out: int = Field(0, description="Older answers that are not counted in: the newest 5,000 of each basis are.")
