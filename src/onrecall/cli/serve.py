"""`onrecall serve` and `onrecall demo`: the HTTP API and the console."""

from typing import Annotated

import typer
import uvicorn

from onrecall.bootstrap.admin_key import store_admin_key
from onrecall.bootstrap.app import settings
from onrecall.bootstrap.team_apps import open_apps
from onrecall.cli import console
from onrecall.cli import demo as demonstration
from onrecall.http import server
from onrecall.pipeline.keys import Keys
from onrecall.worker.worker import WorkerHandle


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = None,
) -> None:
    """Serve the HTTP API and the console, and answer incidents as they open."""
    chosen = settings()
    with open_apps(chosen) as contexts:
        for context in contexts:
            store_admin_key(context.settings, Keys(context.memory.store, context.memory.now))
        with console.reported_interrupt():
            own, *teams = contexts
            server.serve(own, host or chosen.host, chosen.port if port is None else port, _print_address, teams=teams)


def _print_address(_server: uvicorn.Server, _worker: WorkerHandle, address: str) -> None:
    console.print_line("OnRecall listens on ", (address, "bold"), "  (press Ctrl-C to stop)")


def demo(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Play the scenario without pauses.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Exit when the scenario ends.")] = False,
) -> None:
    """Serve the example history and play a live scenario, in which incidents are answered and resolved."""
    chosen = settings()
    demonstration.run_demo(chosen, host or chosen.host, chosen.port if port is None else port, fast=fast, once=once)
