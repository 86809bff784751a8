"""Who can send alerts here, and who did."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from onrecall.http.dependencies import TheMemory
from onrecall.http.roles import KEY_IN_BODY
from onrecall.http.roles import SOURCES as ADDRESSES
from onrecall.schemas.sources import SenderOut, Shows
from onrecall.sources import SOURCES
from onrecall.storage.sources import Heard

router = APIRouter(prefix="/api/v1", tags=["alerts"])
OF = {source: address for address, source in ADDRESSES.items()}


class SenderList(BaseModel):
    """Every sender that OnRecall understands."""

    items: list[SenderOut]


@router.get("/senders")
def senders(request: Request, memory: TheMemory) -> SenderList:
    """Every sender with its address, what it has to show, when it was heard last, and how much came of it."""
    heard, signing = memory.store.senders.all(), request.app.state.signing
    return SenderList(items=[_one(name, heard.get(name, Heard()), signed=name in signing) for name in SOURCES])


def _one(name: str, heard: Heard, *, signed: bool) -> SenderOut:
    return SenderOut(
        name=name,
        address=OF.get(name, f"/api/v1/alerts/{name}"),
        shows=_shows(name, signed=signed),
        heard_at=heard.heard_at,
        alerts=heard.alerts,
        notes=heard.notes,
        changes=heard.changes,
        rejected=heard.rejected,
    )


def _shows(name: str, *, signed: bool) -> Shows:
    if signed:
        return "signature"
    if name in KEY_IN_BODY:
        return "routing key"
    return "key" if SOURCES[name].verify is None else "signature or key"
