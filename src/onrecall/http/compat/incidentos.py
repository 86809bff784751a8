"""IncidentOS AI's dialect: open, resolve, look, insights, and chores that find nothing left to do."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from onrecall.bootstrap.status import StatusReport
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import Conflict
from onrecall.domain.evidence import MIN_SHOWN_MATCH, Evidence
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Recommendation
from onrecall.http.compat import answers
from onrecall.http.compat.incidentos_prose import actions, analysis
from onrecall.http.compat.requests import CompatRequest, Ignored
from onrecall.http.dependencies import TheCaller, TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.importers.steps import listed_steps
from onrecall.pipeline import IncidentService
from onrecall.pipeline import recurrences as families
from onrecall.pipeline.hindsight import HindsightPeer, PullReport, pull
from onrecall.pipeline.recommend import situation_of
from onrecall.recurrences.recurrence import Family

router = APIRouter(tags=["IncidentOS AI"])
MOST = 1000
SHOWN = 3
"""Similar past incidents beside an incident."""
NO_HINDSIGHT = "no Hindsight server is configured, so there is nothing to copy"
NEVER_REMOVED = "a recurrence is a link to the earlier incident; nothing is removed"


class NewIn(CompatRequest):
    """The situation."""

    title: str = Field(min_length=1, max_length=2000, examples=["DB connection pool at 95%"])
    description: str = Field("", max_length=200_000, examples=["API p99 latency at 6.2s, auth service returning 503s"])


class ResolveIn(CompatRequest):
    """What was wrong and what was done."""

    incident_id: str = Field(min_length=1, max_length=200)
    root_cause: str = Field(min_length=1, max_length=50_000)
    mitigation_steps: str | list[str] = Field(
        default="", max_length=50_000, description="A list, lines, or one text in which semicolons part the steps."
    )


class EarlierIncidentOut(BaseModel):
    """An earlier incident."""

    incident_id: str
    title: str
    description: str
    root_cause: str | None
    mitigation_steps: str | None
    similarity_score: float = Field(description="The match score, 0..1. Not a probability of being right.")
    created_at: datetime


class ListedOut(BaseModel):
    """An incident in a list."""

    incident_id: str
    title: str
    description: str
    status: str = Field(description="`open` or `resolved`; an acknowledged incident is `open`.")
    root_cause: str | None
    mitigation_steps: str | None
    recurrence_of: list[str]
    created_at: datetime
    resolved_at: datetime | None


class ReportedIncidentOut(ListedOut):
    """An incident and the answer from memory."""

    ai_analysis: str = Field(
        description="Prose with exactly one percentage, the confidence; without one if nothing similar was seen."
    )
    confidence: float = Field(description="How often answers like this were right, 0..1.")
    confidence_basis: str
    confidence_reason: str | None
    verdict: str = Field(description="known, similar or never_seen.")
    similar_past_incidents: list[EarlierIncidentOut] = Field(description="At most 3, best first.")
    suggested_actions: list[str] = Field(description="At most 4, each with its risk and source, without numbers.")
    ignored: Ignored


class AllIncidentsOut(BaseModel):
    """All incidents, newest first. The counts cover all of them; `next` continues the list."""

    total: int
    resolved: int
    open: int
    incidents: list[ListedOut]
    next: str | None


class ResolvedOut(BaseModel):
    """A resolved incident."""

    incident_id: str
    status: str
    root_cause: str
    mitigation_steps: str | list[str]
    memory_stored: bool
    resolved_at: datetime | None
    ignored: Ignored


class PostmortemOut(BaseModel):
    """A draft made from the records."""

    incident_id: str
    markdown: str


class InsightOut(BaseModel):
    """A recurring problem."""

    type: str
    title: str
    body: str
    action: str


class InsightsOut(BaseModel):
    """Recurring problems, most hours lost first."""

    insights: list[InsightOut]


@router.post("/incident/new", responses=responses(422, 503))
def new(body: NewIn, memory: TheMemory, worker: TheWorker) -> ReportedIncidentOut:
    """Open an incident and answer it. The same title and description is the same incident, even once resolved."""
    reported = Incident(id="", title=body.title, description=body.description, started_at=memory.now())
    opened, _ = memory.open_once(reported)
    answer = memory.store.recommendations.newest(opened.id) or memory.recommend(opened.id)
    worker.wake()
    return _incident(memory.store.incidents.get(opened.id), answer, body.ignored())


@router.post("/incident/resolve", responses=responses(404, 422, 503))
def resolve(body: ResolveIn, memory: TheMemory, caller: TheCaller) -> ResolvedOut:
    """Resolve an incident with what was done; a repetition changes nothing."""
    mitigation = body.mitigation_steps
    text = mitigation if isinstance(mitigation, str) else "\n".join(f"- {step}" for step in mitigation)
    steps = listed_steps(mitigation)
    resolution = Resolution(body.root_cause, memory.now(), steps=steps, summary=text or None, by=caller.attribution())
    resolved = memory.resolve(body.incident_id, resolution)
    return ResolvedOut(
        incident_id=resolved.id,
        status=resolved.status,
        root_cause=resolved.resolution.root_cause if resolved.resolution else body.root_cause,
        mitigation_steps=mitigation,
        memory_stored=True,
        resolved_at=resolved.resolved_at,
        ignored=body.ignored(),
    )


@router.get("/incident/{incident_id}", responses=responses(404))
def incident(incident_id: str, memory: TheMemory) -> ReportedIncidentOut:
    """Return one incident and its latest answer; an unanswered one is answered for this request only."""
    stored = memory.store.incidents.get(incident_id)
    answer = memory.store.recommendations.newest(incident_id) or memory.ask(situation_of(stored))
    return _incident(stored, answer, [])


@router.get("/incidents/all", responses=responses(422))
def all_incidents(
    memory: TheMemory,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> AllIncidentsOut:
    """List all incidents, newest first."""
    page = memory.store.incidents.page(cursor=cursor, limit=limit)
    counted = memory.store.overview.statuses()
    total, over = sum(counted.values()), counted.get("resolved", 0)
    listed = [ListedOut(**_listed(item)) for item in page.items]
    return AllIncidentsOut(total=total, resolved=over, open=total - over, incidents=listed, next=page.next_cursor)


@router.post("/incident/{incident_id}/postmortem", responses=responses(400, 404))
def postmortem(incident_id: str, memory: TheMemory) -> PostmortemOut:
    """Return a draft from the records; 400 while the incident is unresolved. Writes nothing."""
    try:
        text = memory.draft_postmortem(incident_id)
    except Conflict as error:
        raise HTTPException(400, str(error)) from error
    return PostmortemOut(incident_id=incident_id, markdown=text)


@router.get("/incidents/insights")
def insights(memory: TheMemory) -> InsightsOut:
    """Return what keeps coming back, ranked by the hours that a permanent fix would save."""
    return InsightsOut(insights=[_insight(family) for family in _families(memory).families])


@router.post("/sync", responses=responses(503))
def sync(request: Request, memory: TheMemory) -> dict[str, Any]:
    """Import from a Hindsight bank, if one is configured; a repetition changes nothing."""
    peer: HindsightPeer | None = request.app.state.hindsight
    pulled = pull(memory, peer, stored_at=True) if peer else PullReport()
    count = count_noun(pulled.skipped, "document names no incident and was", "documents name no incident and were")
    skipped = f"{count} skipped" if pulled.skipped else None
    return {
        "ok": True,
        "status": "ok",
        "fetched": pulled.fetched,
        "added": pulled.brought.created,
        "updated": pulled.brought.updated,
        "removed": 0,
        "skipped": pulled.skipped,
        "total": sum(memory.store.overview.statuses().values()),
        "detail": NO_HINDSIGHT if peer is None else skipped,
    }


@router.post("/deduplicate")
def deduplicate(memory: TheMemory) -> dict[str, Any]:
    """Return how many incidents recur; removes none."""
    total = sum(memory.store.overview.statuses().values())
    report = _families(memory, limit=MOST)
    recurring = {
        "recurring_families": report.found,
        "recurring_incidents": sum(family.count for family in report.families),
    }
    counts = {"before": total, "after": total, "removed": 0, "total": report.incidents}
    return {"ok": True, "status": "ok", **counts, **recurring, "detail": NEVER_REMOVED}


@router.get("/status")
def status(request: Request) -> dict[str, Any]:
    """Return its version, and whether a Hindsight server answers."""
    report: StatusReport = request.app.state.status()
    parts = {part.name: part.state for part in report.parts}
    return {
        "status": "down" if parts.get("store", "down") == "down" else "online",
        "version": report.version,
        "hindsight": parts.get("hindsight") == "ok",
        "parts": parts,
        "counts": report.counts,
    }


def _families(memory: IncidentService, limit: int = 20) -> families.Recurrences:
    return families.find_recurrences(memory.store, memory.now(), families.FamilyFilter(limit=limit))


def _insight(family: Family) -> InsightOut:
    services = ", ".join(service.name for service in family.services) or "no service named"
    body = f"{family.why}; {services}; {family.lost.hours:.1f} hours so far: {', '.join(family.incidents)}"
    if family.action is not None:
        action = f"{family.action.state}: {family.action.text}"
    elif family.fix is not None:
        where = f"{family.fix.citation.id}, line {family.fix.citation.line}"
        action = f"what worked {family.fix.worked} of {count_noun(family.fix.of, 'time')}: {family.fix.text} ({where})"
    else:
        action = "no permanent fix is on record; write one down"
    return InsightOut(
        type="recurrence", title=f"{family.title}: {count_noun(family.count, 'time')}", body=body, action=action
    )


def _listed(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.id,
        "title": incident.title,
        "description": incident.description,
        "status": "resolved" if incident.status == "resolved" else "open",
        "root_cause": incident.resolution.root_cause if incident.resolution else None,
        "mitigation_steps": answers.fix_text(incident),
        "recurrence_of": [link.incident for link in incident.links if link.kind == "recurrence"],
        "created_at": incident.started_at,
        "resolved_at": incident.resolved_at,
    }


def _incident(incident: Incident, answer: Recommendation, ignored: list[str]) -> ReportedIncidentOut:
    similar = list(answers.earlier_incidents(answer.evidence, MIN_SHOWN_MATCH))[:SHOWN]
    return ReportedIncidentOut(
        **_listed(incident),
        ai_analysis=analysis(incident, answer),
        confidence=answers.probability(answer),
        confidence_basis=answers.basis(answer),
        confidence_reason=answer.confidence_reason,
        verdict=answer.verdict,
        similar_past_incidents=[_past(evidence, earlier) for evidence, earlier in similar],
        suggested_actions=actions(answer),
        ignored=ignored,
    )


def _past(evidence: Evidence, earlier: Incident) -> EarlierIncidentOut:
    return EarlierIncidentOut(
        incident_id=evidence.id,
        title=evidence.title,
        description=earlier.description,
        root_cause=earlier.resolution.root_cause if earlier.resolution else None,
        mitigation_steps=answers.fix_text(earlier),
        similarity_score=evidence.score,
        created_at=earlier.started_at,
    )
