"""Summarize trust: every figure that the labelled answers allow, and for each missing one the reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from onrecall.backtest.evaluation import HitRates
from onrecall.backtest.learning_curve import LearningCurve
from onrecall.calibration import model, novelty, reliability
from onrecall.calibration.isotonic_bins import Level
from onrecall.calibration.labelled_answers import Basis, LabelledAnswer, latest_per_incident
from onrecall.calibration.metrics import Estimate, share
from onrecall.calibration.model import CalibrationModel, ConfidenceQuality, NotMeasured
from onrecall.calibration.novelty import Novelty
from onrecall.calibration.reliability import Bin, CoveragePoint


@dataclass(frozen=True, slots=True)
class SegmentRate:
    """How often the named cause was right in one service or one month."""

    name: str
    right: Estimate


@dataclass(frozen=True, slots=True)
class TrustSummary:
    """How far answers can be trusted, as measured."""

    judged: int
    """Answers known to be right or wrong."""
    basis: Mapping[Basis, int]
    """How many of them were replayed from history, and how many were judged by people on live answers."""
    right: Estimate
    """Of the answers that named a cause, the share that named the right one."""
    coverage: Estimate
    """Of all answers, the share that named a cause."""
    hits: HitRates
    """The rank of an incident with the same cause, over openings that had a predecessor."""
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
    by_wording: int
    """How many live answers with a cause were judged by nothing but its wording: another text counts as wrong."""
    not_measured: Mapping[str, str]
    """For each figure that is absent, the reason."""
    left_out: int = 0
    """Answers known to be right or wrong that are not counted in, because there are so many newer ones."""


def summarize_trust(
    judged: Iterable[LabelledAnswer], similar: float, known_match: float, learned: LearningCurve | None = None
) -> TrustSummary:
    """The figures over all answers whose truth is known; the thresholds given stand until better ones are measured."""
    answers = latest_per_incident(judged)
    with_cause = [answer for answer in answers if answer.verdict != "never_seen"]
    fitted = model.fit(answers)
    replayed = model.replay(answers) if isinstance(fitted, CalibrationModel) else ()
    chosen = novelty.choose_thresholds(answers, similar, known_match)
    claims, truths = [answer.probability for answer in replayed], [answer.judged.right for answer in replayed]
    error = reliability.ece(claims, truths)
    places = [answer.place for answer in answers if answer.place is not None]
    return TrustSummary(
        judged=len(answers),
        basis={basis: sum(answer.basis == basis for answer in answers) for basis in get_args(Basis)},
        right=share([answer.right for answer in with_cause]),
        coverage=share([answer.verdict != "never_seen" for answer in answers]),
        hits=HitRates.of([place or None for place in places]),
        quality=fitted.quality if isinstance(fitted, CalibrationModel) else None,
        levels=fitted.levels if isinstance(fitted, CalibrationModel) else (),
        reliability=error.bins if error else (),
        risk_coverage=reliability.risk_coverage(claims, truths),
        learning=learned,
        novelty=chosen,
        by_service=_rates_by(with_cause, lambda answer: answer.service or "(none)"),
        by_month=_rates_by(with_cause, lambda answer: f"{answer.at:%Y-%m}"),
        by_origin=_rates_by([answer for answer in with_cause if answer.origin], lambda answer: answer.origin or ""),
        by_wording=sum(answer.judged_by == "wording" for answer in with_cause),
        not_measured=_not_measured(fitted, chosen, places, learned),
    )


def _not_measured(
    fitted: CalibrationModel | NotMeasured, chosen: Novelty, places: Sequence[int], learned: LearningCurve | None
) -> dict[str, str]:
    """Return the figures that there are not, with the reasons."""
    absent = {} if isinstance(fitted, CalibrationModel) else {"confidence": fitted.reason}
    if not chosen.measured:
        absent["novelty"] = chosen.rule
    if not places:
        absent["hits"] = "no answer is known to have had an earlier incident with the same cause"
    if learned is None:
        absent["learning"] = (
            "it needs a backtest of this store with enough incidents that have a predecessor: run `onrecall backtest`"
        )
    return absent


def _rates_by(judged: Sequence[LabelledAnswer], name: Callable[[LabelledAnswer], str]) -> tuple[SegmentRate, ...]:
    groups: dict[str, list[bool]] = {}
    for answer in judged:
        groups.setdefault(name(answer), []).append(answer.right)
    return tuple(SegmentRate(key, share(truths)) for key, truths in sorted(groups.items()))
