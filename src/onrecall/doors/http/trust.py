"""How far to trust it, as measured on this memory's own answers."""

from fastapi import APIRouter

from onrecall.doors.http.parts import TheMemory
from onrecall.doors.wire_trust import TrustOut

router = APIRouter(prefix="/api/v1", tags=["trust"])


@router.get("/trust")
def trust(memory: TheMemory) -> TrustOut:
    """Hit rate, reliability, coverage and novelty over the answers whose truth is known, with n and intervals."""
    return TrustOut.model_validate(memory.trust.standing())
