"""RAG of Fire's decisions: analyze a situation, stream an anomaly, look up what was decided."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Evidence, Incident, Recommendation, Situation
from onrecall.http.compat import shared as dialects
from onrecall.http.compat.shared import Told
from onrecall.http.dependencies import TheIntake, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import Memory
from onrecall.schemas.incidents import When
from onrecall.sources import Delivery

router = APIRouter(prefix="/api/v1/decisions", tags=["RAG of Fire"])
NEWEST = 1000
JSON = {"content-type": "application/json"}
Name = Annotated[str | None, Field(max_length=200)]


class Analyze(Told):
    """What kind of fault it is, and how far a metric went."""

    error_type: str = Field(min_length=1, max_length=200, examples=["database_timeout"])
    spike_percentage: float = Field(ge=0, allow_inf_nan=False, examples=[450])
    tenant_id: Name = None
    service_name: Name = None
    metric_name: Name = None
    window_minutes: int = Field(5, ge=1)
    top_k: int = Field(5, ge=1, le=20)
    include_context: bool = True


class Anomaly(Told):
    """A fault as it is noticed."""

    error_type: str = Field(min_length=1, max_length=200, examples=["kafka_consumer_lag"])
    spike_percentage: float = Field(ge=0, allow_inf_nan=False, examples=[320])
    tenant_id: Name = None
    service_name: Name = None
    metric_name: Name = None
    baseline_value: float | None = Field(None, allow_inf_nan=False)
    current_value: float | None = Field(None, allow_inf_nan=False)
    window_minutes: int | None = Field(None, ge=1)
    detected_at: When | None = None
    raw_payload: dict[str, Any] | str | None = None


class Cited(BaseModel):
    """Where it is written."""

    incident_id: str
    quote: str
    line: int


class Retrieved(BaseModel):
    """An earlier incident; what nobody measured is null."""

    incident_id: str
    title: str
    summary: str
    error_type: str | None
    affected_tenant: str | None
    affected_service: str | None
    mitigation_metric: str | None
    mitigation_effectiveness: float | None
    similarity_score: float = Field(description="The match score, 0..1. Not a confidence.")
    resolution_confidence: float | None
    tags: list[str]


class Decision(BaseModel):
    """What memory says of a situation. `confidence_score` is measured, or null with the reason beside it."""

    id: str
    incident_id: str | None
    matched_incident: str | None
    symptom: str | None
    recommended_action: str
    confidence_score: float | None
    confidence_reason: str | None
    verdict: str
    citations: list[Cited]
    retrieved_documents: list[Retrieved]
    llm_response: str
    latency_ms: float
    generated_at: datetime


class Accepted(BaseModel):
    """An anomaly that is kept for good; the same again has the same id and changes nothing."""

    id: str
    status: str
    accepted: int
    duplicate: int
    error_type: str
    spike_percentage: float
    tenant_id: str | None
    service_name: str | None
    metric_name: str | None
    detected_at: datetime


class Decisions(BaseModel):
    """Decisions, newest first."""

    total: int
    decisions: list[Decision]


class Stats(BaseModel):
    """Figures of the newest decisions."""

    total_decisions: int
    looked_at: int
    by_verdict: dict[str, int]
    with_confidence: int
    average_confidence: float | None = Field(description="Of those that have one; null where none has.")
    average_latency_ms: float | None


Skip = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=NEWEST)]


@router.post("/analyze", responses=responses(422, 503))
def analyze(body: Analyze, memory: TheMemory) -> Decision:
    """Decide and keep the decision; it opens no incident, and asked twice of the same memory it is the same one."""
    answer = memory.decide(_situation(body), body.top_k)
    return decision(memory, answer, context=body.include_context)


@router.post("/stream-anomaly", status_code=202, responses=responses(422, 503))
async def stream(body: Anomaly, memory: TheMemory, intake: TheIntake) -> Accepted:
    """Take an anomaly in; it is grouped, answered and told at `/ws/incidents`. No address in it is ever called."""
    said = body.model_dump(mode="json", exclude_none=True)
    receipt = await intake.take("anomaly", Delivery(json.dumps(said).encode(), JSON))
    if receipt.rejected:
        raise Invalid(receipt.rejected[0].message, receipt.rejected[0].field)
    return Accepted(
        id=receipt.keys[0],
        status="accepted",
        accepted=receipt.accepted,
        duplicate=receipt.duplicate,
        error_type=body.error_type,
        spike_percentage=body.spike_percentage,
        tenant_id=body.tenant_id,
        service_name=body.service_name,
        metric_name=body.metric_name,
        detected_at=body.detected_at or memory.now(),
    )


@router.get("", responses=responses(422))
def decisions(memory: TheMemory, limit: Limit = 50, offset: Skip = 0) -> Decisions:
    """Decisions, newest first: those that were asked for, and those on incidents."""
    total, newest = memory.store.overview.answers(limit, offset)
    return Decisions(total=total, decisions=[decision(memory, one) for one in newest])


@router.get("/history", responses=responses(422))
def history(memory: TheMemory, limit: Limit = 50, offset: Skip = 0) -> Decisions:
    """The same list."""
    return decisions(memory, limit, offset)


@router.get("/stats")
def stats(memory: TheMemory) -> Stats:
    """How many decisions there are, and figures of the newest thousand."""
    total, newest = memory.store.overview.answers(NEWEST)
    measured = [one.confidence.probability for one in newest if one.confidence]
    verdicts = [one.verdict for one in newest]
    took = [one.latency_ms.total for one in newest]
    return Stats(
        total_decisions=total,
        looked_at=len(newest),
        by_verdict={name: verdicts.count(name) for name in sorted(set(verdicts))},
        with_confidence=len(measured),
        average_confidence=_mean(measured),
        average_latency_ms=_mean(took),
    )


@router.get("/{decision_id}", responses=responses(404))
def one(decision_id: str, memory: TheMemory) -> Decision:
    """One decision, by its exact id."""
    return decision(memory, memory.store.recommendation(decision_id))


def decision(memory: Memory, answer: Recommendation, *, context: bool = True) -> Decision:
    """A recommendation in this dialect."""
    found = list(dialects.incidents_in(answer.evidence)) if context else []
    cited = [answer.cause_citation] if answer.cause_citation else []
    return Decision(
        id=answer.id,
        incident_id=answer.incident,
        matched_incident=dialects.matched(answer),
        symptom=symptom(memory, answer),
        recommended_action=action(answer),
        confidence_score=dialects.confidence(answer),
        confidence_reason=answer.confidence_reason,
        verdict=answer.verdict,
        citations=[
            Cited(incident_id=one.id, quote=one.quote, line=one.line)
            for one in [*cited, *(step.citation for step in answer.steps)]
        ],
        retrieved_documents=[retrieved(*one) for one in found],
        llm_response=dialects.prose(answer),
        latency_ms=answer.latency_ms.total,
        generated_at=answer.created_at,
    )


def symptom(memory: Memory, answer: Recommendation) -> str | None:
    """What it was about: what was asked, or the incident's title."""
    if answer.incident is None:
        return answer.asked.partition("\n")[0] if answer.asked else None
    try:
        return memory.store.incident(answer.incident).title
    except NotFound:
        return None


def action(answer: Recommendation) -> str:
    """The steps with their risk and receipt; without any, that there is nothing to recommend, never a precaution."""
    if answer.steps:
        return "\n".join(dialects.numbered(answer))
    return f"No action is recommended: {answer.verdict_reason}."


def retrieved(one: Evidence, earlier: Incident) -> Retrieved:
    """An earlier incident in this dialect."""
    return Retrieved(
        incident_id=one.id,
        title=one.title,
        summary=earlier.description,
        error_type=earlier.labels.get("error_type"),
        affected_tenant=earlier.labels.get("tenant"),
        affected_service=earlier.service,
        mitigation_metric=earlier.labels.get("metric"),
        mitigation_effectiveness=None,
        similarity_score=one.score,
        resolution_confidence=None,
        tags=[tag.strip() for tag in earlier.labels.get("tags", "").split(",") if tag.strip()],
    )


def _situation(body: Analyze) -> Situation:
    place = f" on {body.service_name}" if body.service_name else ""
    metric = f"metric={body.metric_name} " if body.metric_name else ""
    tenant = f" tenant={body.tenant_id}" if body.tenant_id else ""
    spike = f"spike=+{body.spike_percentage:g}% window={body.window_minutes}m"
    named = {"error_type": body.error_type, "tenant": body.tenant_id, "metric": body.metric_name}
    return Situation(
        text=f"Anomaly: {body.error_type} +{body.spike_percentage:g} %{place}\n{metric}{spike}{tenant}",
        service=body.service_name,
        labels={name: value for name, value in named.items() if value},
    )


def _mean(numbers: list[float]) -> float | None:
    return round(sum(numbers) / len(numbers), 4) if numbers else None
