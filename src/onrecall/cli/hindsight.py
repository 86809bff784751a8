"""`onrecall hindsight`: check the way to a Hindsight bank, push every incident there, pull what is there in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import console, import_history, import_report
from onrecall.cli.arguments import Json
from onrecall.cli.options import parse_time
from onrecall.cli.output import print_json, print_result
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Invalid, NotFound
from onrecall.pipeline import hindsight
from onrecall.pipeline.hindsight import HindsightPeer, PullReport

app = typer.Typer(help="Synchronize with a Hindsight bank.", no_args_is_help=True)
NOT_SET = "no Hindsight server is configured; set ONRECALL_HINDSIGHT_URL, such as http://localhost:8888"
STORED = "stored"


@app.command()
def check(as_json: Json = False) -> None:
    """Make a call that requires the key, and report the result. Writes nothing."""
    with _open_configured() as (context, peer):
        state = hindsight.check(peer)
        waiting = context.memory.store.outbox.backlog(peer.channel.name).pending
    report = {"url": peer.bank.url, "bank": peer.bank.name, **asdict(state), "waiting": waiting}
    if as_json:
        print_json(report)
        return
    console.print_line(f"Hindsight {state.version} answers at {peer.bank.url}")
    mode = f"stores texts as {state.mode}" if state.exists else "does not exist yet; the first incident creates it"
    console.print_line(f"bank {peer.bank.name} {mode}")
    if state.mode not in (None, "chunks"):
        console.print_line(("a model rewrites the texts of this bank; set its mode to chunks", "yellow"))
    if waiting:
        console.print_line(f"{count_noun(waiting, 'incident')} waiting to be sent by `serve` or `worker`")


@app.command()
def push(as_json: Json = False) -> None:
    """Store every incident in the bank. Skips those already stored."""
    with _open_configured() as (context, peer):
        total = sum(context.memory.store.overview.statuses().values())
        with console.progress_bar("pushing", total) as advance:
            pushed = hindsight.push(context.memory, peer, advance)
    if as_json:
        print_json(asdict(pushed))
        return
    console.print_line(f"sent {pushed.sent}, unchanged {pushed.unchanged}, deleted {pushed.deleted}")


@app.command()
def pull(
    undated: Annotated[
        str | None,
        typer.Option(
            help=f"Start time for incidents that have none, or `{STORED}`: the time at which the bank stored them."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Import the incidents that the bank's documents name. Never makes up an id; a repetition changes nothing."""
    at = None if undated == STORED else parse_time(undated, "undated")
    with _open_configured() as (context, peer), console.progress_bar("pulling", None) as advance:
        pulled = hindsight.pull(context.memory, peer, advance, undated=at, stored_at=undated == STORED, dry_run=dry_run)
    print_result(pull_to_json(pulled), as_json, lambda: _print_pulled(pulled, dry_run=dry_run))


def _print_pulled(pulled: PullReport, *, dry_run: bool) -> None:
    document_count = count_noun(pulled.fetched, "document")
    console.print_line(f"{document_count}: {pulled.known_here} about incidents that are known from another source")
    if pulled.skipped:
        examples = ", ".join(pulled.examples)
        console.print_line((f"{pulled.skipped} name no incident and were skipped: {examples}", "dim"))
    import_report.print_import_report(pulled.brought, dry_run=dry_run)


def pull_to_json(pulled: PullReport) -> dict[str, Any]:
    """Return the report as JSON."""
    counts = {name: getattr(pulled, name) for name in ("fetched", "known_here", "skipped", "examples")}
    return counts | import_history.report_to_json(pulled.brought)


@contextmanager
def _open_configured() -> Iterator[tuple[AppContext, HindsightPeer]]:
    with open_app() as context:
        if context.hindsight is None:
            raise Invalid(NOT_SET, "hindsight_url")
        try:
            yield context, context.hindsight
        except NotFound as error:
            raise Invalid(f"{error}; check ONRECALL_HINDSIGHT_URL and ONRECALL_HINDSIGHT_BANK", "hindsight") from error
