"""`onrecall incidents`: what is open, what is known of one incident, and who works on it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

from onrecall.bootstrap.app import AppContext, open_app
from onrecall.cli import console as printing
from onrecall.cli import incident_page
from onrecall.cli.arguments import By, Json, text_of
from onrecall.cli.options import since_of
from onrecall.cli.output import print_result
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Severity
from onrecall.domain.incident_edit import IncidentEdit
from onrecall.schemas.alerts import AlertOut, ChangeBeforeOut, IncidentSeenOut, NoteOut
from onrecall.schemas.incidents import EventOut, IncidentOut
from onrecall.schemas.recommendations import RecommendationOut

app = typer.Typer(help="List, show, acknowledge, assign, annotate and edit incidents.", no_args_is_help=True)

MOST_ALERTS = 200
Name = Annotated[str, typer.Argument(help="The incident.", metavar="ID")]
Listed = Literal["unresolved", "open", "acknowledged", "resolved"]
SinceOption = Annotated[
    str | None, typer.Option(help="Started at or after: a time with a zone, or a span such as 24h.")
]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="A tag to add; may be repeated.")]
UntagOption = Annotated[list[str] | None, typer.Option("--untag", help="A tag to remove; may be repeated.")]
LabelOption = Annotated[
    list[str] | None, typer.Option("--label", help="A label as name=value; name= removes it; may be repeated.")
]


@app.command(name="list")
def list_(
    status: Annotated[Listed | None, typer.Option(help="Only incidents in this state.")] = None,
    service: Annotated[str | None, typer.Option(help="Only incidents of this service.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only incidents of this severity.")] = None,
    query: Annotated[str | None, typer.Option(help="Words in the title or the description.")] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the last list ended.")] = None,
    as_json: Json = False,
) -> None:
    """List incidents, newest first."""
    with open_app() as home:
        now = home.memory.now()
        page = home.memory.store.incidents.page(
            status=status,
            service=service,
            severity=severity,
            q=query,
            since=since_of(since, now),
            cursor=cursor,
            limit=limit,
        )
    items = [IncidentOut.model_validate(incident).to_json() for incident in page.items] if as_json else []
    print_result(
        {"items": items, "next": page.next_cursor},
        as_json,
        lambda: incident_page.print_list(page.items, page.next_cursor, now),
    )


@app.command()
def show(
    incident_id: Name,
    whole_answer: Annotated[
        bool, typer.Option("--answer", help="Print the whole answer instead of a summary.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show an incident with its answer in short, its alerts, its timeline, notes and links."""
    with open_app() as home:
        details = _details(home, incident_id)
    value = _details_as_json(details) if as_json else {}
    print_result(value, as_json, lambda: incident_page.print_details(details, whole_answer=whole_answer))


@app.command()
def ack(incident_id: Name, by: By = None, as_json: Json = False) -> None:
    """Record that somebody is working on an incident."""
    with open_app() as home:
        incident = home.memory.acknowledge(incident_id, by)
    incident_page.print_changed(incident, f"{incident.id} is acknowledged", as_json=as_json)


@app.command()
def assign(
    incident_id: Name,
    name: Annotated[str | None, typer.Argument(help="Who works on it.", metavar="NAME")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="Unassign the incident.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Assign an incident to a person, or unassign it."""
    if nobody == bool(name and name.strip()):
        raise Invalid("name the person who works on it, or give --nobody", "assignee")
    with open_app() as home:
        incident = home.memory.collaboration.assign(incident_id, name, by)
    words = f"{incident.id} is assigned to {incident.assignee}" if incident.assignee else f"{incident.id} is unassigned"
    incident_page.print_changed(incident, words, as_json=as_json)


@app.command()
def note(
    incident_id: Name,
    text: Annotated[str, typer.Argument(help="What you saw or did; - reads standard input.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Write a note on an incident's timeline; repeating the same person's words adds nothing."""
    with open_app() as home:
        stored, is_new = home.memory.collaboration.write_note(incident_id, text_of(text), by)
    value = NoteOut.model_validate(stored).to_json() | {"created": is_new}
    words = "noted on" if is_new else "this note is already on"
    print_result(value, as_json, lambda: printing.print_line(f"{words} {incident_id}"))


@app.command()
def edit(
    incident_id: Name,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    service: Annotated[str | None, typer.Option(help="The new service; an empty text clears it.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="The new severity.")] = None,
    label: LabelOption = None,
    tag: TagOption = None,
    untag: UntagOption = None,
    assignee: Annotated[str | None, typer.Option(help="The new assignee; an empty text clears it.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change an incident's title, service, severity, labels, tags or assignee; later alerts leave that alone."""
    if not any((title is not None, service is not None, severity, label, tag, untag, assignee is not None)):
        raise Invalid("name a change, such as --title or --severity", "title")
    with open_app() as home:
        tags = _changed_tags(home.memory.store.incidents.get(incident_id), tag or (), untag or ())
        changes = IncidentEdit(title, service, severity, _labels(label), tags, assignee)
        incident = home.memory.collaboration.edit(incident_id, changes, by)
    incident_page.print_changed(incident, f"{incident.id} is updated", as_json=as_json)


def _labels(entries: list[str] | None) -> Mapping[str, str | None] | None:
    labels: dict[str, str | None] = {}
    for entry in entries or ():
        name, equals, value = entry.partition("=")
        if not (equals and name.strip()):
            raise Invalid(f"--label {entry}: give it as name=value, or name= to remove it", "label")
        labels[name] = value or None
    return labels or None


def _changed_tags(incident: Incident, added: Sequence[str], removed: Sequence[str]) -> tuple[str, ...] | None:
    if not (added or removed):
        return None
    return (*(tag for tag in incident.tags if tag not in removed), *added)


def _details(home: AppContext, incident_id: str) -> incident_page.IncidentDetails:
    store = home.memory.store
    incident = store.incidents.get(incident_id)
    answer = store.recommendations.newest(incident_id)
    return incident_page.IncidentDetails(
        incident=incident,
        answer=home.memory.checks.with_results(answer) if answer else None,
        alerts=store.alerts.of_incident(incident_id, MOST_ALERTS + 1),
        changes=home.memory.changes_before(incident),
        events=store.events.timeline(incident_id),
        notes=tuple(entry for entry in store.notes.of_incident(incident_id) if entry.type == "note"),
        links=home.memory.alert_links(incident_id),
    )


def _details_as_json(details: incident_page.IncidentDetails) -> dict[str, Any]:
    seen = IncidentSeenOut.model_validate(details.incident)
    changes = [ChangeBeforeOut.of(change, details.incident.started_at) for change in details.changes]
    answer = details.answer
    return {
        "incident": seen.beside(changes, details.links, answered=answer is not None).to_json(),
        "recommendation": RecommendationOut.model_validate(answer).to_json() if answer else None,
        "alerts": [AlertOut.of(alert).to_json() for alert in details.alerts[:MOST_ALERTS]],
        "timeline": [EventOut.model_validate(event).to_json() for event in details.events],
        "notes": [NoteOut.model_validate(entry).to_json() for entry in details.notes],
    }
