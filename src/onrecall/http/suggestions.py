"""Suggestions over HTTP: what senders say, confirmed or dismissed by responders."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onrecall.domain.suggestion import SuggestionState
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.suggestions import Correction
from onrecall.schemas.suggestions import ConfirmSuggestionIn, SuggestionOut

router = APIRouter(prefix="/api/v1", tags=["suggestions"])


class SuggestionPage(BaseModel):
    """A page of suggestions; `next` fetches the following one."""

    items: list[SuggestionOut]
    next: str | None


@router.get("/suggestions", responses=responses(422))
def list_suggestions(
    memory: TheMemory,
    state: Annotated[SuggestionState | None, Query(description="State; by default undecided ones.")] = "pending",
    incident: Annotated[str | None, Query(description="Only suggestions for this incident.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SuggestionPage:
    """List suggestions of senders, newest first."""
    page = memory.store.suggestions.page(state, incident, cursor, limit)
    return SuggestionPage(items=[SuggestionOut.of(suggestion) for suggestion in page.items], next=page.next_cursor)


@router.get("/suggestions/{suggestion_id}", responses=responses(404))
def get_suggestion(suggestion_id: str, memory: TheMemory) -> SuggestionOut:
    """Return one suggestion and the decision."""
    return SuggestionOut.of(memory.store.suggestions.get(suggestion_id))


@router.post("/suggestions/{suggestion_id}/confirm", responses=responses(404, 409, 422, 503))
def confirm_suggestion(
    suggestion_id: str, memory: TheMemory, caller: TheCaller, correction: ConfirmSuggestionIn | None = None
) -> SuggestionOut:
    """Confirm it: it becomes the incident's resolution, or a document. A repetition changes nothing."""
    better = correction or ConfirmSuggestionIn(root_cause=None, cause=None, by=None)
    confirmed = memory.suggestions.confirm(
        suggestion_id,
        caller.attribution(better.by),
        Correction(better.root_cause, better.cause),
        may_replace=caller.may("admin"),
    )
    return SuggestionOut.of(confirmed)


@router.post("/suggestions/{suggestion_id}/dismiss", responses=responses(404, 409, 503))
def dismiss_suggestion(suggestion_id: str, memory: TheMemory, caller: TheCaller) -> SuggestionOut:
    """Dismiss it permanently, even if it is sent again."""
    return SuggestionOut.of(memory.suggestions.dismiss(suggestion_id, caller.attribution()))
