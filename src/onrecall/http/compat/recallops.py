"""RecallOps' dialect: seed, query, save back, the audit log and the totals of cost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onrecall.domain.errors import Invalid, Rejected
from onrecall.domain.incident import Evidence, Incident, Recommendation
from onrecall.http.compat import shared as dialects
from onrecall.http.compat.shared import Told
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline.service import situation
from onrecall.storage.results import ModelUse

router = APIRouter(prefix="/api", tags=["RecallOps"])
FORM = "recallops"
EVER_DAYS = 36_500
LONGEST = 200_000


class Seed(Told):
    """Old incidents; each at least an id and a title."""

    incidents: list[dict[str, Any]] = Field(max_length=10_000)


class Failed(BaseModel):
    """An incident that was left out, and how to mend it."""

    id: str
    field: str | None
    error: str


class Seeded(BaseModel):
    """What became of a seed; what is here already counts as success."""

    total: int
    success: int
    failed: list[Failed]


class Question(Told):
    """What is going on."""

    query: str = Field(
        min_length=1, max_length=LONGEST, examples=["auth service returning 503 errors users cant login"]
    )


class Similar(BaseModel):
    """An earlier incident and how alike it is."""

    id: str
    title: str
    service: str | None
    severity: str
    root_cause: str | None
    fix: str | None
    similarity: float = Field(description="The match score, 0..1. Not a probability of being right.")
    similarity_score: float
    why: list[str]


class Logged(BaseModel):
    """One thing that was done for this answer."""

    step: str
    detail: str
    milliseconds: float | None = None


class Answer(BaseModel):
    """An answer in prose, what it rests on, and what it took."""

    response: str
    similar_incidents: list[Similar]
    model_used: str
    cost: float | None = Field(description="Dollars; null where a price is not known.")
    routing_reason: str
    confidence: float | None
    confidence_reason: str | None
    audit_logs: list[Logged]


class Saved(BaseModel):
    """A resolved incident that was saved back."""

    success: bool
    id: str
    status: str
    recurrence_of: list[str]


class AuditLogs(BaseModel):
    """What happened to incidents, oldest first; `next` goes on."""

    audit_logs: list[dict[str, Any]]
    next: int


class Cost(BaseModel):
    """What one model took."""

    provider: str
    model: str
    calls: int
    rejected: int
    tokens: int
    known_cost: float
    unknown_costs: int


class Costs(BaseModel):
    """What models have cost, rejected drafts too."""

    total_cost: float | None = Field(description="Dollars; null where the price of any call is not known.")
    known_cost: float
    unknown_costs: int = Field(description="Calls whose price is not known.")
    total_calls: int
    total_tokens: int
    by_model: list[Cost]
    note: str


@router.post("/seed", responses=responses(413, 422, 503))
def seed(body: Seed, memory: TheMemory) -> Seeded:
    """Bring old incidents in; repeating it changes nothing."""
    brought = dialects.bring(memory, FORM, body.incidents)
    failed = [Failed(id=one.where, field=one.field, error=one.message) for one in brought.rejected]
    return Seeded(total=len(body.incidents), success=len(body.incidents) - len(failed), failed=failed)


@router.post("/query", responses=responses(422, 503))
def query(body: Question, memory: TheMemory) -> Answer:
    """Answer a question from memory. Nothing is written, however short the question."""
    answer = memory.ask(situation(body.query))
    return Answer(
        response=dialects.prose(answer),
        similar_incidents=[_similar(one, earlier) for one, earlier in dialects.incidents_in(answer.evidence)],
        model_used=answer.model or answer.composer,
        cost=answer.cost_usd,
        routing_reason=answer.route_reason,
        confidence=dialects.confidence(answer),
        confidence_reason=answer.confidence_reason,
        audit_logs=_logs(answer),
    )


@router.post("/incidents", responses=responses(404, 409, 422, 503))
def save(body: dict[str, Any], memory: TheMemory, caller: TheCaller) -> Saved:
    """Save a resolved incident back: it is learned from, and recallable when this answers."""
    read = dialects.read(memory, FORM, body, "the incident")
    if isinstance(read, Rejected):
        raise Invalid(read.message, read.field)
    assert isinstance(read, Incident)
    if read.resolution is None:
        raise Invalid("say what was wrong in `root_cause`, or what was done in `fix`", "root_cause")
    if dialects.found_or_none(memory.store.incident, read.id) is None:
        memory.open(replace(read, status="open", acknowledged_at=None, resolved_at=None, resolution=None))
    resolution = replace(read.resolution, provenance="human", by=caller.by())
    kept = memory.resolve(read.id, resolution)
    earlier = [link.incident for link in kept.links if link.kind == "recurrence"]
    return Saved(success=True, id=kept.id, status=kept.status, recurrence_of=earlier)


@router.get("/audit", responses=responses(422))
def audit(
    memory: TheMemory,
    after: Annotated[int, Query(ge=0, description="Go on after this `seq`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AuditLogs:
    """What happened to incidents and who did it, as the timelines have it."""
    found = memory.store.events(after, limit)
    logs = [
        {"seq": one.seq, "at": one.at, "by": one.by, "action": one.type, "incident": one.incident, "detail": one.detail}
        for one in found
    ]
    return AuditLogs(audit_logs=logs, next=found[-1].seq if found else after)


@router.get("/costs")
def costs(memory: TheMemory) -> Costs:
    """What calls of models have cost so far; one price that is not known makes the total unknown."""
    used: dict[tuple[str, str], list[ModelUse]] = {}
    for one in memory.store.usage.by_day(EVER_DAYS, memory.now()):
        used.setdefault((one.provider, one.model), []).append(one)
    models = [_cost(days) for _, days in sorted(used.items())]
    known, unknown = round(sum(one.known_cost for one in models), 6), sum(one.unknown_costs for one in models)
    return Costs(
        total_cost=None if unknown else known,
        known_cost=known,
        unknown_costs=unknown,
        total_calls=sum(one.calls for one in models),
        total_tokens=sum(one.tokens for one in models),
        by_model=models,
        note="Calls of models. Answers that were made without one, the extractive ones, cost nothing.",
    )


def _cost(days: Sequence[ModelUse]) -> Cost:
    return Cost(
        provider=days[0].provider,
        model=days[0].model,
        calls=sum(one.calls for one in days),
        rejected=sum(one.rejected for one in days),
        tokens=sum(one.input_tokens + one.output_tokens for one in days),
        known_cost=round(sum(one.known_cost_usd or 0.0 for one in days), 6),
        unknown_costs=sum(one.of_unknown_cost for one in days),
    )


def _similar(one: Evidence, earlier: Incident) -> Similar:
    return Similar(
        id=one.id,
        title=one.title,
        service=earlier.service,
        severity=earlier.severity,
        root_cause=earlier.resolution.root_cause if earlier.resolution else None,
        fix=dialects.fix(earlier),
        similarity=one.score,
        similarity_score=one.score,
        why=list(one.why),
    )


def _logs(answer: Recommendation) -> list[Logged]:
    took = answer.latency_ms
    found = f"{len(answer.evidence)} pieces of evidence: {', '.join(one.id for one in answer.evidence) or 'none'}"
    return [
        Logged(step="recall", detail=found, milliseconds=took.recall),
        Logged(step="route", detail=answer.route_reason),
        Logged(step="compose", detail=f"{answer.composer}: {answer.verdict}", milliseconds=took.compose),
    ]
