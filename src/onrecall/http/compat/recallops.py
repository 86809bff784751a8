"""RecallOps' dialect: seed, query, save back, the audit log and the totals of cost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from onrecall.domain.errors import Conflict, Invalid, RejectedInput
from onrecall.domain.evidence import MIN_SHOWN_MATCH, Evidence
from onrecall.domain.incident import EXAMPLE, Incident
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import make_situation
from onrecall.http.compat import answers
from onrecall.http.compat.records import ReadRecord, import_records, read_record
from onrecall.http.compat.requests import CompatRequest, Ignored, clean_names
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import IncidentService
from onrecall.recommendation.short_actions import action_line
from onrecall.storage.results import DailyModelUsage

router = APIRouter(prefix="/api", tags=["RecallOps"])
FORM = "recallops"
SHOWN = 3
"""Similar incidents in an answer."""
RECORD_FIELDS = ("title", "description", "service", "environment", "severity", "labels")
"""What an incident says of itself beside its resolution."""
EVER_DAYS = 36_500
LONGEST = 200_000


class SeedIn(CompatRequest):
    """Old incidents; each at least an id and a title."""

    incidents: list[dict[str, Any]] = Field(
        max_length=10_000,
        description="The fix may be named `fix`, `resolution` or `fix_applied`, logs `error_logs`, `error_log` or "
        "`logs`: all of them are accepted.",
    )


class FailedOut(BaseModel):
    """A rejected incident, and how to correct it."""

    id: str
    field: str | None
    error: str


class SeedOut(BaseModel):
    """The result of a seed; existing records count as success."""

    total: int
    success: int
    failed: list[FailedOut]
    ignored: Ignored = Field(default_factory=list, description="Present if a field has no counterpart in an incident.")


class QueryIn(CompatRequest):
    """The situation."""

    query: str = Field(
        min_length=1, max_length=LONGEST, examples=["auth service returning 503 errors users cant login"]
    )


class SimilarOut(BaseModel):
    """An earlier incident and its similarity."""

    id: str
    title: str
    service: str | None
    severity: str
    root_cause: str | None
    fix: str | None
    resolution: str | None = Field(description="The same as `fix`.")
    similarity: float = Field(description="The match score, 0..1. Not a probability of being right.")
    similarity_score: float = Field(description="The same.")
    why: list[str]


class LogOut(BaseModel):
    """One phase of this answer."""

    step: str
    detail: str
    milliseconds: float | None = None


class QueryOut(BaseModel):
    """An answer in prose, with its evidence and its cost."""

    response: str
    similar_incidents: list[SimilarOut] = Field(description="At most 3, best first, without those that hardly match.")
    model_used: str
    cost: float | None = Field(description="Dollars; null if a price is unknown.")
    routing_reason: str
    confidence: float = Field(description="How often answers like this were right, 0..1.")
    confidence_basis: str
    confidence_reason: str | None
    recommended_action: str
    verdict: str
    audit_logs: list[LogOut]
    ignored: Ignored


class SavedOut(BaseModel):
    """A resolved incident that was stored."""

    success: bool
    id: str
    status: str
    recurrence_of: list[str]
    ignored: Ignored


class AuditLogsOut(BaseModel):
    """Events of incidents, oldest first; `next` continues."""

    audit_logs: list[dict[str, Any]]
    next: int


class CostOut(BaseModel):
    """The use of one model."""

    provider: str
    model: str
    calls: int
    rejected: int
    tokens: int
    known_cost: float
    unknown_costs: int


class CostsOut(BaseModel):
    """The cost of models, including rejected drafts."""

    total_cost: float | None = Field(description="Dollars; null if the price of any call is unknown.")
    known_cost: float
    unknown_costs: int = Field(description="Calls whose price is unknown.")
    total_calls: int
    total_tokens: int
    by_model: list[CostOut]
    note: str


@router.post("/seed", responses=responses(413, 422, 503), response_model_exclude_unset=True)
def seed(body: SeedIn, memory: TheMemory) -> SeedOut:
    """Import earlier incidents; a repetition changes nothing."""
    imported = import_records(memory, FORM, body.incidents)
    failed = [FailedOut(id=part.where, field=part.field, error=part.message) for part in imported.brought.rejected]
    seeded = SeedOut(total=len(body.incidents), success=len(body.incidents) - len(failed), failed=failed)
    ignored = body.ignored(imported.ignored)
    return seeded.model_copy(update={"ignored": ignored}) if ignored else seeded


@router.post("/query", responses=responses(422, 503))
def query(body: QueryIn, memory: TheMemory) -> QueryOut:
    """Answer a question from memory. Writes nothing."""
    answer = memory.ask(make_situation(body.query))
    similar = list(answers.earlier_incidents(answer.evidence, MIN_SHOWN_MATCH))[:SHOWN]
    return QueryOut(
        response=answers.prose(answer),
        similar_incidents=[_similar(evidence, incident) for evidence, incident in similar],
        model_used=answer.model or answer.composer,
        cost=answer.cost_usd,
        routing_reason=answer.route_reason,
        confidence=answers.probability(answer),
        confidence_basis=answers.basis(answer),
        confidence_reason=answer.confidence_reason,
        recommended_action=action_line(answer),
        verdict=answer.verdict,
        audit_logs=_logs(answer),
        ignored=body.ignored(),
    )


@router.post("/incidents", responses=responses(404, 409, 422, 503))
def save(body: dict[str, Any], memory: TheMemory, caller: TheCaller) -> SavedOut:
    """Store a resolved incident; recall finds it as soon as this answers."""
    read = read_record(memory, FORM, body, "the incident")
    incident = _require_resolved(read)
    unchanged = _open_or_update(
        memory, replace(incident, status="open", acknowledged_at=None, resolved_at=None, resolution=None)
    )
    assert incident.resolution
    resolved = memory.resolve(incident.id, replace(incident.resolution, provenance="human", by=caller.attribution()))
    earlier = [link.incident for link in resolved.links if link.kind == "recurrence"]
    ignored = clean_names((*read.ignored, *unchanged))
    return SavedOut(success=True, id=resolved.id, status=resolved.status, recurrence_of=earlier, ignored=ignored)


@router.get("/audit", responses=responses(422))
def audit(
    memory: TheMemory,
    after: Annotated[int, Query(ge=0, description="Continue after this `seq`.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AuditLogsOut:
    """Return what happened to incidents, and who did it, from their timelines."""
    events = memory.store.events.feed(after, limit)
    logs = [
        {
            "seq": event.seq,
            "at": event.at,
            "by": event.by,
            "action": event.type,
            "incident": event.incident,
            "detail": event.detail,
        }
        for event in events
    ]
    return AuditLogsOut(audit_logs=logs, next=events[-1].seq if events else after)


@router.get("/costs")
def costs(memory: TheMemory) -> CostsOut:
    """Return the cost of model calls so far; a single unknown price makes the total unknown."""
    used: dict[tuple[str, str], list[DailyModelUsage]] = {}
    for day in memory.store.usage.by_day(EVER_DAYS, memory.now()):
        used.setdefault((day.provider, day.model), []).append(day)
    models = [_cost(days) for _, days in sorted(used.items())]
    known_cost, unknown_costs = (
        round(sum(cost.known_cost for cost in models), 6),
        sum(cost.unknown_costs for cost in models),
    )
    return CostsOut(
        total_cost=None if unknown_costs else known_cost,
        known_cost=known_cost,
        unknown_costs=unknown_costs,
        total_calls=sum(cost.calls for cost in models),
        total_tokens=sum(cost.tokens for cost in models),
        by_model=models,
        note="Calls of models. Extractive answers, which are made without a model, cost nothing.",
    )


def _require_resolved(read: ReadRecord) -> Incident:
    """Return the incident that was read. Raises Invalid if it can't be read, or does not say what was wrong."""
    incident = read.item
    if isinstance(incident, RejectedInput):
        raise Invalid(incident.message, incident.field)
    if incident.resolution is None:
        raise Invalid("give the root cause in `root_cause`, or the fix in `fix`", "root_cause")
    return incident


def _open_or_update(memory: IncidentService, incident: Incident) -> tuple[str, ...]:
    """Open the incident, or change it where it came from here; names what of another's incident stays as it was."""
    stored = answers.find_incident(memory, incident.id)
    if stored is None or stored.source == EXAMPLE:
        memory.open(incident)
        return ()
    if stored.source == FORM:
        for refused in memory.import_history([incident]).rejected:
            raise Conflict(refused.message)
        return ()
    reported = ((name, getattr(incident, name)) for name in RECORD_FIELDS)
    return tuple(name for name, value in reported if value and value not in ("unknown", getattr(stored, name)))


def _cost(days: Sequence[DailyModelUsage]) -> CostOut:
    return CostOut(
        provider=days[0].provider,
        model=days[0].model,
        calls=sum(day.calls for day in days),
        rejected=sum(day.rejected for day in days),
        tokens=sum(day.input_tokens + day.output_tokens for day in days),
        known_cost=round(sum(day.known_cost_usd or 0.0 for day in days), 6),
        unknown_costs=sum(day.of_unknown_cost for day in days),
    )


def _similar(evidence: Evidence, incident: Incident) -> SimilarOut:
    fix = answers.fix_text(incident)
    return SimilarOut(
        id=evidence.id,
        title=evidence.title,
        service=incident.service,
        severity=incident.severity,
        root_cause=incident.resolution.root_cause if incident.resolution else None,
        fix=fix,
        resolution=fix,
        similarity=evidence.score,
        similarity_score=evidence.score,
        why=list(evidence.why),
    )


def _logs(answer: Recommendation) -> list[LogOut]:
    took = answer.latency_ms
    shown = [evidence.id for evidence in answer.evidence if evidence.score >= MIN_SHOWN_MATCH]
    pieces = f"{len(shown)} piece{'' if len(shown) == 1 else 's'} of evidence"
    return [
        LogOut(step="recall", detail=f"{pieces}: {', '.join(shown) or 'none'}", milliseconds=took.recall),
        LogOut(step="route", detail=answer.route_reason),
        LogOut(step="compose", detail=f"{answer.composer}: {answer.verdict}", milliseconds=took.compose),
    ]
