"""Asking memory: evidence, or an answer with receipts. Nothing is written."""

from typing import Annotated

from fastapi import APIRouter, Query

from onrecall.domain.incident import Filter, Situation
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.service import situation
from onrecall.schemas.incidents import RecallOut, RecommendationOut, SituationIn

router = APIRouter(prefix="/api/v1", tags=["recall"])


@router.post("/recall", responses=responses(422, 503))
def recall(asked: SituationIn, memory: TheMemory) -> RecallOut:
    """What was seen before that is most like this, best first."""
    return RecallOut.model_validate({"evidence": memory.recall(_situation(asked), asked.limit)})


@router.post("/ask", responses=responses(422, 503))
def ask(
    asked: SituationIn,
    memory: TheMemory,
    refine: Annotated[bool, Query(description="Wait for a model to refine it, within the deadline.")] = False,
) -> RecommendationOut:
    """An answer with receipts. It opens no incident; to have its outcome counted, open one."""
    return RecommendationOut.model_validate(memory.ask(_situation(asked), asked.limit, refine=refine))


def _situation(asked: SituationIn) -> Situation:
    only = Filter(asked.only.kind, asked.only.service, asked.only.labels)
    return situation(asked.text, asked.service, asked.labels, only, asked.as_of)
