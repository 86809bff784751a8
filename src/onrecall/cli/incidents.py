"""Storms on the command line: a worker of its own, merging and splitting by hand."""

import json
from typing import Annotated

import typer

from onrecall.bootstrap.app import house
from onrecall.cli import console as printing
from onrecall.cli.arguments import Json
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.schemas.incidents import IncidentOut
from onrecall.worker.worker import work

Name = Annotated[str, typer.Argument(help="The incident.", metavar="ID")]
By = Annotated[str | None, typer.Option(help="Name of the person.")]


def worker() -> None:
    """Group alerts and answer incidents, next to other workers or `serve`, until stopped."""
    with house() as home:
        printing.say("the worker is at work  (Ctrl-C ends it)")
        work(home.memory)
    printing.say("stopped")


def merge(
    incident_id: Name,
    into: Annotated[str, typer.Argument(help="The incident to merge it into.", metavar="INTO")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Merge an incident into another; similar alerts are grouped together from now on."""
    with house() as home:
        merged = home.memory.by_hand.merge(incident_id, into, by)
    _say(merged, f"{incident_id} is part of {merged.id} now", as_json=as_json)


def split(
    incident_id: Name,
    alert: Annotated[
        list[int] | None, typer.Option(help="Number of an alert, as listed by its incident; may be repeated.")
    ] = None,
    merged: Annotated[str | None, typer.Option(help="Undo the merge of this incident.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Move alerts out of an incident, or undo a merge; similar alerts are kept apart from now on."""
    with house() as home:
        if merged is not None and alert:
            raise Invalid("give alerts or a merged incident, not both", "merged")
        hands = home.memory.by_hand
        part = hands.unmerge(incident_id, merged, by) if merged else hands.split(incident_id, alert or [], by)
    _say(part, f"{part.id} is apart from {incident_id} now", as_json=as_json)


def _say(incident: Incident, words: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(IncidentOut.model_validate(incident).plain(), ensure_ascii=False, indent=2))
    else:
        printing.say(f"{words}: {incident.title}")
