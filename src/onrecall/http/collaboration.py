"""People on an incident over HTTP: assigned, written about, and whom it can be given to."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.grouping import NoteOut
from onrecall.http.problems import responses
from onrecall.schemas.incidents import In, IncidentOut

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class AssigneeIn(In):
    """Who works on it from now on."""

    assignee: str | None = Field(max_length=200, description="A name; null or empty: nobody.", examples=["dana"])
    by: str | None = Field(None, max_length=200, description="Who says so; by default the name of the key.")


class NoteIn(In):
    """What somebody saw or did."""

    text: str = Field(min_length=1, max_length=20_000, examples=["Pool drained; watching the queue."])
    by: str | None = Field(None, max_length=200, description="Who writes; by default the name of the key.")


class People(BaseModel):
    """Names that an incident can be given to."""

    items: list[str]


@router.put("/incidents/{incident_id}/assignee", responses=responses(404, 409, 422, 503))
def assign(incident_id: str, assignment: AssigneeIn, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Say who works on it, or that nobody does; the same name again changes nothing."""
    assigned = memory.collaboration.assign(incident_id, assignment.assignee, caller.by(assignment.by))
    return IncidentOut.model_validate(assigned)


@router.post(
    "/incidents/{incident_id}/notes",
    status_code=201,
    responses={200: {"model": NoteOut}, **responses(404, 409, 422, 503)},
)
def write_note(incident_id: str, note: NoteIn, memory: TheMemory, caller: TheCaller, response: Response) -> NoteOut:
    """Write a note on its timeline; the same words of the same person again answer 200 and add nothing."""
    stored, is_new = memory.collaboration.write_note(incident_id, note.text, caller.by(note.by))
    if not is_new:
        response.status_code = 200
    return NoteOut.model_validate(stored)


@router.get("/people")
def people(memory: TheMemory) -> People:
    """Names that an incident can be given to: holders of keys that may work on one, and whoever has one now."""
    return People(items=list(memory.collaboration.people()))
