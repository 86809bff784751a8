"""Incidents on the command line: open, show, resolve, merge and split them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console, json_output, recommendation_page
from onrecall.cli import import_history as importing
from onrecall.cli.arguments import By, Json, text_of
from onrecall.cli.incident_page import print_changed
from onrecall.cli.options import Labels, Service, parse_labels, parse_time
from onrecall.cli.output import print_result
from onrecall.cli.step_options import Commands, Outcomes, Rollbacks, Steps, steps_of
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Resolution, ResolutionStep, Severity
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.recommendations import RecommendationOut

Name = Annotated[str, typer.Argument(help="The incident.", metavar="ID")]


Description = Annotated[str, typer.Option(help="Details, such as symptoms and log lines; - reads standard input.")]
OwnId = Annotated[
    str,
    typer.Option(
        "--id",
        help="The incident's id; by default the next free number. A repetition with the same id changes nothing.",
    ),
]


def open_incident(
    title: Annotated[str, typer.Argument(help="What is happening, in one line.")],
    description: Description = "",
    incident_id: OwnId = "",
    service: Service = None,
    severity: Annotated[Severity, typer.Option(help="Severity.")] = "unknown",
    label: Labels = None,
    started_at: Annotated[str | None, typer.Option(help="Start time with a time zone; by default now.")] = None,
    as_json: Json = False,
) -> None:
    """Open an incident, answer it, and store both."""
    with open_app() as context:
        opening = Incident(
            id=incident_id,
            title=title,
            description=text_of(description) if description else "",
            service=service,
            severity=severity,
            labels=parse_labels(label),
            started_at=parse_time(started_at, "started-at") or context.memory.now(),
        )
        incident, created = context.memory.open(opening, dated=started_at is not None)
        answer = context.memory.recommend(incident.id)
    result = {"incident": IncidentOut.model_validate(incident).to_json(), "created": created}
    result["recommendation"] = RecommendationOut.model_validate(answer).to_json()
    print_result(result, as_json, lambda: recommendation_page.print_opened(incident, created, answer))


def show(
    thing_id: Annotated[str, typer.Argument(help="The id of an incident or a document.", metavar="ID")],
    line: Annotated[int | None, typer.Option(help="Mark this line, as a citation names it.")] = None,
    as_json: Json = False,
) -> None:
    """Show an incident or a document with the line numbers that citations use."""
    with open_app() as context:
        record = context.memory.get_record(thing_id)
        links = context.memory.alert_links(record.id) if isinstance(record, Incident) else ()
        print_result(json_output.page_to_json(record, links), as_json, lambda: console.print_page(record, line, links))


Failed = Annotated[list[str] | None, typer.Option(help="What did not help; may be repeated.")]
Worse = Annotated[list[str] | None, typer.Option(help="What made it worse; may be repeated.")]
ResolutionFile = Annotated[
    Path | None, typer.Option(help="JSON file with the resolution, in the format of the HTTP API.")
]


def resolve(
    incident_id: Annotated[str, typer.Argument(help="The incident.", metavar="ID")],
    root_cause: Annotated[str | None, typer.Option(help="What was wrong.")] = None,
    cause: Annotated[str | None, typer.Option(help="A short label, such as connection-pool-exhaustion.")] = None,
    step: Steps = None,
    command: Commands = None,
    rollback: Rollbacks = None,
    outcome: Outcomes = None,
    failed: Failed = None,
    worse: Worse = None,
    summary: Annotated[str | None, typer.Option(help="A summary in one sentence.")] = None,
    file: ResolutionFile = None,
    recurrence_of: Annotated[str | None, typer.Option(help="The earlier incident that this one repeats.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Resolve an incident with what fixed it; answers use it at once. Resolving it again stores a new version."""
    with open_app() as context:
        if file is not None:
            resolution_file = importing.read_resolution(file)
            recurrence_of = recurrence_of or resolution_file.recurrence_of
            resolution = resolution_file.to_domain(context.memory.now())
        else:
            steps = steps_of(step, command, rollback, outcome)
            resolution = _resolution(root_cause, cause, summary, by, context.memory.now(), steps, failed, worse)
        incident = context.memory.resolve(incident_id, resolution, recurrence_of)
    print_result(IncidentOut.model_validate(incident).to_json(), as_json, lambda: console.print_resolved(incident))


def _resolution(
    root_cause: str | None,
    cause: str | None,
    summary: str | None,
    by: str | None,
    at: datetime,
    done: Sequence[ResolutionStep],
    failed: list[str] | None,
    worse: list[str] | None,
) -> Resolution:
    if not root_cause:
        raise Invalid("say what was wrong with --root-cause, or give --file", "root_cause")
    steps = [ResolutionStep(text, outcome="did_not_help") for text in failed or ()]
    steps += [ResolutionStep(text, outcome="made_it_worse") for text in worse or ()]
    return Resolution(root_cause, at, cause, (*steps, *done), summary, by=by)


def merge(
    incident_id: Name,
    into: Annotated[str, typer.Argument(help="The incident to merge it into.", metavar="INTO")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Merge an incident into another; similar alerts are grouped together from now on."""
    with open_app() as context:
        merged = context.memory.manual_grouping.merge(incident_id, into, by)
    print_changed(merged, f"{incident_id} is now part of {merged.id}", as_json=as_json)


def split(
    incident_id: Name,
    alert: Annotated[
        list[int] | None, typer.Option(help="An alert's number, as its incident lists it; may be repeated.")
    ] = None,
    merged: Annotated[str | None, typer.Option(help="Undo the merge of this incident.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Move alerts out of an incident, or undo a merge; similar alerts are kept apart from now on."""
    with open_app() as context:
        if merged is not None and alert:
            raise Invalid("give alerts or a merged incident, not both", "merged")
        hands = context.memory.manual_grouping
        part = hands.unmerge(incident_id, merged, by) if merged else hands.split(incident_id, alert or [], by)
    print_changed(part, f"{part.id} is now separate from {incident_id}", as_json=as_json)
