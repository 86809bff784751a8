"""`onrecall bench tasks` and `bench prior`: tasks made from public text, and the prior that is fitted on them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from onrecall.bootstrap.app import embedder, settings
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_json, print_result
from onrecall.domain.errors import Invalid

if TYPE_CHECKING:
    from onrecall.benchmarks.task_pairs import PublicTask

PublicText = Annotated[
    Path, typer.Argument(help="Public text: runbooks*/, postmortems*/, history*.jsonl, folders in BEIR format.")
]


def tasks(
    folder: PublicText,
    into: Annotated[Path, typer.Argument(help="Output folder; each task becomes a folder in BEIR format.")],
    as_json: Json = False,
) -> None:
    """Make retrieval tasks from public text and the example history."""
    from onrecall.benchmarks.public_tasks import read_tasks, write_task  # noqa: PLC0415 - other commands need not pay

    public_tasks = read_tasks(folder)
    for public in public_tasks:
        write_task(public.task, into)
    rows = [_describe(public) for public in public_tasks]
    print_result(rows, as_json, lambda: _print_tasks(rows))


def _describe(public: "PublicTask") -> dict[str, object]:
    return {
        "name": public.name,
        "kind": public.kind,
        "source": public.source,
        "questions": len(public.task.queries),
        "documents": len(public.task.corpus),
    }


def _print_tasks(rows: Sequence[Mapping[str, object]]) -> None:
    table = Table("task", "kind of question", "source", "questions", "documents")
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.out.print(table)


def prior(
    folder: PublicText,
    out: Annotated[Path | None, typer.Option(help="Write the fitted prior to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Fit the shipped prior on public tasks; its figures are for tasks, and sources, left out of the fit."""
    from onrecall.benchmarks import prior as fitting  # noqa: PLC0415 - likewise
    from onrecall.calibration.prior import to_json  # noqa: PLC0415

    model = embedder(settings())
    if model is None:
        raise Invalid("the prior is fitted with a sentence model; install one or set ONRECALL_MODEL_DIR", "model_dir")
    with console.stage_progress() as progress:
        fitted, reports = fitting.run(folder, model, progress)
    if out is not None:
        out.write_text(to_json(fitted), encoding="utf-8")
    figures = {name: asdict(report) for name, report in reports.items()}
    print_result(figures, as_json, lambda: _print_reports(figures))


def _print_reports(figures: Mapping[str, Mapping[str, Any]]) -> None:
    for name, report in figures.items():
        _print_report(name.replace("_", " "), report)


def _print_report(name: str, report: Mapping[str, Any]) -> None:
    for left_out in ("leave_one_task_out", "leave_one_source_out"):
        columns = ("questions", "n", "first is right", "AUROC", "Brier", "of the base rate", "ECE")
        table = Table(*columns, title=f"{name}, {left_out.replace('_', ' ')}")
        for row in report[left_out]:
            values = (row[column] for column in ("right", "auroc", "brier", "brier_base", "ece"))
            table.add_row(
                row["answers"], str(row["n"]), *("–" if figure is None else f"{figure:.3f}" for figure in values)
            )
        console.out.print(table)
    table = Table("task", "kind", "questions", "first is right", "probability", "right ones removed", "Brier")
    for row in report["tasks"]:
        figures = (row["right"], row["probability"], row["probability_removed"], row["brier"])
        table.add_row(row["name"], row["kind"], str(row["questions"]), *(f"{figure:.2f}" for figure in figures))
    console.out.print(table)
    _show_thresholds(report["thresholds"])
    matched, novel = report["match_auroc"], report["novelty_auroc"]
    console.print_line(
        f"AUROC of the match score, as asked: {matched:.3f}; novelty AUROC of the probability: {novel:.3f}"
    )


def _show_thresholds(chosen: Mapping[str, Any]) -> None:
    columns = ("known from", "known", "right", "95 % interval", "right, source left out", "right ones removed")
    table = Table(*columns, title="where known could begin")
    for number, step in enumerate(chosen["steps"]):
        if number % 5 and step["probability"] != chosen["sure"]:
            continue
        span = f"{step['low']:.3f} to {step['high']:.3f}"
        figures = (f"{step[name]:.3f}" for name in ("right_source_out", "removed"))
        table.add_row(f"{step['probability']:.2f}", f"{step['share']:.3f}", f"{step['right']:.3f}", span, *figures)
    console.out.print(table)
    similar = chosen["similar"]
    limits = ", ".join(f"{name} {similar[name]:.2f}" for name in ("doubtful", "near", "likely"))
    console.print_line(f"chosen: sure {chosen['sure'] or '–'}, {limits}")
    rates = ", ".join(f"{name} {similar[name]:.3f}" for name in ("missed", "removed", "foreign"))
    console.print_line(f"with these as similar or known: {rates}", indent=2)


def ranker(folder: PublicText, as_json: Json = False) -> None:
    """Fit the weights of the ranker on public tasks; each task is measured with weights fitted without it."""
    from onrecall.benchmarks.ranker import run  # noqa: PLC0415 - likewise

    with console.stage_progress() as progress:
        report = run(folder, embedder(settings()), progress)
    if as_json:
        print_json(asdict(report))
        return
    table = Table("task", "kind", "questions", "by match", "task left out", "source left out", "shipped")
    for row in (*report.tasks, report.macro):
        figures = (row.by_match, row.left_task_out, row.left_source_out, row.shipped)
        table.add_row(row.name, row.kind, str(row.questions), *(f"{figure:.3f}" for figure in figures))
    console.out.print(table)
    console.print_line(f"all tasks together choose {report.chosen}")
    for test in report.tests:
        span = f"{test.difference:+.4f} ({test.low:+.4f} to {test.high:+.4f})"
        console.print_line(f"{test.better} against the order of the match: {span} nDCG@10, p = {test.p:.4f}", indent=2)
