"""Storms: merged and split by hand, and what people at senders wrote about them."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from onrecall.domain.errors import Invalid
from onrecall.http.dependencies import TheCaller, TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.pipeline.auto_resolve import suggested_cause
from onrecall.schemas.alerts import NoteOut
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.json_models import InputModel, OutputModel

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class MergeIn(InputModel):
    """The incident into which it is merged."""

    into: str = Field(min_length=1, max_length=600, examples=["INC-7"])


class SplitIn(InputModel):
    """The alerts to move out, or the merge to undo."""

    alerts: list[int] = Field(default_factory=list, max_length=10_000, examples=[[12, 13]])
    merged: str | None = Field(None, min_length=1, max_length=600)


class TogetherIn(InputModel):
    """Incidents that began together, and a person's decision about them."""

    incidents: list[str] = Field(min_length=2, max_length=50, examples=[["INC-7", "INC-8"]])
    together: bool = Field(
        True, description="True merges them into the first; false keeps them separate. OnRecall remembers both."
    )


class BeganTogetherOut(OutputModel):
    """Unrelated open incidents that began within seconds of each other, in order of their start."""

    seconds: float = Field(description="From the start of the first incident to the start of the last.")
    incidents: list[IncidentOut]


class BeganTogetherList(BaseModel):
    """Groups of incidents that began together, newest first."""

    items: list[BeganTogetherOut]


class Notes(BaseModel):
    """The notes on an incident, and the note that probably states its cause while none is on record."""

    items: list[NoteOut]
    suggested_cause: NoteOut | None


@router.post("/incidents/{incident_id}/merge", responses=responses(404, 409, 422, 503))
def merge(incident_id: str, merge: MergeIn, memory: TheMemory, worker: TheWorker, caller: TheCaller) -> IncidentOut:
    """Merge it into another incident, which is returned; similar alerts are grouped together from now on."""
    merged = memory.manual_grouping.merge(incident_id, merge.into, caller.attribution())
    worker.wake()
    return IncidentOut.model_validate(merged)


@router.post("/incidents/{incident_id}/split", responses=responses(404, 409, 422, 503))
def split(incident_id: str, split: SplitIn, memory: TheMemory, worker: TheWorker, caller: TheCaller) -> IncidentOut:
    """Move alerts out of it, or undo a merge; returns the separated incident, and keeps similar alerts apart."""
    if split.merged is not None and split.alerts:
        raise Invalid("give `alerts` or `merged`, not both", "merged")
    hands = memory.manual_grouping
    if split.merged is not None:
        part = hands.unmerge(incident_id, split.merged, caller.attribution())
    else:
        part = hands.split(incident_id, split.alerts, caller.attribution())
    worker.wake()
    return IncidentOut.model_validate(part)


@router.get("/together")
def began_together(memory: TheMemory) -> BeganTogetherList:
    """List unrelated open incidents that began within seconds of each other, in groups of four or more."""
    items = [
        BeganTogetherOut(
            seconds=hint.span.total_seconds(),
            incidents=[IncidentOut.model_validate(incident) for incident in hint.incidents],
        )
        for hint in memory.began_together.hints()
    ]
    return BeganTogetherList(items=items)


@router.post("/together", responses=responses(404, 409, 422, 503))
def decide_together(decision: TogetherIn, memory: TheMemory, worker: TheWorker, caller: TheCaller) -> IncidentOut:
    """Merge incidents into the one that began first, which is returned, or keep them apart; applies to later alerts."""
    if decision.together:
        first = memory.began_together.merge(decision.incidents, caller.attribution())
        worker.wake()
    else:
        memory.began_together.keep_apart(decision.incidents, caller.attribution())
        first = memory.store.incidents.get(decision.incidents[0])
    return IncidentOut.model_validate(first)


@router.get("/incidents/{incident_id}/notes", responses=responses(404))
def list_notes(incident_id: str, memory: TheMemory) -> Notes:
    """List notes of people and source tools; of a resolved incident without a cause, the last is suggested."""
    incident, notes = memory.store.incidents.get(incident_id), memory.store.notes.of_incident(incident_id)
    written = [NoteOut.model_validate(note) for note in notes if note.type == "note"]
    likely = suggested_cause(incident, notes)
    return Notes(items=written, suggested_cause=NoteOut.model_validate(likely) if likely else None)
