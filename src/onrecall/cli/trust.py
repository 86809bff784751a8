"""Trust on a terminal: each figure with what it rests on, and the reason where there is none."""

from onrecall.backtest.learning_curve import LearningCurve
from onrecall.bootstrap.app import open_app
from onrecall.calibration.metrics import Estimate
from onrecall.calibration.trust_summary import TrustSummary
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.console import say
from onrecall.cli.output import print_result
from onrecall.pipeline import cause_families
from onrecall.schemas.trust import TrustOut

PARTS_SHOWN = 12


def standing(found: TrustSummary) -> None:
    """How far this memory can be trusted."""
    said, replayed = found.basis["outcomes"], found.basis["backtest"]
    say(f"{found.judged} answers with known truth: {said} judged on live answers, {replayed} replayed from history")
    say(("right cause when one was named  ", "dim"), shown(found.right))
    say(("answers that named a cause      ", "dim"), shown(found.coverage))
    for k, rate in ((1, found.hits.hit_at_1), (3, found.hits.hit_at_3), (5, found.hits.hit_at_5)):
        say((f"hit@{k}, where there was one       ", "dim"), shown(rate))
    if found.quality is not None:
        good = found.quality
        by_chance = f"  (by chance {number(good.ece_by_chance)})"
        say(("calibration error (ECE)         ", "dim"), number(good.ece), by_chance)
        against = (
            f"{number(good.brier_base_then)} by the share right until then, {number(good.brier_base)} by that of all"
        )
        say(("Brier, against the base rate    ", "dim"), f"{number(good.brier)} against {against}")
        say(("confident (≥ 0.7) and wrong     ", "dim"), shown(good.confident_wrong))
    say(("told new from known (AUROC)     ", "dim"), shown(found.novelty.auroc, percent=False))
    say(("new, but answered as seen       ", "dim"), shown(found.novelty.false_recall))
    if found.levels:
        say(("\nlevels of confidence", "bold"))
    for level in found.levels:
        low, high = level.interval
        say(f"{level.probability:.2f}  right {level.right} of {level.of}  ({low:.0%}–{high:.0%})", indent=2)
    _by_origin(found)
    if found.learning:
        _learning(found.learning)
    for title, parts in (("by service", found.by_service), ("by month", found.by_month)):
        if parts:
            say((f"\n{title}", "bold"))
        for part in parts[:PARTS_SHOWN]:
            say(f"{part.name:<24}{shown(part.right)}", indent=2)
    for figure, reason in found.not_measured.items():
        say((f"{figure}: {reason}", "yellow"))


def _by_origin(found: TrustSummary) -> None:
    """How often the answer was right where its cause was taken over, beside where a person wrote one."""
    for part in found.by_origin:
        words = "right, cause taken over" if part.name == "taken_over" else "right, cause written anew"
        say((f"{words:<32}", "dim"), shown(part.right))


def _learning(found: LearningCurve) -> None:
    """Hit@1 of memories that stopped learning, beside the one that went on."""
    say(("\nlearning: hit@1 on the same later openings", "bold"))
    for point in found.points:
        stopped = f"stopped after {point.after} {found.unit}" if point.after is not None else "never stopped"
        say(f"{stopped:<32}{shown(point.hit_at_1)}", indent=2)


def shown(figure: Estimate, *, percent: bool = True) -> str:
    """A figure with its interval and its cases."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "not measured yet"
    style = ".0%" if percent else ".2f"
    return f"{figure.value:{style}} ({figure.low:{style}}–{figure.high:{style}}, n = {figure.n})"


def number(value: float | None) -> str:
    """A bare figure, or that there is none."""
    return "not measured yet" if value is None else f"{value:.3f}"


def trust(as_json: Json = False) -> None:
    """Say how far to trust it, as measured on the answers whose truth is known. Nothing is written."""
    with open_app() as home:
        found = home.memory.trust.standing()
        labels = cause_families.overview(home.memory.store)
    plain = TrustOut.model_validate(found).plain() | {"proposed_causes": len(labels.proposed)}
    print_result(plain, as_json, lambda: standing(found))
    if not as_json:
        printing.cause_labels(labels)
