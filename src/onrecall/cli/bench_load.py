"""`onrecall bench intake`, `live`, `backtest`: how fast alerts are acknowledged, listeners told, a history replayed."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Table

from onrecall.bootstrap.app import embedder, settings
from onrecall.cli import console
from onrecall.cli.arguments import Json
from onrecall.cli.output import print_result
from onrecall.cli.terminal import err
from onrecall.domain.errors import Invalid

if TYPE_CHECKING:
    from onrecall.benchmarks.backtest import BacktestRun
    from onrecall.benchmarks.live import LiveReport

Seconds = Annotated[float, typer.Option(min=1, max=3600, help="Duration in seconds.")]
Alerts = Annotated[int, typer.Option(min=2, max=100_000, help="Alerts per second, in batches.")]
Batch = Annotated[int, typer.Option(min=2, max=1000, help="Alerts per notification.")]
Singles = Annotated[int, typer.Option(min=1, max=10_000, help="Single events per second, in addition.")]
Postgres = Annotated[str | None, typer.Option(help="URL of an empty database, to measure PostgreSQL as well.")]


def intake(
    seconds: Seconds = 60,
    alerts: Alerts = 1_000,
    batch: Batch = 25,
    singles: Singles = 100,
    held_polls: Annotated[
        int, typer.Option(min=0, max=5_000, help="Requests that wait for an answer during the run.")
    ] = 0,
    live_clients: Annotated[int, typer.Option(min=0, max=5_000, help="Clients of the live stream during the run.")] = 0,
    postgres: Postgres = None,
    worker: Annotated[Literal["thread", "process"], typer.Option(help="Where the server's worker runs.")] = "process",
    as_json: Json = False,
) -> None:
    """Measure how fast alerts are acknowledged, and that none is lost or duplicated, next to a bare endpoint."""
    from onrecall.benchmarks.intake import run  # noqa: PLC0415 - what it loads other commands need not pay for
    from onrecall.benchmarks.load_generator import Load  # noqa: PLC0415

    report = run(
        Load(seconds, alerts, batch, singles, held_polls, live_clients),
        postgres,
        lambda stage: err.print(f"{stage} …"),
        worker,
    )
    result = asdict(report)
    print_result(result, as_json, lambda: _print_report(result))


def live(
    clients: Annotated[int, typer.Option(min=1, max=5_000, help="WebSocket clients.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="Number of changes, one after the other.")] = 10,
    postgres: Postgres = None,
    as_json: Json = False,
) -> None:
    """Measure how long a hint takes to reach every client of the live stream, and that none is lost or duplicated."""
    from onrecall.benchmarks.live import run  # noqa: PLC0415 - likewise

    report = run(clients, rounds, postgres, lambda stage: err.print(f"{stage} …"))
    print_result(asdict(report), as_json, lambda: _print_live(report))


def _print_live(report: "LiveReport") -> None:
    console.print_line(
        f"{report.clients:,} clients, {report.database}, {report.processors} processors ({report.machine}), "
        f"all joined in {report.joining_seconds:.1f} s"
    )
    table = Table("round", "p50 ms", "p99 ms", "all ms")
    for number, measured in enumerate(report.rounds, start=1):
        table.add_row(str(number), *(f"{value:.0f}" for value in (measured.p50, measured.p99, measured.all)))
    console.out.print(table)
    console.print_line(
        f"all within {report.slowest_ms:.0f} ms in the slowest round, {report.lost} lost, {report.double} double, "
        f"machine's load {report.load[0]:.1f}–{report.load[1]:.1f}"
    )


def backtest(
    incidents: Annotated[int, typer.Option(min=1, max=100_000, help="Number of generated incidents.")] = 10_000,
    model: Annotated[
        bool, typer.Option("--model", help="Use the sentence model; its vectors are cached for the next run.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure a backtest; by default, vectors are drawn by word, so that only the replay is measured."""
    from onrecall.benchmarks.backtest import RandomWordVectors, run  # noqa: PLC0415 - likewise

    chosen = embedder(settings()) if model else RandomWordVectors()
    if chosen is None:
        raise Invalid("no sentence model is in use; omit --model, or set one up", "model")
    with console.stage_progress() as progress:
        report = run(incidents, chosen, progress)
    print_result(asdict(report), as_json, lambda: _print_backtest(report))


def _print_backtest(report: "BacktestRun") -> None:
    console.print_line(
        f"{report.incidents:,} incidents, vectors {report.vectors}: embedded in {report.embedding_seconds:.1f} s, "
        f"replayed in {report.replay_seconds:.1f} s; {report.processor_seconds:.1f} s of processor time"
    )
    console.print_line(
        f"{report.processors} processors ({report.machine}), machine's load {report.load[0]:.1f}–{report.load[1]:.1f}"
    )


def _print_report(report: dict[str, Any]) -> None:
    load = report["load"]
    console.print_line(
        f"{load['alerts']:,} alerts/s in batches of {load['batch']} and {load['singles']} single events/s for "
        f"{load['seconds']:g} s, on {report['processors']} processors ({report['machine']}); "
        f"meanwhile {load['held_polls']} requests are held and {load['live_clients']} clients listen"
    )
    table = Table("", *(result["name"] for result in report["results"]))
    for label, format_value in ROWS.items():
        table.add_row(label, *(format_value(result) for result in report["results"]))
    console.out.print(table)


def _format_times(kind: str) -> Callable[[dict[str, Any]], str]:
    return lambda result: " / ".join(f"{result[kind][at]:.1f}" for at in ("p50", "p99", "most"))


def _format_count(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda result: "–" if result[name] is None else f"{result[name]:,}"


ROWS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "batches, p50 / p99 / most ms": _format_times("batches"),
    "singles, p50 / p99 / most ms": _format_times("singles"),
    "p99 to the bare endpoint's": lambda result: f"{result['to_bare']:.1f}×",
    "alerts sent": _format_count("sent"),
    "acknowledged": _format_count("acknowledged"),
    "stored": _format_count("stored"),
    "lost": _format_count("lost"),
    "double": _format_count("double"),
    "refused, then sent again": _format_count("refused"),
    "all grouped after, s": lambda result: (
        "–" if result["grouped_seconds"] is None else f"{result['grouped_seconds']:.1f}"
    ),
    "incidents": _format_count("incidents"),
    "server's CPU ms per alert": lambda result: f"{result['cpu_ms']:.2f}",
    "machine's load": lambda result: "–".join(f"{load:.1f}" for load in result["load"]),
}
