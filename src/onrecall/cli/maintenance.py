"""`onrecall maintenance` and `onrecall heartbeats`: what is expected to be broken, and what is expected to be heard."""

from datetime import datetime
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import By, Json
from onrecall.cli.options import Labels, parse_end, parse_labels, parse_time
from onrecall.cli.output import print_json, print_result
from onrecall.domain.maintenance import MaintenanceWindow
from onrecall.pipeline.maintenance import MaintenanceRequest
from onrecall.schemas.maintenance import HeartbeatOut, MaintenanceOut

app = typer.Typer(
    help="Manage maintenance windows, during which matching alerts open no incident.", no_args_is_help=True
)
heartbeats = typer.Typer(help="Manage heartbeats, whose absence raises an alert.", no_args_is_help=True)
COLOUR = {"active": "green", "scheduled": "yellow", "over": "dim"}
From = Annotated[str | None, typer.Option("--from", help="Start time with a time zone; by default now.")]
Until = Annotated[str, typer.Option(help="End: a time with a zone, or a span from the start such as 2h.")]


@app.command()
def add(
    until: Until,
    service: Annotated[str | None, typer.Option(help="The service under maintenance.")] = None,
    label: Labels = None,
    starts_at: From = None,
    reason: Annotated[str, typer.Option(help="Reason for the maintenance.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add a window for a service, labels or both; matching alerts open no incident while it is active."""
    with open_app() as context:
        start = parse_time(starts_at, "from") or context.memory.now()
        ends_at = parse_end(until, "until", start)
        request = MaintenanceRequest(ends_at, start, service, parse_labels(label), reason, by)
        _print_or_json(context.memory.maintenance.add(request), context.memory.now(), as_json=as_json)


@app.command(name="list")
def list_(
    past: Annotated[bool, typer.Option("--past", help="Include past windows.")] = False,
    as_json: Json = False,
) -> None:
    """List active and upcoming windows, the last to end first."""
    with open_app() as context:
        windows, now = context.memory.maintenance.list(500, past=past), context.memory.now()
    if as_json:
        items = [MaintenanceOut.of(window, now).to_json() for window in windows]
        print_json({"items": items})
        return
    for window in windows:
        _print_window(window, now)
    if not windows:
        console.print_line("no maintenance window is active or planned")


@app.command()
def end(
    window_id: Annotated[str, typer.Argument(help="The window.", metavar="ID")], by: By = None, as_json: Json = False
) -> None:
    """End a window now; its alerts that still fire open incidents."""
    with open_app() as context:
        _print_or_json(context.memory.maintenance.end(window_id, by), context.memory.now(), as_json=as_json)


@heartbeats.command(name="list")
def list_heartbeats(as_json: Json = False) -> None:
    """List heartbeats, when each arrived last, and how long it may be absent."""
    with open_app() as context:
        items = [
            HeartbeatOut.of(heartbeat, context.memory.ingester.switch)
            for heartbeat in context.memory.store.heartbeats.all()
        ]
    if as_json:
        print_json({"items": [item.to_json() for item in items]})
        return
    for item in items:
        _print_heartbeat(item)
    if not items:
        console.print_line("no heartbeat has arrived; send Prometheus' Watchdog here (docs/sources.md)")


@heartbeats.command()
def forget(
    source: Annotated[str, typer.Argument(help="Its source, such as alertmanager.")],
    key: Annotated[str, typer.Argument(help="Its key, as shown by `heartbeats list`.")],
    as_json: Json = False,
) -> None:
    """Stop expecting a heartbeat until it arrives again; resolves the alert about its absence."""
    with open_app() as context:
        heartbeat = context.memory.ingester.switch.forget(source, key)
        forgotten = HeartbeatOut.of(heartbeat, context.memory.ingester.switch).to_json()
    message = f"{heartbeat.title} of {heartbeat.source} is no longer expected"
    print_result(forgotten, as_json, lambda: console.print_line(message))


def _print_or_json(window: MaintenanceWindow, now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json(MaintenanceOut.of(window, now).to_json())
    else:
        _print_window(window, now)


def _print_window(window: MaintenanceWindow, now: datetime) -> None:
    state = window.state(now)
    times = f"{window.starts_at:%Y-%m-%d %H:%M} to {window.ends_at:%Y-%m-%d %H:%M} UTC"
    console.print_line(
        f"{window.id}  ", (f"{state:<10}", COLOUR[state]), window.scope, (f"  {times}  {window.reason}", "dim")
    )


def _print_heartbeat(heartbeat: HeartbeatOut) -> None:
    state = ("missing", "red") if heartbeat.missing_since else ("there", "green")
    patience = "never missed" if heartbeat.patience_seconds is None else f"missed after {heartbeat.patience_seconds} s"
    console.print_line(
        state,
        f"  {heartbeat.source}  {heartbeat.title}  ",
        (f"{heartbeat.key}  last {heartbeat.last_at:%Y-%m-%d %H:%M:%S} UTC, {patience}", "dim"),
    )
