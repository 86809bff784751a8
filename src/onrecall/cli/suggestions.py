"""`onrecall suggestions`: what senders say fixed an incident, confirmed or dismissed by a person."""

from typing import Annotated

import typer

from onrecall.bootstrap.app import open_app
from onrecall.cli import console
from onrecall.cli.arguments import By, Json
from onrecall.cli.list_page import print_page
from onrecall.cli.output import print_json
from onrecall.domain.suggestion import Suggestion, SuggestionState
from onrecall.pipeline.suggestions import Correction
from onrecall.schemas.suggestions import SuggestionOut

app = typer.Typer(help="List, confirm and dismiss suggestions of senders.", no_args_is_help=True)

Identifier = Annotated[str, typer.Argument(help="The suggestion, as shown by `suggestions list`.", metavar="ID")]


@app.command(name="list")
def list_(
    state: Annotated[SuggestionState, typer.Option(help="Only suggestions in this state.")] = "pending",
    incident: Annotated[str | None, typer.Option(help="Only suggestions for this incident.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List suggestions, newest first. A suggestion counts only once somebody confirms it."""
    with open_app() as context:
        page = context.memory.store.suggestions.page(state, incident, cursor, limit)
    items = [SuggestionOut.of(suggestion) for suggestion in page.items]
    empty = "nothing is suggested" if state == "pending" else f"nothing was {state}"
    print_page(items, page.next_cursor, as_json, _print_suggestion, empty)


@app.command()
def confirm(
    suggestion_id: Identifier,
    root_cause: Annotated[str | None, typer.Option(help="Root cause, in better words.")] = None,
    cause: Annotated[str | None, typer.Option(help="A short label, such as connection-pool-exhaustion.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Confirm a suggestion: it becomes the incident's resolution, or a document."""
    with open_app() as context:
        confirmed = context.memory.suggestions.confirm(
            suggestion_id, by, Correction(root_cause, cause), may_replace=True
        )
    _print_decision(confirmed, as_json)


@app.command()
def dismiss(suggestion_id: Identifier, by: By = None, as_json: Json = False) -> None:
    """Dismiss a suggestion permanently, even if it is sent again."""
    with open_app() as context:
        dismissed = context.memory.suggestions.dismiss(suggestion_id, by)
    _print_decision(dismissed, as_json)


def _print_decision(suggestion: Suggestion, as_json: bool) -> None:
    if as_json:
        print_json(SuggestionOut.of(suggestion).to_json())
        return
    of = suggestion.incident or (suggestion.document.id if suggestion.document else "")
    console.print_line(f"{suggestion.id} is {suggestion.state}: {of}")


def _print_suggestion(suggestion: SuggestionOut) -> None:
    of = f"for {suggestion.incident}" if suggestion.incident else "as a document"
    written = f"  {suggestion.by}, {suggestion.at:%Y-%m-%d %H:%M} UTC"
    console.print_line((suggestion.id, "bold"), f"  {of}: {suggestion.title}", (written, "dim"))
    for row in suggestion.text.splitlines()[:6]:
        console.print_line((row[:200], "dim"), indent=4)
