"""What keeps coming back, ranked by what a permanent fix would save."""

from typing import Annotated

from fastapi import APIRouter, Query

from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import recurrences as recurrence_service
from onrecall.schemas.json_models import When
from onrecall.schemas.recurrences import RecurrencesOut

router = APIRouter(prefix="/api/v1", tags=["trust"])


@router.get("/recurrences", responses=responses(422, 503))
def recurrences(
    memory: TheMemory,
    min_count: Annotated[int, Query(ge=2, description="Minimum number of incidents in a family.")] = 2,
    service: Annotated[str | None, Query(description="Only families that affected this service.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    as_of: Annotated[When | None, Query(description="As known at this time.")] = None,
) -> RecurrencesOut:
    """List families of incidents with the same cause, ranked by what a permanent fix would save."""
    report = recurrence_service.find_recurrences(
        memory.store, memory.now(), recurrence_service.FamilyFilter(min_count, service, limit), as_of
    )
    return RecurrencesOut.model_validate(report)
