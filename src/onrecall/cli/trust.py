"""Trust on a terminal: each figure with what it rests on, and the reason where there is none."""

from onrecall.backtest.learning_curve import LearningCurve
from onrecall.bootstrap.app import open_app
from onrecall.calibration.metrics import Estimate
from onrecall.calibration.model import ConfidenceQuality
from onrecall.calibration.trust_summary import TrustSummary
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.console import print_line
from onrecall.cli.output import print_result
from onrecall.domain.count_noun import count_noun
from onrecall.pipeline import cause_families
from onrecall.schemas.trust import TrustOut

PARTS_SHOWN = 12
HOW_TO_JUDGE = "resolve with a cause label, or link the earlier incident, to judge better"


def print_trust(summary: TrustSummary) -> None:
    """Print how far this memory can be trusted."""
    outcomes, replayed = summary.basis["outcomes"], summary.basis["backtest"]
    print_line(
        f"{count_noun(summary.judged, 'answer')} known to be right or wrong: {outcomes} rated live, "
        f"{replayed} from a replay of the history"
        + (f"; {summary.left_out} older ones are not counted in" if summary.left_out else "")
    )
    _print_rates(summary)
    if summary.quality is not None:
        _print_calibration(summary.quality)
    _print_novelty(summary)
    _print_levels(summary)
    _print_by_origin(summary)
    if summary.learning:
        _print_learning(summary.learning)
    _print_parts(summary)
    for figure, reason in summary.not_measured.items():
        print_line((f"{figure}: {reason}", "yellow"))


def _print_rates(summary: TrustSummary) -> None:
    """Print how often answers named the right cause, named one at all, and had the right predecessor."""
    print_line(("right cause when one was named  ", "dim"), format_estimate(summary.right))
    _print_by_wording(summary)
    print_line(("answers that named a cause      ", "dim"), format_estimate(summary.coverage))
    for k, rate in ((1, summary.hits.hit_at_1), (3, summary.hits.hit_at_3), (5, summary.hits.hit_at_5)):
        print_line((f"hit@{k}, with a predecessor       ", "dim"), format_estimate(rate))


def _print_calibration(quality: ConfidenceQuality) -> None:
    by_chance = f"  (by chance {format_number(quality.ece_by_chance)})"
    print_line(("calibration error (ECE)         ", "dim"), format_number(quality.ece), by_chance)
    until_then, of_all = format_number(quality.brier_base_then), format_number(quality.brier_base)
    against = f"{until_then} by the share right until then, {of_all} by that of all"
    print_line(("Brier, against the base rate    ", "dim"), f"{format_number(quality.brier)} against {against}")
    print_line(("confident (≥ 0.7) and wrong     ", "dim"), format_estimate(quality.confident_wrong))


def _print_novelty(summary: TrustSummary) -> None:
    print_line(("new from known (AUROC)          ", "dim"), format_estimate(summary.novelty.auroc, percent=False))
    print_line(("new, but answered as seen       ", "dim"), format_estimate(summary.novelty.false_recall))


def _print_levels(summary: TrustSummary) -> None:
    if summary.levels:
        print_line(("\nlevels of confidence", "bold"))
    for level in summary.levels:
        low, high = level.interval
        print_line(f"{level.probability:.2f}  right {level.right} of {level.of}  ({low:.0%}–{high:.0%})", indent=2)


def _print_parts(summary: TrustSummary) -> None:
    """Print how often answers were right by service and by month."""
    for title, parts in (("by service", summary.by_service), ("by month", summary.by_month)):
        if parts:
            print_line((f"\n{title}", "bold"))
        for part in parts[:PARTS_SHOWN]:
            print_line(f"{part.name:<24}{format_estimate(part.right)}", indent=2)


def _print_by_wording(summary: TrustSummary) -> None:
    """Print how many answers could only be judged by the wording of the cause, and what helps."""
    if summary.by_wording:
        count = count_noun(summary.by_wording, "live answer")
        print_line((f"{count} judged by the wording alone, where another wording counts as wrong:", "dim"), indent=2)
        print_line((HOW_TO_JUDGE, "dim"), indent=2)


def _print_by_origin(summary: TrustSummary) -> None:
    """Print how often answers were right if the cause was taken over, and if a person wrote one."""
    for part in summary.by_origin:
        words = "right, cause accepted" if part.name == "taken_over" else "right, cause written"
        print_line((f"{words:<32}", "dim"), format_estimate(part.right))


def _print_learning(curve: LearningCurve) -> None:
    """Print hit@1 of memories that stopped learning, and of the one that continued."""
    print_line(("\nlearning: hit@1 on the same later openings", "bold"))
    for point in curve.points:
        stopped = f"stopped after {point.after} {curve.unit}" if point.after is not None else "never stopped"
        print_line(f"{stopped:<32}{format_estimate(point.hit_at_1)}", indent=2)


def format_estimate(figure: Estimate, *, percent: bool = True) -> str:
    """Format an estimate with interval and number of cases; of too few only the counts, no figure."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "not measured yet"
    style = ".0%" if percent else ".2f"
    if figure.too_few:
        counts = f"{round(figure.value * figure.n)} of {figure.n}" if percent else f"n = {figure.n}"
        return f"too few to tell: {counts} ({figure.low:{style}}–{figure.high:{style}})"
    return f"{figure.value:{style}} ({figure.low:{style}}–{figure.high:{style}}, n = {figure.n})"


def format_number(value: float | None) -> str:
    """Format a number, or that there is none."""
    return "not measured yet" if value is None else f"{value:.3f}"


def trust(as_json: Json = False) -> None:
    """Report how far to trust answers, measured on those whose correctness is known. Writes nothing."""
    with open_app() as context:
        summary = context.memory.trust.summary()
        labels = cause_families.overview(context.memory.store)
    plain = TrustOut.model_validate(summary).to_json() | {"proposed_causes": len(labels.proposed)}
    print_result(plain, as_json, lambda: print_trust(summary))
    if not as_json:
        console.print_cause_summary(labels)
