"""Search by words as they are written, for the console's palette and for scripts."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onrecall.domain.incident import Status
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.search import MAX_QUERY_LENGTH, MatchKind, PageKind
from onrecall.schemas.json_models import OutputModel

router = APIRouter(prefix="/api/v1", tags=["recall"])


class MatchOut(OutputModel):
    """An incident, a document, or a command on the page of one."""

    kind: MatchKind
    id: str = Field(description="The id of the incident or the document.")
    page: PageKind = Field(description="The kind of record.")
    title: str
    line: int = Field(description="The number of the best-matching line, counted from 1.")
    text: str = Field(description="The text of that line, or the whole command.")
    service: str | None
    status: Status | None = Field(description="Incidents only.")


class Matches(BaseModel):
    """The results: incidents, then documents, then commands, each best first."""

    items: list[MatchOut]


@router.get("/search", responses=responses(422))
def search(
    memory: TheMemory,
    q: Annotated[
        str, Query(min_length=1, max_length=MAX_QUERY_LENGTH, description="Every word must occur in the record.")
    ],
    limit: Annotated[int, Query(ge=1, le=50, description="Maximum number of results of each kind.")] = 8,
) -> Matches:
    """Incidents, documents and commands that hold all words, with the line that matches."""
    return Matches(items=[MatchOut.model_validate(match) for match in memory.search.find(q, limit)])
