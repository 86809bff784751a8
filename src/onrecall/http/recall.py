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
    """Find the most similar earlier incidents and documents, best first."""
    looked_for = _situation(asked)
    opinion = memory.opinions.ask(looked_for)
    evidence = memory.recall(looked_for, asked.limit)
    return RecallOut.model_validate({"evidence": evidence, "second_opinion": opinion.result(evidence)})


@router.post("/ask", responses=responses(422, 503))
def ask(
    asked: SituationIn,
    memory: TheMemory,
    refine: Annotated[bool, Query(description="Wait for a model to refine it, within the deadline.")] = False,
) -> RecommendationOut:
    """Return an answer with citations, without opening an incident. To count its outcome, open one."""
    looked_for = _situation(asked)
    opinion = memory.opinions.ask(looked_for)
    answer = memory.ask(looked_for, asked.limit, refine=refine)
    return RecommendationOut.model_validate(answer).beside(opinion.result(answer.evidence))


def _situation(asked: SituationIn) -> Situation:
    only = Filter(asked.only.kind, asked.only.service, asked.only.labels)
    return situation(asked.text, asked.service, asked.labels, only, asked.as_of)
