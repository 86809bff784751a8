"""RAG of Fire's decisions: analyze a situation, stream an anomaly, look up what was decided."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request

from onrecall.domain.errors import Invalid
from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, ReportedEffect
from onrecall.domain.recommendation import Recommendation
from onrecall.domain.situation import Situation
from onrecall.http.compat import answers
from onrecall.http.compat.ragoffire_schemas import (
    AnalyzeIn,
    AnomalyIn,
    AnomalyOut,
    ClearedOut,
    DecisionOut,
    HistoryOut,
    QuotedLineOut,
    RetrievedOut,
    StatsOut,
)
from onrecall.http.dependencies import TheIntake, TheMemory, sender_of
from onrecall.http.problems import responses
from onrecall.pipeline import IncidentService
from onrecall.recommendation.short_actions import action_line, find_decisive_step, matched_evidence
from onrecall.sources import WebhookRequest
from onrecall.sources.anomaly import OPTIONAL

router = APIRouter(prefix="/api/v1/decisions", tags=["RAG of Fire"])
NEWEST = 1000
JSON = {"content-type": "application/json"}
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=NEWEST)]
ErrorType = Annotated[str | None, Query(max_length=200, description="Only decisions about this kind of fault.")]


@router.post("/analyze", responses=responses(422, 503))
def analyze(body: AnalyzeIn, memory: TheMemory) -> DecisionOut:
    """Make, store and announce a decision; opens no incident. With unchanged memory, a repetition is the same one,
    sent to the WebSocket again, but posted to Slack only once.
    """
    answer = memory.decide(_situation(body), body.top_k)
    decided = decision(memory, answer, body.ignored())
    return decided if body.include_context else decided.model_copy(update={"retrieved_documents": []})


@router.post("/stream-anomaly", responses=responses(422, 503))
async def stream(body: AnomalyIn, request: Request, memory: TheMemory, intake: TheIntake) -> AnomalyOut:
    """Receive an anomaly; it is grouped, answered and sent to `/ws/incidents`. Never calls an address in it."""
    anomaly = body.model_dump(mode="json", exclude_none=True)
    anomaly["id"] = body.id or _anomaly_id(body, anomaly)
    receipt = await intake.take("anomaly", WebhookRequest(json.dumps(anomaly).encode(), JSON), *sender_of(request))
    for rejected in receipt.rejected:
        raise Invalid(rejected.message, rejected.field)
    return AnomalyOut(
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
        ignored=[name for name in body.ignored() if name not in OPTIONAL],
    )


@router.get("", responses=responses(422))
def decisions(
    memory: TheMemory, limit: Limit = 50, offset: Offset = 0, error_type: ErrorType = None
) -> list[DecisionOut]:
    """List decisions, newest first: requested ones and those on incidents."""
    _, page = memory.store.decisions.newest(limit, offset, error_type)
    return [decision(memory, answer) for answer in page]


@router.delete("")
def clear(memory: TheMemory) -> ClearedOut:
    """Clear the list. Answers and what was measured on them stay with their incidents."""
    cleared = memory.store.decisions.clear()
    return ClearedOut(status="success", message=f"{cleared} decisions are no longer listed", cleared=cleared)


@router.get("/history", responses=responses(422))
def history(memory: TheMemory, limit: Limit = 50, offset: Offset = 0, error_type: ErrorType = None) -> HistoryOut:
    """Return the same list page by page, with the total."""
    total, page = memory.store.decisions.newest(limit, offset, error_type)
    return HistoryOut(items=[decision(memory, answer) for answer in page], total=total, limit=limit, offset=offset)


@router.get("/stats")
def stats(memory: TheMemory) -> StatsOut:
    """Return statistics of all listed decisions."""
    totals = memory.store.decisions.stats()
    return StatsOut(
        total_decisions=totals.total,
        looked_at=totals.total,
        by_verdict=dict(totals.by_verdict),
        incidents_by_type=dict(totals.by_error_type),
        with_confidence=totals.with_confidence,
        average_confidence=round(totals.average_confidence, 4),
        average_latency_ms=round(totals.average_latency_ms, 2),
        last_updated=totals.newest_at or memory.now(),
    )


@router.get("/{decision_id}", responses=responses(404))
def get_decision(decision_id: str, memory: TheMemory) -> DecisionOut:
    """Return one decision by its exact id."""
    return decision(memory, memory.store.decisions.get(decision_id))


def decision(memory: IncidentService, answer: Recommendation, ignored: list[str] | None = None) -> DecisionOut:
    """Return a recommendation in this dialect."""
    matched = matched_evidence(answer)
    symptom, context = _subject(memory, answer)
    places = answers.receipts(answer)
    return DecisionOut(
        id=answer.id,
        incident_id=answer.incident,
        matched_incident=matched.id if matched else None,
        symptom=symptom,
        recommended_action=action_line(answer),
        confidence_score=answers.probability(answer),
        confidence_basis=answers.basis(answer),
        confidence_reason=answer.confidence_reason,
        verdict=answer.verdict,
        citations=[answers.receipt_line(place) for place in places],
        citation_details=[_quoted_line(place) for place in places],
        retrieved_documents=[retrieved(*match) for match in answers.earlier_incidents(answer.evidence)],
        llm_response=answers.prose(answer),
        latency_ms=answers.milliseconds(answer),
        generated_at=answer.created_at,
        tenant_id=context.get("tenant"),
        service_name=context.get("service"),
        error_type=context.get("error_type"),
        ignored=ignored or [],
    )


def _quoted_line(place: Citation) -> QuotedLineOut:
    return QuotedLineOut(incident_id=place.evidence_id, source=place.id, quote=place.quote, line=place.line)


def retrieved(evidence: Evidence, incident: Incident) -> RetrievedOut:
    """Return an earlier incident in this dialect."""
    effect = reported_effect(incident)
    return RetrievedOut(
        vector_db_id=evidence.id,
        incident_id=evidence.id,
        title=evidence.title,
        summary=incident.description,
        error_type=incident.labels.get("error_type", ""),
        affected_tenant=incident.labels.get("tenant"),
        affected_service=incident.service,
        mitigation_metric=answers.measure(incident.resolution),
        mitigation_effectiveness=effect.effectiveness or 0.0,
        resolution_confidence=effect.confidence or 0.0,
        similarity_score=evidence.score,
        tags=tags(incident),
        not_on_record=not_on_record(effect),
    )


def reported_effect(incident: Incident) -> ReportedEffect:
    """Return how well the measure that ended it worked, as far as its source says so."""
    step = find_decisive_step(incident.resolution)
    return step.effect if step and step.effect else ReportedEffect()


def not_on_record(effect: ReportedEffect) -> list[str]:
    """Return the names of the numbers that its source did not hand in."""
    handed_in = {"mitigation_effectiveness": effect.effectiveness, "resolution_confidence": effect.confidence}
    return [name for name, value in handed_in.items() if value is None]


def tags(incident: Incident) -> list[str]:
    """Return the tags of an incident, which are kept as one label."""
    return [tag.strip() for tag in incident.labels.get("tags", "").split(",") if tag.strip()]


def _subject(memory: IncidentService, answer: Recommendation) -> tuple[str, Mapping[str, str]]:
    """Return what the answer is about in one line, and service and labels of that."""
    if answer.incident is None:
        return (answer.asked or "").partition("\n")[0], answer.asked_context
    incident = answers.find_incident(memory, answer.incident)
    if incident is None:
        return answer.incident, {}
    service = {"service": incident.service} if incident.service else {}
    return incident.title, {**incident.labels, **service}


def _anomaly_id(body: AnomalyIn, anomaly: Mapping[str, object]) -> str:
    """Return a new id; an anomaly that says when it was noticed has the same id when it is sent again."""
    if body.detected_at is None:
        return f"anm-{secrets.token_hex(8)}"
    content = json.dumps(anomaly, sort_keys=True).encode()
    return f"anm-{hashlib.sha256(content).hexdigest()[:16]}"


def _situation(body: AnalyzeIn) -> Situation:
    """Return what is asked: the fault as its sender names it, what was measured, and the fault's name in words."""
    place = f" on {body.service_name}" if body.service_name else ""
    spike = f"spike=+{body.spike_percentage:g}% window={body.window_minutes}m"
    measured = (f"metric={body.metric_name}" if body.metric_name else "", spike)
    tenant = f"tenant={body.tenant_id}" if body.tenant_id else ""
    label_fields = {"error_type": body.error_type, "tenant": body.tenant_id, "metric": body.metric_name}
    lines = (
        f"Anomaly: {body.error_type} +{body.spike_percentage:g} %{place}",
        " ".join(filter(None, (*measured, tenant))),
        body.error_type.replace("_", " "),
    )
    return Situation(
        text="\n".join(lines),
        service=body.service_name,
        labels={name: value for name, value in label_fields.items() if value},
    )
