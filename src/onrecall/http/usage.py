"""What models were used for, and what that cost."""

from typing import Annotated

from fastapi import APIRouter, Query

from onrecall.http.dependencies import TheMemory
from onrecall.schemas.usage import UsageOut

router = APIRouter(prefix="/api/v1", tags=["system"])


@router.get("/usage")
def usage(memory: TheMemory, days: Annotated[int, Query(ge=1, le=366)] = 30) -> UsageOut:
    """Return calls, tokens and cost by day and model, including rejected drafts; the budget, and skipped providers."""
    return UsageOut.of(memory.refiner.usage(days))
