"""Action items over HTTP: those of one incident, and a list over all."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.action_items import ActionSelection
from onrecall.schemas.action_items import ActionEditIn, ActionIn, TrackedActionOut

router = APIRouter(prefix="/api/v1", tags=["incidents"])
Number = Annotated[int, Path(ge=1, le=1_000_000, description="Its number within the incident.")]


class ActionsOfIncident(BaseModel):
    """The action items of one incident, by number."""

    items: list[TrackedActionOut]


class ActionPage(BaseModel):
    """Action items, those due first at the top, those without a due date last."""

    items: list[TrackedActionOut]
    next: str | None = Field(description="Where the next page continues; null at the end.")
    open: int = Field(description="Open action items in all, whatever the filters.")
    overdue: int = Field(description="Overdue ones among them.")
    owners: list[str] = Field(description="Owners of open action items.")
    issue_form: str | None = Field(
        description="Address of the tracker's form for a new issue, with {title} and {body}; null if none is set."
    )


@router.get("/actions", responses=responses(422))
def list_actions(
    memory: TheMemory,
    state: Annotated[
        Literal["open", "done", "dropped", "all"], Query(description="Only action items in this state.")
    ] = "open",
    overdue: Annotated[bool, Query(description="Only open ones whose due date has passed.")] = False,
    owner: Annotated[str | None, Query(max_length=200, description="Only those of this owner.")] = None,
    service: Annotated[
        str | None, Query(max_length=200, description="Only those of incidents of this service.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(description="Where the last page ended.")] = None,
) -> ActionPage:
    """List action items of all incidents, those due first at the top."""
    tracker = memory.actions
    selection = ActionSelection(None if state == "all" else state, overdue, owner, service)
    page = tracker.page(selection, limit, cursor)
    return ActionPage(
        items=[TrackedActionOut.of(listed, tracker) for listed in page.items],
        next=page.next_cursor,
        open=tracker.count(ActionSelection()),
        overdue=tracker.count(ActionSelection(overdue=True)),
        owners=list(memory.store.action_items.owners()),
        issue_form=tracker.issue_form,
    )


@router.get("/incidents/{incident_id}/actions", responses=responses(404))
def actions_of_incident(incident_id: str, memory: TheMemory) -> ActionsOfIncident:
    """List the action items of an incident, by number."""
    listed = memory.actions.of_incident(incident_id)
    return ActionsOfIncident(items=[TrackedActionOut.of(action, memory.actions) for action in listed])


@router.post(
    "/incidents/{incident_id}/actions",
    status_code=201,
    responses={200: {"model": TrackedActionOut}, **responses(404, 409, 422)},
)
def add_action(
    incident_id: str, new: ActionIn, memory: TheMemory, caller: TheCaller, response: Response
) -> TrackedActionOut:
    """Add an action item; an open one with the same text answers 200 and stays as it is."""
    added, is_new = memory.actions.add(incident_id, new.to_domain(), caller.attribution(new.by))
    if not is_new:
        response.status_code = 200
    return TrackedActionOut.of(added, memory.actions)


@router.patch("/incidents/{incident_id}/actions/{number}", responses=responses(404, 422, 503))
def edit_action(
    incident_id: str, number: Number, changes: ActionEditIn, memory: TheMemory, caller: TheCaller
) -> TrackedActionOut:
    """Change text, owner, due date, state or link of an action item; another import leaves an edited one alone."""
    edited = memory.actions.edit(incident_id, number, changes.to_domain(), caller.attribution(changes.by))
    return TrackedActionOut.of(edited, memory.actions)
