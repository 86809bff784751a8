"""People on an incident over HTTP: who takes it, what they change and write, and whom it can be given to."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.incident_edit import (
    LONGEST_ASSIGNEE,
    LONGEST_SERVICE,
    LONGEST_TITLE,
    MOST_LABELS,
    MOST_TAGS,
    IncidentEdit,
)
from onrecall.http.dependencies import TheCaller, TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.schemas.alerts import IncidentSeenOut, NoteOut, see_incident
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.json_models import InputModel

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class AssigneeIn(InputModel):
    """The new assignee."""

    assignee: str | None = Field(
        max_length=LONGEST_ASSIGNEE,
        description="A person's name; null or empty unassigns the incident.",
        examples=["dana"],
    )
    by: str | None = Field(
        None, max_length=200, description="The person who does this; by default the name of the key."
    )


class IncidentEditIn(InputModel):
    """Changes to an incident; omitted fields stay as they are."""

    title: str | None = Field(None, min_length=1, max_length=LONGEST_TITLE, examples=["Checkout answers 502"])
    service: str | None = Field(None, max_length=LONGEST_SERVICE, description="Null clears the service.")
    severity: Severity | None = None
    labels: dict[str, str | None] | None = Field(
        None, max_length=MOST_LABELS, description="Labels to set; null removes one. All others stay."
    )
    tags: list[str] | None = Field(
        None, max_length=MOST_TAGS, description="The complete new list of tags.", examples=[["customer-facing"]]
    )
    assignee: str | None = Field(
        None, max_length=LONGEST_ASSIGNEE, description="A person's name; null or empty unassigns the incident."
    )
    by: str | None = Field(
        None, max_length=200, description="The person who does this; by default the name of the key."
    )

    def to_domain(self) -> IncidentEdit:
        """Return the edit as the domain has it, where an empty text clears a field; Invalid for a null elsewhere."""
        for name in ("title", "severity", "labels", "tags"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise Invalid(f"{name} can't be null; leave it out to keep it as it is", name)
        sent = self.model_fields_set
        return IncidentEdit(
            title=self.title,
            service=self.service or "" if "service" in sent else None,
            severity=self.severity,
            labels=self.labels,
            tags=None if self.tags is None else tuple(self.tags),
            assignee=self.assignee or "" if "assignee" in sent else None,
        )


class NoteIn(InputModel):
    """A person's note."""

    text: str = Field(min_length=1, max_length=20_000, examples=["Pool drained; watching the queue."])
    by: str | None = Field(None, max_length=200, description="The author; by default the name of the key.")


class People(BaseModel):
    """Names to which an incident can be assigned."""

    items: list[str]


@router.put("/incidents/{incident_id}/assignee", responses=responses(404, 409, 422, 503))
def assign(incident_id: str, assignment: AssigneeIn, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Say who works on it, or that nobody does; the same name again changes nothing."""
    assigned = memory.collaboration.assign(incident_id, assignment.assignee, caller.attribution(assignment.by))
    return IncidentOut.model_validate(assigned)


@router.patch("/incidents/{incident_id}", responses=responses(404, 409, 422, 503))
def edit(
    incident_id: str, changes: IncidentEditIn, memory: TheMemory, worker: TheWorker, caller: TheCaller
) -> IncidentSeenOut:
    """Change title, service, severity, labels, tags or assignee; later alerts leave an edited field alone."""
    incident = memory.collaboration.edit(incident_id, changes.to_domain(), caller.attribution(changes.by))
    worker.wake()
    return see_incident(memory, incident)


@router.post(
    "/incidents/{incident_id}/notes",
    status_code=201,
    responses={200: {"model": NoteOut}, **responses(404, 409, 422, 503)},
)
def write_note(incident_id: str, note: NoteIn, memory: TheMemory, caller: TheCaller, response: Response) -> NoteOut:
    """Write a note on its timeline; the same words of the same person again answer 200 and add nothing."""
    stored, is_new = memory.collaboration.write_note(incident_id, note.text, caller.attribution(note.by))
    if not is_new:
        response.status_code = 200
    return NoteOut.model_validate(stored)


@router.get("/people")
def people(memory: TheMemory) -> People:
    """Names that an incident can be given to: holders of keys that may work on one, and whoever has one now."""
    return People(items=list(memory.collaboration.people()))
