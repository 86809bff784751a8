"""The backtest's figures: how often the memory would have been right on this history, and how far to trust that."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from onrecall.backtest import learning_curve as learning
from onrecall.backtest.baselines import NAMES
from onrecall.backtest.chronology import History, as_opened
from onrecall.backtest.evaluation_cases import Case, cases
from onrecall.backtest.ground_truth import BASES, GroundTruth
from onrecall.backtest.power import Power, baseline_place, power, within
from onrecall.backtest.replay_result import ReplayResult
from onrecall.calibration import model as curve
from onrecall.calibration import reliability
from onrecall.calibration.metrics import Estimate, Floats, Ranks, bootstrap, hit_at, mean, mrr, share
from onrecall.calibration.novelty import Novelty, thresholds
from onrecall.domain.incident import Incident, Verdict

LENGTHS: Mapping[float, str] = {
    10: "up to 10 words",
    50: "11 to 50 words",
    200: "51 to 200 words",
    inf: "more than 200 words",
}
"""Lengths of an opening, by the most words that it may have."""
TITLE_ALONE = "title of a report"
DRAWS = 300
"""Draws for the interval of the calibration error: each of them bins all answers anew."""


@dataclass(frozen=True, slots=True)
class HitRates:
    """How well incidents of the same cause were found."""

    hit_at_1: Estimate
    hit_at_3: Estimate
    hit_at_5: Estimate
    mrr: Estimate

    @classmethod
    def of(cls, places: Ranks) -> "HitRates":
        """From where the first hit of each question stood."""
        return cls(hit_at(places, 1), hit_at(places, 3), hit_at(places, 5), mrr(places))


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """A baseline on the same questions, and how far the memory is ahead of it."""

    name: str
    hits: HitRates
    ahead: Estimate
    """Our hit@3 less its, question by question."""
    missing: str | None = None
    """Why it could not be asked."""


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The incidents of one service, one month, one severity or one length."""

    name: str
    incidents: int
    answered: int
    hits: HitRates


@dataclass(frozen=True, slots=True)
class ConfidenceReport:
    """The confidence that would have been shown, each from what was judged before it, against what came true."""

    quality: curve.ConfidenceQuality
    ece: Estimate
    brier: Estimate
    bins: tuple[reliability.Bin, ...]
    coverage: tuple[reliability.CoveragePoint, ...]


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """A backtest."""

    incidents: int
    documents: int
    left_out: int
    since: datetime | None
    until: datetime | None
    bases: Mapping[str, int]
    """By how many incidents the truth is known from what."""
    to_find: int
    new: int
    untold: int
    hits: HitRates
    cause_match: Estimate
    right_when_answered: Estimate
    step_match: Estimate
    step_ceiling: Estimate
    coverage: Estimate
    verdicts: Mapping[Verdict, Mapping[str, int]]
    false_recall: Estimate
    false_known: Estimate
    missed: Estimate
    novelty: Novelty
    trust: ConfidenceReport
    baselines: tuple[BaselineComparison, ...]
    by_service: tuple[CaseGroup, ...]
    by_month: tuple[CaseGroup, ...]
    by_severity: tuple[CaseGroup, ...]
    by_length: tuple[CaseGroup, ...]
    """By how many words the opening had, the shortest first."""
    power: Power | None
    learning: learning.LearningCurve | None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    cases: tuple[Case, ...] = field(default=(), repr=False)


def measure(
    history: History,
    truths: GroundTruth,
    run: ReplayResult,
    plan: learning.LearningPlan | None,
    similar: float,
    known: float,
) -> BacktestReport:
    """All figures of one replay; `similar` and `known` are the match scores at which its verdicts changed."""
    found = cases(run, truths)
    to_find = [one for one in found if one.truth.known]
    new = [one for one in found if one.truth.known is False]
    judged = [one.judged for one in found if one.judged]
    opened = {one.id: as_opened(one) for one in history.incidents}
    return BacktestReport(
        incidents=len(found),
        documents=len(history.documents),
        left_out=len(history.left_out),
        since=found[0].answer.at if found else None,
        until=found[-1].answer.at if found else None,
        bases={name: count for name in BASES if (count := sum(one.truth.basis == name for one in found))},
        to_find=len(to_find),
        new=len(new),
        untold=len(found) - len(to_find) - len(new),
        hits=HitRates.of([one.place for one in to_find]),
        cause_match=share([bool(one.right) for one in to_find]),
        right_when_answered=share([one.right for one in found if one.right is not None]),
        step_match=share([bool(one.step) for one in to_find if one.step is not None]),
        step_ceiling=share([bool(one.step_before) for one in to_find if one.step_before is not None]),
        coverage=share([one.answer.given for one in found]),
        verdicts=_verdicts(found),
        false_recall=share([one.answer.given for one in new]),
        false_known=share([one.answer.verdict == "known" for one in new]),
        missed=share([not one.answer.given for one in to_find]),
        novelty=thresholds(judged, similar, known),
        trust=_trust(curve.replay(judged)),
        baselines=tuple(_beside(name, to_find, truths) for name in NAMES),
        by_service=_groups(found, lambda one: one.answer.service or "(no service)"),
        by_month=_groups(found, lambda one: f"{one.answer.at:%Y-%m}"),
        by_severity=_groups(found, lambda one: _severity(opened.get(one.answer.incident))),
        by_length=_by_length(found, opened),
        power=power(to_find, truths),
        learning=learning.curve(plan, run, truths) if plan else None,
        notes=_notes(history, truths),
        seconds=run.seconds,
        cases=found,
    )


def _trust(shown: Sequence[curve.ShownConfidence]) -> ConfidenceReport:
    claims, truths = [one.probability for one in shown], [one.judged.right for one in shown]
    error = reliability.ece(claims, truths)
    squared = [(claim - right) ** 2 for claim, right in zip(claims, truths, strict=True)]

    def again(drawn: Floats) -> float:
        picked = drawn.astype(int)
        error = reliability.ece([claims[one] for one in picked], [truths[one] for one in picked])
        return error.value if error else 0.0

    return ConfidenceReport(
        quality=curve.quality(shown),
        ece=bootstrap(range(len(claims)), again, draws=DRAWS),
        brier=mean(squared, least=0),
        bins=error.bins if error else (),
        coverage=reliability.risk_coverage(claims, truths),
    )


def _beside(name: str, to_find: Sequence[Case], truths: GroundTruth) -> BaselineComparison:
    asked = [one for one in to_find if name in one.answer.baselines]
    missing = None
    if name == "most_frequent_cause":
        asked = [one for one in asked if one.truth.cause]
        missing = None if asked else "no incident has a cause label"
    elif not asked and to_find:
        missing = "no sentence model is installed"
    places = [baseline_place(name, one, truths) for one in asked]
    ours = [one.place for one in asked]
    differences = [float(within(our, 3)) - float(within(its, 3)) for our, its in zip(ours, places, strict=True)]
    return BaselineComparison(name, HitRates.of(places), mean(differences), missing)


def _verdicts(found: Iterable[Case]) -> dict[Verdict, dict[str, int]]:
    kinds = {True: "to_find", False: "new", None: "untold"}
    counted = Counter((one.answer.verdict, kinds[one.truth.known]) for one in found)
    verdicts: tuple[Verdict, ...] = ("known", "similar", "never_seen")
    return {verdict: {kind: counted[verdict, kind] for kind in kinds.values()} for verdict in verdicts}


def _groups(found: Iterable[Case], name: Callable[[Case], str]) -> tuple[CaseGroup, ...]:
    grouped: dict[str, list[Case]] = {}
    for one in found:
        grouped.setdefault(name(one), []).append(one)
    return tuple(
        CaseGroup(
            each,
            len(members),
            sum(one.answer.given for one in members),
            HitRates.of([one.place for one in members if one.truth.known]),
        )
        for each, members in sorted(grouped.items())
    )


def _severity(incident: Incident | None) -> str:
    return incident.severity if incident else "unknown"


def _by_length(found: Sequence[Case], opened: Mapping[str, Incident]) -> tuple[CaseGroup, ...]:
    groups = {group.name: group for group in _groups(found, lambda one: _length(opened.get(one.answer.incident)))}
    return tuple(groups[name] for name in (*LENGTHS.values(), TITLE_ALONE) if name in groups)


def _length(incident: Incident | None) -> str:
    if incident is None:
        return TITLE_ALONE
    words = len(incident.text.split())
    return next(name for most, name in LENGTHS.items() if words <= most)


def _notes(history: History, truths: GroundTruth) -> tuple[str, ...]:
    notes = [truths.note] if truths.note else []
    if history.reports:
        notes.append("there are reports and no incidents: of each report only the title was known when it opened")
    return tuple(notes)
