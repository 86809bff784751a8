"""How dangerous a command or a step is."""

from fastapi import APIRouter

from onrecall.schemas.risk import RiskIn, RiskOut, assess_risk

router = APIRouter(prefix="/api/v1", tags=["recall"])


@router.post("/risk")
def risk(request: RiskIn) -> RiskOut:
    """Assess how dangerous a command or a step in prose is. Runs and stores nothing."""
    return assess_risk(request.command, request.kind)
