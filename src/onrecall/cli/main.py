"""The command line. Every command that prints takes `--json`; exit codes are in `exit_codes`."""

import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from onrecall import __version__
from onrecall.bootstrap.app import house, settings
from onrecall.bootstrap.sources import trust_warnings
from onrecall.bootstrap.status import StatusReport, unopened
from onrecall.cli import audit as auditing
from onrecall.cli import backup as backing_up
from onrecall.cli import bench_load as loading
from onrecall.cli import (
    bench_prior,
    bench_scoreboard,
    causes,
    examples,
    hindsight,
    keys,
    maintenance,
    sources,
    suggestions,
)
from onrecall.cli import console as printing
from onrecall.cli import deliveries as delivering
from onrecall.cli import import_history as importing
from onrecall.cli import incidents as storming
from onrecall.cli import mcp as assisting
from onrecall.cli import recurrences as recurring
from onrecall.cli import redact as redacting
from onrecall.cli import reindex as reindexing
from onrecall.cli import rejected as rejecting
from onrecall.cli import risk as assessing
from onrecall.cli import trust as trusting
from onrecall.cli import usage as using
from onrecall.cli.arguments import Json, text_of
from onrecall.cli.exit_codes import run
from onrecall.cli.options import (
    AsOf,
    Labels,
    Limit,
    OnlyKind,
    OnlyService,
    Service,
    Text,
    labels_of,
    situation_from,
    time_of,
)
from onrecall.cli.terminal import complain
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident, Resolution, ResolutionStep, Severity
from onrecall.export import archive
from onrecall.kafka import command as streaming
from onrecall.pipeline import cause_families
from onrecall.pipeline import recurrences as families
from onrecall.schemas.incidents import IncidentOut, RecallOut, RecommendationOut
from onrecall.schemas.recurrences import RecurrencesOut
from onrecall.schemas.trust import TrustOut
from onrecall.settings import Settings

app = typer.Typer(
    name="onrecall",
    help="The incident memory for people on call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
bench = typer.Typer(help="Run the benchmarks.", no_args_is_help=True)
for command in (
    loading.intake,
    loading.live,
    loading.backtest,
    bench_prior.tasks,
    bench_prior.prior,
    bench_prior.ranker,
):
    bench.command(name=command.__name__)(command)
bench.command(name="all")(bench_scoreboard.scoreboard)
app.add_typer(bench, name="bench")
app.add_typer(keys.app, name="keys")
app.add_typer(rejecting.app, name="rejected")
app.add_typer(sources.app, name="sources")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(maintenance.heartbeats, name="heartbeats")
app.add_typer(delivering.app, name="deliveries")
app.add_typer(auditing.app, name="audit")
app.add_typer(suggestions.app, name="suggestions")
app.add_typer(examples.app, name="examples")
app.add_typer(hindsight.app, name="hindsight")
app.add_typer(causes.app, name="causes")


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"onrecall {__version__}")
        raise typer.Exit


@app.command()
def ask(
    text: Text,
    service: Service = None,
    label: Labels = None,
    only_kind: OnlyKind = None,
    only_service: OnlyService = None,
    as_of: AsOf = None,
    limit: Limit = 5,
    refine: Annotated[bool, typer.Option("--refine", help="Wait for a model to refine it.")] = False,
    as_json: Json = False,
) -> None:
    """Find what broke like this before and what fixed it, with citations. Writes nothing."""
    with house() as home:
        asked = situation_from(text, service, label, only_kind, only_service, as_of)
        pending = home.memory.opinions.ask(asked)
        answer = home.memory.ask(asked, limit, refine=refine)
        opinion = pending.result(answer.evidence)
    said = RecommendationOut.model_validate(answer).beside(opinion)
    _say(said.plain(), as_json, lambda: printing.recommendation(answer, opinion))


@app.command()
def recall(
    text: Text,
    service: Service = None,
    label: Labels = None,
    only_kind: OnlyKind = None,
    only_service: OnlyService = None,
    as_of: AsOf = None,
    limit: Limit = 5,
    as_json: Json = False,
) -> None:
    """Find the most similar earlier incidents and documents, and why they match. Writes nothing."""
    with house() as home:
        asked = situation_from(text, service, label, only_kind, only_service, as_of)
        pending = home.memory.opinions.ask(asked)
        found = home.memory.recall(asked, limit)
        said = RecallOut.model_validate({"evidence": found, "second_opinion": pending.result(found)})
    _say(said.plain(), as_json, lambda: printing.evidence(found))


@app.command(name="open")
def open_incident(
    title: Annotated[str, typer.Argument(help="What is happening, in one line.")],
    description: Annotated[str, typer.Option(help="Details: symptoms, log lines; - reads standard input.")] = "",
    incident_id: Annotated[str, typer.Option("--id", help="Your own id; by default the next free one.")] = "",
    service: Service = None,
    severity: Annotated[Severity, typer.Option(help="Severity.")] = "unknown",
    label: Labels = None,
    started_at: Annotated[str | None, typer.Option(help="Start time with a time zone; by default now.")] = None,
    as_json: Json = False,
) -> None:
    """Open an incident, answer it, and store both."""
    with house() as home:
        incident, created = home.memory.open(
            Incident(
                id=incident_id,
                title=title,
                description=text_of(description) if description else "",
                service=service,
                severity=severity,
                labels=labels_of(label),
                started_at=time_of(started_at, "started-at") or home.memory.now(),
            ),
            dated=started_at is not None,
        )
        answer = home.memory.recommend(incident.id)
    said = {"incident": IncidentOut.model_validate(incident).plain(), "created": created}
    said["recommendation"] = RecommendationOut.model_validate(answer).plain()
    _say(said, as_json, lambda: printing.opened(incident, created, answer))


@app.command()
def show(
    thing_id: Annotated[str, typer.Argument(help="The id of an incident or a document.", metavar="ID")],
    line: Annotated[int | None, typer.Option(help="Highlight this line, as named by a citation.")] = None,
    as_json: Json = False,
) -> None:
    """Show an incident or a document with the line numbers that citations use."""
    with house() as home:
        thing = home.memory.thing(thing_id)
        links = home.memory.alert_links(thing.id) if isinstance(thing, Incident) else ()
        _say(printing.as_json(thing, links), as_json, lambda: printing.page_of(thing, line, links))


@app.command()
def resolve(
    incident_id: Annotated[str, typer.Argument(help="The incident.", metavar="ID")],
    root_cause: Annotated[str | None, typer.Option(help="What was wrong.")] = None,
    cause: Annotated[str | None, typer.Option(help="A short label, such as connection-pool-exhaustion.")] = None,
    step: Annotated[list[str] | None, typer.Option(help="What worked, in order; may be repeated.")] = None,
    failed: Annotated[list[str] | None, typer.Option(help="What did not help; may be repeated.")] = None,
    worse: Annotated[list[str] | None, typer.Option(help="What made it worse; may be repeated.")] = None,
    summary: Annotated[str | None, typer.Option(help="A summary in one sentence.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="JSON file with the resolution, in the format of the HTTP API.")
    ] = None,
    recurrence_of: Annotated[str | None, typer.Option(help="The earlier incident that this one repeats.")] = None,
    by: Annotated[str | None, typer.Option(help="Name of the person.")] = None,
    as_json: Json = False,
) -> None:
    """Resolve an incident with what fixed it; recall uses it at once. A later resolution is a new version."""
    with house() as home:
        if file is not None:
            said = importing.resolution(file)
            recurrence_of = recurrence_of or said.recurrence_of
            resolution = said.noun(home.memory.now())
        else:
            resolution = _resolution(root_cause, cause, summary, by, home.memory.now(), step, failed, worse)
        incident = home.memory.resolve(incident_id, resolution, recurrence_of)
    _say(IncidentOut.model_validate(incident).plain(), as_json, lambda: printing.resolved(incident))


@app.command(name="import")
def bring(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders (JSON, JSONL, CSV, Markdown), an export, chroma:FOLDER[#collection]."),
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Import the example history.")] = False,
    form: Annotated[str | None, typer.Option("--format", help="Force a format instead of detecting it.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="YAML or JSON file: our field to their column.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of times without one, such as Europe/Berlin.")] = None,
    undated: Annotated[str | None, typer.Option(help="Start time for incidents that have none.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the files, such as shift_jis.")] = None,
    suggest_mapping: Annotated[
        bool, typer.Option("--suggest-mapping", help="Write a mapping file for one file, and import nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Import earlier incidents and documents. Lists bad records and imports the rest; a repetition changes nothing."""
    source = importing.Source(
        tuple(paths or ()), example, form, mapping, timezone, time_of(undated, "undated"), encoding
    )
    if suggest_mapping:
        suggested = importing.suggest_mapping(source)
        _say(importing.mapping_as_json(suggested), as_json, lambda: printing.mapping_file(suggested))
        return
    with house() as home:
        brought = importing.run(home.memory, source, dry_run=dry_run)
    _say(importing.as_json(brought), as_json, lambda: printing.brought(brought, dry_run=dry_run))
    if brought.rejected and not (brought.created or brought.updated or brought.unchanged):
        raise typer.Exit(2)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder.")],
    as_json: Json = False,
) -> None:
    """Write all of memory to a folder; importing it into an empty store recreates it."""
    with house() as home:
        counts = archive.write(home.memory.store, folder)
    _say({"folder": str(folder), "rows": counts}, as_json, lambda: printing.exported(folder, counts))


@app.command()
def trust(as_json: Json = False) -> None:
    """Report how far to trust answers, measured on those whose truth is known. Writes nothing."""
    with house() as home:
        found = home.memory.trust.standing()
        labels = cause_families.overview(home.memory.store)
    plain = TrustOut.model_validate(found).plain() | {"proposed_causes": len(labels.proposed)}
    _say(plain, as_json, lambda: trusting.standing(found))
    if not as_json:
        printing.cause_labels(labels)


@app.command()
def backtest(
    path: Annotated[
        Path | None,
        typer.Argument(help="A history to replay; by default the store's own, on which confidence is then measured."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one HTML page.")] = None,
    min_hit3: Annotated[float | None, typer.Option(min=0, max=1, help="Exit with 1 if hit@3 is below this.")] = None,
    quality: Annotated[bool, typer.Option("--quality", help="Compute what each flaw in the history costs.")] = False,
    each: Annotated[bool, typer.Option("--each", help="With --json: include every answer.")] = False,
    as_json: Json = False,
) -> None:
    """Replay a history in time order and measure how often recall would have been right."""
    from onrecall.cli import backtest as backtesting  # noqa: PLC0415 - the report costs what `ask` need not pay

    done = backtesting.run(path, quality=quality)
    if html is not None:
        done.write(html)
    _say(done.plain(each=each), as_json, done.show)
    if short := done.short_of(min_hit3):
        complain(short)
        raise typer.Exit(1)


@app.command()
def recurrences(
    min_count: Annotated[int, typer.Option(min=2, help="Minimum number of incidents in a family.")] = 2,
    service: Annotated[str | None, typer.Option(help="Only families that affected this service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show what keeps coming back, ranked by the hours a permanent fix would save. Writes nothing."""
    with house() as home:
        wanted = families.Wanted(min_count, service, limit)
        found = families.recurrences(home.memory.store, home.memory.now(), wanted, time_of(as_of, "as-of"))
    _say(RecurrencesOut.model_validate(found).plain(), as_json, lambda: recurring.recurrences(found))


@app.command()
def reindex(as_json: Json = False) -> None:
    """Rebuild all passages for the configured model; the old ones serve until all are ready."""
    with house() as home:
        done = reindexing.run(home.memory)
    _say(done, as_json, lambda: reindexing.show(done))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = None,
) -> None:
    """Serve the HTTP API and the console, and answer incidents as they open."""
    from onrecall.http import server as serving  # noqa: PLC0415 - the web server costs half a second that `ask` need not pay

    chosen = settings()
    with house(chosen) as home:
        serving.serve(home, host or chosen.host, chosen.port if port is None else port)


app.command()(backing_up.backup)
app.command()(backing_up.restore)
app.command()(assisting.mcp)
app.command()(storming.worker)
app.command()(storming.merge)
app.command()(storming.split)
app.command()(using.usage)
app.command()(redacting.redact)
app.command()(assessing.risk)
app.command()(streaming.kafka)


@app.command()
def demo(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Play the scenario without pauses.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Exit when the scenario ends.")] = False,
) -> None:
    """Serve an example history and a live scenario that is answered, resolved and learned from."""
    from onrecall.cli import demo as demonstration  # noqa: PLC0415 - likewise

    chosen = settings()
    demonstration.run(chosen, host or chosen.host, chosen.port if port is None else port, fast=fast, once=once)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check every part, and show the effective settings with secrets masked."""
    chosen = settings()
    report, problems = _examine(chosen)
    warnings = trust_warnings(chosen)
    said = report.model_dump(mode="json") | {"settings": chosen.shown(), "problems": problems, "warnings": warnings}
    _say(said, as_json, lambda: printing.doctor(report, chosen.shown(), problems, warnings))
    if not report.ready or problems:
        raise typer.Exit(1)


def _examine(chosen: Settings) -> tuple[StatusReport, Sequence[str]]:
    """How every part is, and what is wrong with what is stored; a store that can't be opened is a part that is down."""
    try:
        with house(chosen) as home:
            report = home.status(more=streaming.parts(chosen))
            try:
                return report, home.memory.store.check()
            except Unavailable as error:
                return report, (str(error),)
    except Unavailable as error:
        return unopened(error), ()
    except Invalid as error:
        if error.field != "database_url":
            raise
        return unopened(error), ()


@bench.command(name="recall")
def bench_recall(
    folder: Annotated[
        Path, typer.Argument(help="A task in BEIR format: corpus.jsonl, queries.jsonl, qrels.jsonl.", metavar="DIR")
    ],
    corpus: Annotated[Path | None, typer.Option(help="Use the corpus of this task's folder instead.")] = None,
    as_json: Json = False,
) -> None:
    """Measure recall on a task, compared with BM25, MiniLM and their rank fusion."""
    from onrecall.cli import bench_recall as benching  # noqa: PLC0415 - likewise

    report = benching.recall(folder, corpus)
    _say(report, as_json, lambda: printing.bench_recall(report))


@bench.command(name="speed")
def bench_speed(
    sizes: Annotated[str, typer.Option(help="Numbers of passages, separated by commas.")] = "10000,100000",
    peers: Annotated[
        str, typer.Option(help="Engines to compare with: chroma, fts5, pgvector; separated by commas.")
    ] = "chroma",
    drawn: Annotated[Path | None, typer.Option("--picture", help="Write a picture (SVG) here.")] = None,
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
    as_json: Json = False,
) -> None:
    """Measure speed on a generated history, compared with other engines. Requires `make bench-setup`."""
    from onrecall.cli import bench_recall as benching  # noqa: PLC0415 - likewise

    report = benching.speed(sizes, peers, (series_seconds, peer_build_seconds), keep, page, drawn)
    _say(report, as_json, lambda: printing.bench_speed(report))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a known error is a sentence and an exit code, anything else a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    run(app, arguments)


def _say(value: Any, as_json: bool, show: Callable[[], None]) -> None:
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        show()


def _resolution(
    root_cause: str | None,
    cause: str | None,
    summary: str | None,
    by: str | None,
    at: datetime,
    worked: list[str] | None,
    failed: list[str] | None,
    worse: list[str] | None,
) -> Resolution:
    if not root_cause:
        raise Invalid("say what was wrong with --root-cause, or give --file", "root_cause")
    steps = [ResolutionStep(text, outcome="did_not_help") for text in failed or ()]
    steps += [ResolutionStep(text, outcome="made_it_worse") for text in worse or ()]
    steps += [ResolutionStep(text) for text in worked or ()]
    return Resolution(root_cause, at, cause, tuple(steps), summary, by=by)
