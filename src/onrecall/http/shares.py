"""Sharing runbooks with other teams of the installation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from onrecall.domain.team import INSTALLATION
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.document_copies import DocumentSharing
from onrecall.schemas.shares import ShareChangedOut, ShareIn, ShareOut

router = APIRouter(prefix="/api/v1", tags=["documents"])


class ShareList(BaseModel):
    """Documents that other teams have copies of, by id."""

    items: list[ShareOut]


async def _sharing(request: Request) -> DocumentSharing:
    sharing: DocumentSharing = request.app.state.sharing
    return sharing


async def _own_team(request: Request) -> str:
    team: str | None = request.app.state.team
    return team or INSTALLATION


TheSharing = Annotated[DocumentSharing, Depends(_sharing)]
TheTeam = Annotated[str, Depends(_own_team)]
"""The team whose data the request sees."""


@router.get("/shares")
def list_shares(memory: TheMemory) -> ShareList:
    """List the documents that other teams have copies of."""
    return ShareList(items=[ShareOut.model_validate(share) for share in memory.store.document_shares.all()])


@router.post("/shares", responses=responses(404, 409, 422))
def share(wanted: ShareIn, sharing: TheSharing, team: TheTeam, caller: TheCaller) -> ShareChangedOut:
    """Share a runbook with a team, which gets a marked copy that follows it. A repetition changes nothing."""
    return ShareChangedOut(changed=sharing.share(team, wanted.document, wanted.team, caller.attribution()))


@router.post("/shares/end", responses=responses(422))
def end_share(wanted: ShareIn, sharing: TheSharing, team: TheTeam, caller: TheCaller) -> ShareChangedOut:
    """End a share; the copy is deleted. A repetition changes nothing."""
    return ShareChangedOut(changed=sharing.unshare(team, wanted.document, wanted.team, caller.attribution()))
