"""Asking memory: evidence, or an answer with receipts. Nothing is written."""

from typing import Annotated

from fastapi import APIRouter, Query

from onrecall.domain.situation import Filter, Situation, make_situation
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.evidence import RecallOut, SituationIn
from onrecall.schemas.recommendations import RecommendationOut

router = APIRouter(prefix="/api/v1", tags=["recall"])


@router.post("/recall", responses=responses(422, 503))
def recall(request: SituationIn, memory: TheMemory) -> RecallOut:
    """Find the most similar earlier incidents and documents, best first."""
    situation = _situation(request)
    opinion = memory.second_opinions.ask(situation)
    evidence = memory.recall(situation, request.limit)
    return RecallOut.model_validate(
        {"evidence": evidence, "degraded": memory.recall_limitation, "second_opinion": opinion.result(evidence)}
    )


@router.post("/ask", responses=responses(422, 503))
def ask(
    request: SituationIn,
    memory: TheMemory,
    refine: Annotated[bool, Query(description="Wait for a model to refine it, within the deadline.")] = False,
) -> RecommendationOut:
    """Return an answer with citations, without opening an incident. To count its outcome, open one."""
    situation = _situation(request)
    opinion = memory.second_opinions.ask(situation)
    answer = memory.ask(situation, request.limit, refine=refine)
    return RecommendationOut.model_validate(answer).beside(opinion.result(answer.evidence))


def _situation(request: SituationIn) -> Situation:
    only = Filter(request.only.kind, request.only.service, request.only.labels)
    return make_situation(request.text, request.service, request.labels, only, request.as_of)
