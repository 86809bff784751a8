"""`onrecall bench`: measurements that everybody can repeat."""

from pathlib import Path
from typing import Annotated

import typer

from onrecall.cli import bench_capacity, bench_checks, bench_load, bench_prior, bench_scoreboard, bench_tables
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result

app = typer.Typer(help="Run the benchmarks.", no_args_is_help=True)
for command in (
    bench_load.intake,
    bench_load.live,
    bench_load.backtest,
    bench_capacity.capacity,
    bench_checks.checks,
    bench_prior.tasks,
    bench_prior.prior,
    bench_prior.ranker,
):
    app.command(name=command.__name__)(command)
app.command(name="all")(bench_scoreboard.scoreboard)


@app.command(name="recall")
def bench_recall(
    folder: Annotated[
        Path, typer.Argument(help="A task in BEIR format: corpus.jsonl, queries.jsonl, qrels.jsonl.", metavar="DIR")
    ],
    corpus: Annotated[Path | None, typer.Option(help="Take the corpus from this task's folder instead.")] = None,
    as_json: Json = False,
) -> None:
    """Measure recall on a task, compared with BM25, MiniLM and their rank fusion."""
    from onrecall.cli import bench_recall as benching  # noqa: PLC0415 - other benchmarks need not pay

    report = benching.run_recall(folder, corpus)
    print_result(report, as_json, lambda: bench_tables.print_recall_benchmark(report))


@app.command(name="speed")
def bench_speed(
    sizes: Annotated[str, typer.Option(help="Numbers of passages, separated by commas.")] = "10000,100000",
    peers: Annotated[
        str, typer.Option(help="Engines to compare with: chroma, fts5, pgvector, opensearch; separated by commas.")
    ] = "chroma",
    drawn: Annotated[Path | None, typer.Option("--picture", help="Write a chart (SVG) to this file.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the built indexes in this folder, and reuse those already there.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables into this page after each engine.")
    ] = None,
    series_seconds: Annotated[
        float, typer.Option(min=1, help="Time limit of one series of questions; a slow engine gets fewer questions.")
    ] = 60,
    peer_build_seconds: Annotated[
        float, typer.Option(min=0, help="Time limit for building; a slower peer is stopped, and the tables say so.")
    ] = 1_800,
    opensearch: Annotated[
        str, typer.Option(help="Base URL of an OpenSearch node that is used for nothing else, for that engine.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Measure speed on a generated history, compared with other engines. Requires `make bench-setup`."""
    from onrecall.benchmarks.speed import SpeedPlan  # noqa: PLC0415 - other benchmarks need not pay
    from onrecall.cli import bench_recall as benching  # noqa: PLC0415 - likewise

    plan = SpeedPlan(asking_seconds=series_seconds, peer_build_seconds=peer_build_seconds, cluster=opensearch)
    report = benching.run_speed(sizes, peers, plan, keep, page, drawn)
    print_result(report, as_json, lambda: bench_tables.print_speed_benchmark(report))
