"""Where trust stands: every figure that the answers with known truth allow, and the reason where they allow none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from onrecall.backtest.evaluation import HitRates
from onrecall.backtest.learning_curve import LearningCurve
from onrecall.calibration import model as curve
from onrecall.calibration import novelty, reliability
from onrecall.calibration.isotonic_bins import Level
from onrecall.calibration.labelled_answers import Basis, LabelledAnswer, in_time
from onrecall.calibration.metrics import Estimate, share
from onrecall.calibration.model import CalibrationModel, ConfidenceQuality
from onrecall.calibration.novelty import Novelty
from onrecall.calibration.reliability import Bin, CoveragePoint


@dataclass(frozen=True, slots=True)
class SegmentRate:
    """How often the named cause was right in one service or one month."""

    name: str
    right: Estimate


@dataclass(frozen=True, slots=True)
class TrustSummary:
    """How far this memory can be trusted, as far as that was measured."""

    judged: int
    """Answers whose truth is known."""
    basis: Mapping[Basis, int]
    """How many of them were replayed from history, and how many were judged by people on live answers."""
    right: Estimate
    """Of the answers that named a cause, the share that named the right one."""
    coverage: Estimate
    """Of all answers, the share that named a cause."""
    hits: HitRates
    """Where an incident of the same cause stood among those shown, of the openings that had one to find."""
    quality: ConfidenceQuality | None
    """How good the confidences were that would have been shown, each from earlier answers only."""
    levels: tuple[Level, ...]
    """The levels of confidence now: how many answers there were at each, and how many of them were right."""
    reliability: tuple[Bin, ...]
    """What was claimed, in groups of equal size, against how many of them were right."""
    risk_coverage: tuple[CoveragePoint, ...]
    learning: LearningCurve | None
    """From the last backtest over this store."""
    novelty: Novelty
    by_service: tuple[SegmentRate, ...]
    by_month: tuple[SegmentRate, ...]
    by_origin: tuple[SegmentRate, ...]
    """Of live answers that named a cause, by whether the person who resolved the incident took that cause over or wrote
    one: what was taken over confirms itself."""
    not_measured: Mapping[str, str]
    """For each figure that is absent, the reason."""


def standing(
    judged: Iterable[LabelledAnswer], similar: float, known: float, learned: LearningCurve | None = None
) -> TrustSummary:
    """The figures over all answers whose truth is known; the thresholds given stand until better ones are measured."""
    told = in_time(judged)
    named = [one for one in told if one.verdict != "never_seen"]
    fitted = curve.fit(told)
    shown = curve.replay(told) if isinstance(fitted, CalibrationModel) else ()
    split = novelty.thresholds(told, similar, known)
    claims, truths = [one.probability for one in shown], [one.judged.right for one in shown]
    error = reliability.ece(claims, truths)
    places = [one.place for one in told if one.place is not None]
    absent = {} if isinstance(fitted, CalibrationModel) else {"confidence": fitted.reason}
    if not split.measured:
        absent["novelty"] = split.rule
    if not places:
        absent["hits"] = "no answer is known to have had an earlier incident of the same cause to find"
    if learned is None:
        absent["learning"] = "it takes a backtest over this store with enough to find: run `onrecall backtest`"
    basis: dict[Basis, int] = {"backtest": 0, "outcomes": 0}
    for one in told:
        basis[one.basis] += 1
    return TrustSummary(
        judged=len(told),
        basis=basis,
        right=share([one.right for one in named]),
        coverage=share([one.verdict != "never_seen" for one in told]),
        hits=HitRates.of([place or None for place in places]),
        quality=fitted.quality if isinstance(fitted, CalibrationModel) else None,
        levels=fitted.levels if isinstance(fitted, CalibrationModel) else (),
        reliability=error.bins if error else (),
        risk_coverage=reliability.risk_coverage(claims, truths),
        learning=learned,
        novelty=split,
        by_service=_parts(named, lambda one: one.service or "(none)"),
        by_month=_parts(named, lambda one: f"{one.at:%Y-%m}"),
        by_origin=_parts([one for one in named if one.origin], lambda one: one.origin or ""),
        not_measured=absent,
    )


def _parts(judged: Sequence[LabelledAnswer], name: Callable[[LabelledAnswer], str]) -> tuple[SegmentRate, ...]:
    groups: dict[str, list[bool]] = {}
    for one in judged:
        groups.setdefault(name(one), []).append(one.right)
    return tuple(SegmentRate(key, share(truths)) for key, truths in sorted(groups.items()))
