"""The figures of benchmarks of retrieval as tables on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from onrecall.cli.console import out, print_line


def print_recall_benchmark(report: Mapping[str, Any]) -> None:
    """Print the table of a recall benchmark."""
    table = Table(title=f"{report['task']}: {report['queries']} queries, {report['documents']} documents")
    for column in ("system", "nDCG@10", "95 %", "recall@1", "recall@3", "recall@10", "MRR"):
        table.add_column(column, justify="left" if column == "system" else "right")
    for system in report["systems"]:
        values = (system["recall_at_1"], system["recall_at_3"], system["recall_at_10"], system["mrr"])
        table.add_row(
            system["name"],
            f"{system['ndcg_at_10']:.3f}",
            f"{system['low']:.3f}–{system['high']:.3f}",
            *(f"{v:.3f}" for v in values),
        )
    out.print(table)
    for test in report["tests"]:
        difference = f"{test['difference']:+.3f} ({test['low']:+.3f} to {test['high']:+.3f})"
        print_line(f"{test['better']} against {test['than']}: {difference} nDCG@10, p = {test['p']:.4f}", indent=2)
    if report["answers"]:
        _print_answer_figures(report["answers"], report["novelty"])


def _print_answer_figures(answers: Mapping[str, Any], novelty: Mapping[str, float | None]) -> None:
    """Print the figures of first answers."""
    figures = {name: "not measured" if value is None else f"{value:.3f}" for name, value in answers.items()}
    others = ", ".join(f"{name} {value:.3f}" for name, value in novelty.items() if value is not None)
    print_line(
        f"first answer right {figures['right']}; its probability: AUROC {figures['auroc']}, ECE {figures['ece']}",
        indent=2,
    )
    print_line(
        f"known {figures['known']}, of these right {figures['known_right']}; right but missed {figures['missed']}",
        indent=2,
    )
    print_line(
        f"right ones taken out: still known {figures['removed_known']}, similar or known {figures['removed_similar']}; "
        f"AUROC by match {figures['novelty_by_match']}, by probability {figures['novelty_by_probability']} ({others})",
        indent=2,
    )


def print_speed_benchmark(report: Mapping[str, Any]) -> None:
    """Print the tables of a speed benchmark."""
    title = f"{report['machine']}, {report['processors']} processors, {report['questions']} questions"
    questions = Table("engine", "passages", "asked of", "p50 ms", "p95 ms", "p99 ms", "cpu ms", "hit@10", title=title)
    storage = Table("engine", "passages", "build s", "cold ms", "start ms", "memory MB", "disk MB", "adds/s", "load")
    for result in report["results"]:
        name = (result["engine"], f"{result['passages']:,}")
        for row in result["series"]:
            times = (f"{row[column]:.0f}" for column in ("p50", "p95", "p99", "cpu"))
            questions.add_row(*name, row["mode"], *times, f"{row['hit_at_10']:.3f}")
        measured = (
            result[column] for column in ("build_s", "cold_ms", "start_ms", "memory_mb", "disk_mb", "singles_per_s")
        )
        load = "–".join(f"{value:.0f}" for value in result["load"]) if result["complete"] else "stopped"
        storage.add_row(*name, *("" if value is None else f"{value:.0f}" for value in measured), load)
    out.print(questions)
    out.print(storage)
