"""`onrecall actions`: what is to be done after incidents, by whom, by when, and whether it is done."""

from typing import Annotated, Literal

import typer

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import console as printing
from onrecall.cli.arguments import By, Json, text_of
from onrecall.cli.list_page import print_page
from onrecall.cli.output import print_result
from onrecall.domain.action_item import ActionEdit
from onrecall.domain.errors import Invalid
from onrecall.pipeline.action_items import ActionSelection, NewAction
from onrecall.schemas.action_items import TrackedActionOut
from onrecall.storage.action_items import ListedAction

app = typer.Typer(help="List, add, change and close action items of incidents.", no_args_is_help=True)

COLOUR = {"open": "yellow", "done": "green", "dropped": "dim"}
Listed = Literal["open", "done", "dropped", "all"]
Name = Annotated[str, typer.Argument(help="The incident.", metavar="ID")]
Number = Annotated[int, typer.Argument(help="The action item's number on that incident.", metavar="NUMBER", min=1)]
Owner = Annotated[str | None, typer.Option(help="Who does it; an empty text clears it.")]
Due = Annotated[str | None, typer.Option(help="The last day, such as 2026-12-24; an empty text clears it.")]
Url = Annotated[str | None, typer.Option(help="The issue in your tracker; an empty text clears it.")]


@app.command(name="list")
def list_(
    incident: Annotated[str | None, typer.Option(help="Only those of this incident, in any state.")] = None,
    state: Annotated[Listed, typer.Option(help="Only action items in this state.")] = "open",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only open ones whose due date has passed.")] = False,
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.")] = None,
    service: Annotated[str | None, typer.Option(help="Only those of incidents of this service.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List action items, those due first at the top."""
    with open_app() as home:
        if incident is not None:
            listed, following = home.memory.actions.of_incident(incident), None
        else:
            selection = ActionSelection(None if state == "all" else state, overdue, owner, service)
            page = home.memory.actions.page(selection, limit, cursor)
            listed, following = page.items, page.next_cursor
        items = [TrackedActionOut.of(action, home.memory.actions) for action in listed]
    print_page(items, following, as_json, _print_item, "no action item matches")


@app.command()
def add(
    incident_id: Name,
    text: Annotated[str, typer.Argument(help="What should be done; - reads standard input.")],
    owner: Owner = None,
    due: Due = None,
    url: Url = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add an action item; an open one with the same text stays as it is."""
    with open_app() as home:
        new = NewAction(text_of(text), owner or "", due or "", url or "")
        added, is_new = home.memory.actions.add(incident_id, new, by)
        _print_one(home, added, as_json=as_json, is_new=is_new)


@app.command()
def edit(
    incident_id: Name,
    number: Number,
    text: Annotated[str | None, typer.Option(help="The new text.")] = None,
    owner: Owner = None,
    due: Due = None,
    url: Url = None,
    state: Annotated[Literal["open", "done", "dropped"] | None, typer.Option(help="The new state.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change an action item's text, owner, due date, link or state."""
    changes = ActionEdit(text, owner, due, state, url)
    if changes == ActionEdit():
        raise Invalid("name a change, such as --owner or --due", "text")
    _change(incident_id, number, changes, by, as_json=as_json)


@app.command()
def done(incident_id: Name, number: Number, by: By = None, as_json: Json = False) -> None:
    """Mark an action item as done."""
    _change(incident_id, number, ActionEdit(state="done"), by, as_json=as_json)


@app.command()
def drop(incident_id: Name, number: Number, by: By = None, as_json: Json = False) -> None:
    """Mark an action item as dropped: nobody will do it."""
    _change(incident_id, number, ActionEdit(state="dropped"), by, as_json=as_json)


def _change(incident_id: str, number: int, changes: ActionEdit, by: str | None, *, as_json: bool) -> None:
    with open_app() as home:
        _print_one(home, home.memory.actions.edit(incident_id, number, changes, by), as_json=as_json)


def _print_one(home: AppContext, listed: ListedAction, *, as_json: bool, is_new: bool | None = None) -> None:
    item = TrackedActionOut.of(listed, home.memory.actions)
    created = {} if is_new is None else {"created": is_new}
    print_result(item.to_json() | created, as_json, lambda: _print_item(item))


def _print_item(item: TrackedActionOut) -> None:
    state = ("overdue", "red") if item.overdue else (item.state, COLOUR[item.state])
    printing.print_line((f"{item.incident} {item.number}", "bold"), "  ", state, f"  {item.text}")
    details = [item.owner or "no owner", f"due {item.due}" if item.due else "no due date", item.url]
    printing.print_line((", ".join(detail for detail in details if detail), "dim"), indent=2)
    if item.new_issue_url and not item.url and item.state == "open":
        printing.print_line((f"new issue: {item.new_issue_url}", "dim"), indent=2)
