"""The figures of a backtest: how often answers would have been right on this history, with intervals."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from onrecall.backtest import learning_curve as learning
from onrecall.backtest.baselines import BASELINE_NAMES
from onrecall.backtest.chronology import History, as_opened
from onrecall.backtest.evaluation_cases import Case, judge_answers
from onrecall.backtest.ground_truth import BASES, GroundTruth
from onrecall.backtest.power import Power, baseline_rank, is_within, statistical_power
from onrecall.backtest.replay_result import ReplayResult
from onrecall.calibration import model as curve
from onrecall.calibration import reliability
from onrecall.calibration.metrics import Estimate, Floats, Ranks, bootstrap, hit_at, mean, mrr, share
from onrecall.calibration.novelty import Novelty, choose_thresholds
from onrecall.domain.incident import Incident
from onrecall.domain.recommendation import Verdict

LENGTH_GROUPS: Mapping[float, str] = {
    10: "up to 10 words",
    50: "11 to 50 words",
    200: "51 to 200 words",
    inf: "more than 200 words",
}
"""Length groups of openings by maximum number of words."""
TITLE_ALONE = "title of a report"
BOOTSTRAP_DRAWS = 300
"""Bootstrap draws for the calibration error; each bins all answers again."""


@dataclass(frozen=True, slots=True)
class HitRates:
    """How well incidents with the same cause were found."""

    hit_at_1: Estimate
    hit_at_3: Estimate
    hit_at_5: Estimate
    mrr: Estimate

    @classmethod
    def of(cls, places: Ranks) -> "HitRates":
        """Compute the rates from the rank of the first hit of each question."""
        return cls(hit_at(places, 1), hit_at(places, 3), hit_at(places, 5), mrr(places))


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """A baseline on the same questions, and our lead over it."""

    name: str
    hits: HitRates
    ahead: Estimate
    """Paired difference: our hit@3 minus that of the baseline."""
    missing: str | None = None
    """Why it is not available."""


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The incidents of one service, one month, one severity or one length."""

    name: str
    incidents: int
    answered: int
    hits: HitRates


@dataclass(frozen=True, slots=True)
class ConfidenceReport:
    """Walk-forward confidence compared with what was right."""

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
    """Number of incidents per basis of the truth."""
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
    """By number of words of the opening, shortest first."""
    power: Power | None
    learning: learning.LearningCurve | None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    cases: tuple[Case, ...] = field(default=(), repr=False)


def evaluate(
    history: History,
    truths: GroundTruth,
    run: ReplayResult,
    plan: learning.LearningPlan | None,
    similar_threshold: float,
    known_threshold: float,
) -> BacktestReport:
    """Compute all figures of a replay; the thresholds are the match scores at which its verdicts changed."""
    case_list = judge_answers(run, truths)
    to_find = [case for case in case_list if case.truth.known]
    new = [case for case in case_list if case.truth.known is False]
    judged = [case.judged for case in case_list if case.judged]
    opened = {incident.id: as_opened(incident) for incident in history.incidents}
    return BacktestReport(
        incidents=len(case_list),
        documents=len(history.documents),
        left_out=len(history.left_out),
        since=case_list[0].answer.at if case_list else None,
        until=case_list[-1].answer.at if case_list else None,
        bases={name: count for name in BASES if (count := sum(case.truth.basis == name for case in case_list))},
        to_find=len(to_find),
        new=len(new),
        untold=len(case_list) - len(to_find) - len(new),
        hits=HitRates.of([case.place for case in to_find]),
        cause_match=share([bool(case.right) for case in to_find]),
        right_when_answered=share([case.right for case in case_list if case.right is not None]),
        step_match=share([bool(case.step) for case in to_find if case.step is not None]),
        step_ceiling=share([bool(case.step_before) for case in to_find if case.step_before is not None]),
        coverage=share([case.answer.claims_seen for case in case_list]),
        verdicts=_verdicts(case_list),
        false_recall=share([case.answer.claims_seen for case in new]),
        false_known=share([case.answer.verdict == "known" for case in new]),
        missed=share([not case.answer.claims_seen for case in to_find]),
        novelty=choose_thresholds(judged, similar_threshold, known_threshold),
        trust=_confidence_report(curve.replay(judged)),
        baselines=tuple(_compare_baseline(name, to_find, truths) for name in BASELINE_NAMES),
        by_service=_group_cases(case_list, lambda case: case.answer.service or "(no service)"),
        by_month=_group_cases(case_list, lambda case: f"{case.answer.at:%Y-%m}"),
        by_severity=_group_cases(case_list, lambda case: _severity_of(opened.get(case.answer.incident))),
        by_length=_by_length(case_list, opened),
        power=statistical_power(to_find, truths),
        learning=learning.measure_learning(plan, run, truths) if plan else None,
        notes=_notes(history, truths),
        seconds=run.seconds,
        cases=case_list,
    )


def _confidence_report(confidences: Sequence[curve.ShownConfidence]) -> ConfidenceReport:
    claims, truths = (
        [confidence.probability for confidence in confidences],
        [confidence.judged.right for confidence in confidences],
    )
    error = reliability.ece(claims, truths)
    squared = [(claim - right) ** 2 for claim, right in zip(claims, truths, strict=True)]

    def again(drawn: Floats) -> float:
        picked = drawn.astype(int)
        error = reliability.ece([claims[index] for index in picked], [truths[index] for index in picked])
        return error.value if error else 0.0

    return ConfidenceReport(
        quality=curve.measure_quality(confidences),
        ece=bootstrap(range(len(claims)), again, draws=BOOTSTRAP_DRAWS),
        brier=mean(squared, least=0),
        bins=error.bins if error else (),
        coverage=reliability.risk_coverage(claims, truths),
    )


def _compare_baseline(name: str, to_find: Sequence[Case], truths: GroundTruth) -> BaselineComparison:
    answered_cases = [case for case in to_find if name in case.answer.baselines]
    missing = None
    if name == "most_frequent_cause":
        answered_cases = [case for case in answered_cases if case.truth.cause]
        missing = None if answered_cases else "no incident has a cause label"
    elif not answered_cases and to_find:
        missing = "no sentence model is installed"
    places = [baseline_rank(name, case, truths) for case in answered_cases]
    ours = [case.place for case in answered_cases]
    differences = [
        float(is_within(our, 3)) - float(is_within(theirs, 3)) for our, theirs in zip(ours, places, strict=True)
    ]
    return BaselineComparison(name, HitRates.of(places), mean(differences), missing)


def _verdicts(case_list: Iterable[Case]) -> dict[Verdict, dict[str, int]]:
    kinds = {True: "to_find", False: "new", None: "untold"}
    counted = Counter((case.answer.verdict, kinds[case.truth.known]) for case in case_list)
    verdicts: tuple[Verdict, ...] = ("known", "similar", "never_seen")
    return {verdict: {kind: counted[verdict, kind] for kind in kinds.values()} for verdict in verdicts}


def _group_cases(case_list: Iterable[Case], name: Callable[[Case], str]) -> tuple[CaseGroup, ...]:
    grouped: dict[str, list[Case]] = {}
    for case in case_list:
        grouped.setdefault(name(case), []).append(case)
    return tuple(
        CaseGroup(
            group_name,
            len(members),
            sum(case.answer.claims_seen for case in members),
            HitRates.of([case.place for case in members if case.truth.known]),
        )
        for group_name, members in sorted(grouped.items())
    )


def _severity_of(incident: Incident | None) -> str:
    return incident.severity if incident else "unknown"


def _by_length(case_list: Sequence[Case], opened: Mapping[str, Incident]) -> tuple[CaseGroup, ...]:
    groups = {
        group.name: group
        for group in _group_cases(case_list, lambda case: _length_group(opened.get(case.answer.incident)))
    }
    return tuple(groups[name] for name in (*LENGTH_GROUPS.values(), TITLE_ALONE) if name in groups)


def _length_group(incident: Incident | None) -> str:
    if incident is None:
        return TITLE_ALONE
    words = len(incident.text.split())
    return next(name for most, name in LENGTH_GROUPS.items() if words <= most)


def _notes(history: History, truths: GroundTruth) -> tuple[str, ...]:
    notes = [truths.note] if truths.note else []
    if history.incidents and history.lacks_ends:
        notes.append("no incident has an end or a resolution on record, so each counts as over once it began")
    if history.reports:
        notes.append("there are only reports: of each report, only the title was known when its incident opened")
    return tuple(notes)
