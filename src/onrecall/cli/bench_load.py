"""`onrecall bench intake`, `live`, `backtest`: how fast alerts are acknowledged, listeners told, a history replayed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from onrecall.bootstrap.app import embedder, settings
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.cli.terminal import err
from onrecall.domain.errors import Invalid

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
        lambda what: err.print(f"{what} …"),
        worker,
    )
    said = asdict(report)
    if as_json:
        typer.echo(json.dumps(said, indent=2))
    else:
        _show(said)


def live(
    clients: Annotated[int, typer.Option(min=1, max=5_000, help="WebSocket clients.")] = 1_000,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="Number of changes, one after the other.")] = 10,
    postgres: Postgres = None,
    as_json: Json = False,
) -> None:
    """Measure how long a hint takes to reach every client of the live stream, and that none is lost or duplicated."""
    from onrecall.benchmarks.live import run  # noqa: PLC0415 - likewise

    report = run(clients, rounds, postgres, lambda what: err.print(f"{what} …"))
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    printing.say(
        f"{report.clients:,} clients, {report.database}, {report.processors} processors ({report.machine}), "
        f"all joined in {report.joining_seconds:.1f} s"
    )
    table = Table("round", "p50 ms", "p99 ms", "all ms")
    for number, one in enumerate(report.rounds, start=1):
        table.add_row(str(number), *(f"{value:.0f}" for value in (one.p50, one.p99, one.all)))
    printing.out.print(table)
    printing.say(
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
    with printing.stages() as progress:
        report = run(incidents, chosen, progress)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
        return
    printing.say(
        f"{report.incidents:,} incidents, vectors {report.vectors}: embedded in {report.embedding_seconds:.1f} s, "
        f"replayed in {report.replay_seconds:.1f} s; {report.processor_seconds:.1f} s of processor time"
    )
    printing.say(
        f"{report.processors} processors ({report.machine}), machine's load {report.load[0]:.1f}–{report.load[1]:.1f}"
    )


def _show(report: dict[str, Any]) -> None:
    load = report["load"]
    printing.say(
        f"{load['alerts']:,} alerts/s in batches of {load['batch']} and {load['singles']} single events/s for "
        f"{load['seconds']:g} s, on {report['processors']} processors ({report['machine']}); "
        f"meanwhile {load['held_polls']} requests are held and {load['live_clients']} clients listen"
    )
    table = Table("", *(one["name"] for one in report["results"]))
    for what, shown in ROWS.items():
        table.add_row(what, *(shown(one) for one in report["results"]))
    printing.out.print(table)


def _times(kind: str) -> Callable[[dict[str, Any]], str]:
    return lambda one: " / ".join(f"{one[kind][at]:.1f}" for at in ("p50", "p99", "most"))


def _count(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda one: "–" if one[name] is None else f"{one[name]:,}"


ROWS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "batches, p50 / p99 / most ms": _times("batches"),
    "singles, p50 / p99 / most ms": _times("singles"),
    "p99 to the bare endpoint's": lambda one: f"{one['to_bare']:.1f}×",
    "alerts sent": _count("sent"),
    "acknowledged": _count("acknowledged"),
    "stored": _count("stored"),
    "lost": _count("lost"),
    "double": _count("double"),
    "refused, then sent again": _count("refused"),
    "all grouped after, s": lambda one: "–" if one["grouped_seconds"] is None else f"{one['grouped_seconds']:.1f}",
    "incidents": _count("incidents"),
    "server's CPU ms per alert": lambda one: f"{one['cpu_ms']:.2f}",
    "machine's load": lambda one: "–".join(f"{load:.1f}" for load in one["load"]),
}
