"""JSON report of a backtest. Keys may be added but never renamed; missing figures come with a reason."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from onrecall.backtest import learning_curve as learning
from onrecall.backtest.evaluation import BacktestReport, BaselineComparison, CaseGroup, HitRates
from onrecall.backtest.evaluation_cases import Case
from onrecall.backtest.ground_truth import BASES
from onrecall.backtest.report_text import MEANINGS, SYSTEMS
from onrecall.calibration.metrics import Estimate
from onrecall.calibration.novelty import Novelty
from onrecall.calibration.walk_forward import MIN_ANSWERS

HITS = ("hit_at_1", "hit_at_3", "hit_at_5", "mrr")


def report_to_json(report: BacktestReport, *, with_cases: bool = False) -> dict[str, Any]:
    """Return the report; `with_cases` adds every answer with its truth."""
    figures = estimates(report)
    as_json: dict[str, Any] = {
        "incidents": report.incidents,
        "answered": sum(case.answer.claims_seen for case in report.cases),
        **{name: figures[name].value for name in HITS},
        "hit_basis": truth_basis(report),
        "hit_basis_counts": dict(report.bases),
        "hit_basis_note": basis_note(report),
        "baselines": {baseline.name: _baseline_to_json(baseline) for baseline in report.baselines},
        **_confidence_to_json(report),
        **{name: figures[name].value for name in figures if name not in (*HITS, "confident_wrong", "novelty_auroc")},
        "intervals": {name: interval_to_json(estimate) for name, estimate in figures.items()},
        "to_find": report.to_find,
        "new": report.new,
        "untold": report.untold,
        "verdicts": {verdict: dict(counts) for verdict, counts in report.verdicts.items()},
        "thresholds": _thresholds_to_json(report.novelty),
        **_parts_to_json(report),
        "not_measured": not_measured(report),
        **_history_to_json(report),
    }
    return as_json | ({"each": [_case_to_json(case) for case in report.cases]} if with_cases else {})


def _confidence_to_json(report: BacktestReport) -> dict[str, Any]:
    quality = report.trust.quality
    return {
        "ece": quality.ece,
        "ece_by_chance": quality.ece_by_chance,
        "brier": quality.brier,
        "brier_base": quality.brier_base,
        "brier_base_then": quality.brier_base_then,
        "confident_wrong": quality.confident_wrong.value,
        "novelty_auroc": report.novelty.auroc.value,
        "false_recall": report.novelty.false_recall.value,
    }


def _parts_to_json(report: BacktestReport) -> dict[str, Any]:
    """Return the curves, and the hit rates by month, service, severity and length."""
    return {
        "reliability": [asdict(bin_) for bin_ in report.trust.bins],
        "risk_coverage": [asdict(point) for point in report.trust.coverage],
        "by_month": [_group_to_json(group, "month") for group in report.by_month],
        "by_service": [_group_to_json(group, "service") for group in report.by_service],
        "by_severity": [_group_to_json(group, "severity") for group in report.by_severity],
        "by_length": [_group_to_json(group, "length") for group in report.by_length],
        "power": _power_to_json(report),
        "learning_curve": _learning_to_json(report.learning),
    }


def _history_to_json(report: BacktestReport) -> dict[str, Any]:
    """Return what the replayed history was, and how long the replay took."""
    return {
        "notes": list(report.notes),
        "documents": report.documents,
        "left_out": report.left_out,
        "since": report.since.isoformat() if report.since else None,
        "until": report.until.isoformat() if report.until else None,
        "seconds": round(report.seconds, 1),
    }


def summarize_report(report: BacktestReport) -> dict[str, Any]:
    """Return what is kept of a backtest of the stored history: hit@3 by part, its basis, and what it can't tell."""
    parts = {
        "service": report.by_service,
        "month": report.by_month,
        "severity": report.by_severity,
        "length": report.by_length,
    }
    return {
        "incidents": report.incidents,
        "documents": report.documents,
        "judged": sum(case.judged is not None for case in report.cases),
        "seconds": round(report.seconds, 1),
        "right": asdict(report.right_when_answered),
        "hit_at_3": asdict(report.hits.hit_at_3),
        "hit_basis": truth_basis(report),
        "hit_basis_note": basis_note(report),
        "notes": list(report.notes),
        "power": _power_to_json(report),
        "groups": [
            {"kind": kind, "name": group.name, "incidents": group.incidents, "hit_at_3": asdict(group.hits.hit_at_3)}
            for kind, groups in parts.items()
            for group in groups
        ],
    }


def estimates(report: BacktestReport) -> dict[str, Estimate]:
    """Return all figures with an interval, by name."""
    return {
        **hit_figures(report.hits),
        "cause_match": report.cause_match,
        "right_when_answered": report.right_when_answered,
        "step_match": report.step_match,
        "step_ceiling": report.step_ceiling,
        "coverage": report.coverage,
        "missed": report.missed,
        "false_recall": report.novelty.false_recall,
        "false_recall_answered": report.false_recall,
        "false_known": report.false_known,
        "novelty_auroc": report.novelty.auroc,
        "ece": report.trust.ece,
        "brier": report.trust.brier,
        "confident_wrong": report.trust.quality.confident_wrong,
    }


def hit_figures(rates: HitRates) -> dict[str, Estimate]:
    """Return the hit rates by name."""
    return dict(zip(HITS, (rates.hit_at_1, rates.hit_at_3, rates.hit_at_5, rates.mrr), strict=True))


def interval_to_json(estimate: Estimate) -> dict[str, float | int | None]:
    """Return a figure's 95 % interval and number of cases."""
    return {"low": estimate.low, "high": estimate.high, "n": estimate.n}


def truth_basis(report: BacktestReport) -> str | None:
    """Return the basis of the truth; `mixed` if it differs between incidents."""
    return next(iter(report.bases)) if len(report.bases) == 1 else "mixed" if report.bases else None


def basis_note(report: BacktestReport) -> str:
    """Return the basis of the truth as a sentence."""
    if not report.bases:
        return "nothing in this history says which incidents had the same cause"
    bases = ", ".join(f"{BASES[name]} ({count})" for name, count in report.bases.items())
    return f"a hit is an earlier incident with the same cause, known by {bases}"


def not_measured(report: BacktestReport) -> Mapping[str, str]:
    """Return the figures that could not be measured, with the reasons."""
    why: dict[str, str] = {}
    if not report.to_find:
        why |= dict.fromkeys((*HITS, "cause_match", "missed"), _nothing_to_find(report))
    if not report.new:
        names = ("false_recall", "false_recall_answered", "false_known")
        why |= dict.fromkeys(names, "no incident is known to be the first of its cause")
    if report.novelty.auroc.value is None:
        why["novelty_auroc"] = "it needs incidents that were seen before and others that are new"
    if report.step_match.value is None:
        reason = "no incident with a predecessor says which step worked"
        why |= {"step_match": reason, "step_ceiling": reason}
    if report.right_when_answered.value is None:
        why["right_when_answered"] = "no answer is known to be right or wrong"
    if report.trust.quality.ece is None:
        judged = report.right_when_answered.n
        why |= dict.fromkeys(
            ("ece", "ece_by_chance", "brier", "brier_base", "brier_base_then", "confident_wrong"),
            f"confidence needs {MIN_ANSWERS} answers known to be right or wrong, and one more to test it on; "
            f"there are {judged}",
        )
    if report.learning is None:
        why["learning_curve"] = f"it needs {learning.MIN_OPENINGS} later incidents that have a predecessor"
    return why | {f"baselines.{baseline.name}": baseline.missing for baseline in report.baselines if baseline.missing}


def reasons_not_measured(report: BacktestReport) -> dict[str, list[str]]:
    """Return the names of the figures that could not be measured, grouped by reason."""
    names_by_reason: dict[str, list[str]] = {}
    for name, reason in not_measured(report).items():
        if name.startswith(("brier_base", "ece_by_chance")):  # told with the Brier score and the calibration error
            continue
        kind, _, system = name.partition(".")
        displayed = SYSTEMS[system] if system else MEANINGS[kind][0] if kind in MEANINGS else kind.replace("_", " ")
        names_by_reason.setdefault(reason, []).append(displayed)
    return names_by_reason


def _power_to_json(report: BacktestReport) -> dict[str, Any] | None:
    return {**asdict(report.power), "sentence": report.power.sentence} if report.power else None


def _nothing_to_find(report: BacktestReport) -> str:
    if not report.bases:
        nothing = "no cause label, no link, no judgement, no root cause"
        return f"nothing in this history says which incidents had the same cause: {nothing}"
    return "no incident in this history has an earlier one of the same cause"


def _thresholds_to_json(novelty: Novelty) -> dict[str, Any]:
    return {
        "similar": novelty.similar,
        "known": novelty.known,
        "apart": novelty.apart,
        "score": novelty.score,
        "rule": novelty.rule,
        "chosen_here": novelty.measured,
        "false_recall": asdict(novelty.false_recall),
        "missed": asdict(novelty.miss),
        "right_when_known": asdict(novelty.right_when_known),
    }


def _baseline_to_json(comparison: BaselineComparison) -> dict[str, Any]:
    figures = hit_figures(comparison.hits)
    data: dict[str, Any] = {name: figure.value for name, figure in figures.items()}
    data["intervals"] = {name: interval_to_json(figure) for name, figure in figures.items()}
    data["ahead_hit_at_3"] = {"difference": comparison.ahead.value, **interval_to_json(comparison.ahead)}
    return data


def _group_to_json(group: CaseGroup, kind: str) -> dict[str, Any]:
    figures = hit_figures(group.hits)
    return {
        kind: group.name,
        "incidents": group.incidents,
        "answered": group.answered,
        "to_find": group.hits.hit_at_1.n,
        **{name: figure.value for name, figure in figures.items()},
        "intervals": {name: interval_to_json(figure) for name, figure in figures.items()},
    }


def _learning_to_json(curve: learning.LearningCurve | None) -> list[dict[str, Any]]:
    if curve is None:
        return []
    return [
        {
            "memory": "learning" if point.after is None else "frozen",
            "after": point.after,
            "unit": curve.unit,
            "hit_at_1": point.hit_at_1.value,
            **interval_to_json(point.hit_at_1),
        }
        for point in curve.points
    ]


def _case_to_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.answer.incident,
        "at": case.answer.at.isoformat(),
        "verdict": case.answer.verdict,
        "cause": case.answer.cause,
        "true_cause": case.truth.cause,
        "basis": case.truth.basis,
        "seen_before": case.truth.known,
        "place": case.place,
        "right": case.right,
        "step": case.step,
        "shown": [list(family) for family in case.answer.shown],
    }
