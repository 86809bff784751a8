"""IncidentOS AI's dialect: open, resolve, look, insights, and chores that find nothing left to do."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field

from onrecall.bootstrap.status import StatusReport
from onrecall.domain.errors import Conflict
from onrecall.domain.incident import Evidence, Incident, Recommendation, Resolution
from onrecall.http.compat import shared as dialects
from onrecall.http.compat.shared import Told
from onrecall.http.dependencies import TheCaller, TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.importers.steps import steps
from onrecall.pipeline import Memory
from onrecall.pipeline import recurrences as families
from onrecall.pipeline.hindsight import HindsightPeer, Pulled, pull
from onrecall.pipeline.postmortem import draft
from onrecall.recurrences.recurrence import Family

router = APIRouter(tags=["IncidentOS AI"])
MOST = 1000
NOTHING_TO_DO = "memory is one database and is never out of step with itself, so there is nothing to bring over"
NEVER_REMOVED = "a recurrence is a link to the earlier incident; nothing is removed"


class New(Told):
    """What happens."""

    title: str = Field(min_length=1, max_length=2000, examples=["DB connection pool at 95%"])
    description: str = Field("", max_length=200_000, examples=["API p99 latency at 6.2s, auth service returning 503s"])


class Resolve(Told):
    """What was wrong and what was done."""

    incident_id: str = Field(min_length=1, max_length=200)
    root_cause: str = Field(min_length=1, max_length=50_000)
    mitigation_steps: str | list[str] = Field(default="", max_length=50_000)


class Past(BaseModel):
    """An earlier incident."""

    incident_id: str
    title: str
    description: str
    root_cause: str | None
    mitigation_steps: str | None
    similarity_score: float = Field(description="The match score, 0..1. Not a probability of being right.")
    created_at: datetime


class Seen(BaseModel):
    """An incident and what memory says of it."""

    incident_id: str
    title: str
    description: str
    status: str
    ai_analysis: str | None
    confidence: float | None
    confidence_reason: str | None
    similar_past_incidents: list[Past]
    suggested_actions: list[str]
    root_cause: str | None
    mitigation_steps: str | None
    recurrence_of: list[str]
    created_at: datetime
    resolved_at: datetime | None


class Listed(BaseModel):
    """An incident in a list."""

    incident_id: str
    title: str
    description: str
    status: str
    root_cause: str | None
    mitigation_steps: str | None
    recurrence_of: list[str]
    created_at: datetime
    resolved_at: datetime | None


class All(BaseModel):
    """All incidents, newest first: the counts are of all, the list goes on with `next`."""

    total: int
    resolved: int
    open: int
    incidents: list[Listed]
    next: str | None


class Resolved(BaseModel):
    """An incident that is over."""

    incident_id: str
    status: str
    root_cause: str
    mitigation_steps: str | list[str]
    memory_stored: bool
    resolved_at: datetime | None


class Postmortem(BaseModel):
    """A draft from what is on record."""

    incident_id: str
    markdown: str


class Insight(BaseModel):
    """Something that keeps coming back."""

    type: str
    title: str
    body: str
    action: str


class Insights(BaseModel):
    """What keeps coming back, worst first."""

    insights: list[Insight]


@router.post("/incident/new", responses=responses(422, 503))
def new(body: New, memory: TheMemory, worker: TheWorker) -> Seen:
    """Open an incident and answer it."""
    opened, _ = memory.open(Incident(id="", title=body.title, description=body.description, started_at=memory.now()))
    answer = memory.recommend(opened.id)
    worker.wake()
    return _seen(opened, answer)


@router.post("/incident/resolve", responses=responses(404, 422, 503))
def resolve(body: Resolve, memory: TheMemory, caller: TheCaller) -> Resolved:
    """Close an incident with what was done; the same again changes nothing."""
    said = body.mitigation_steps
    told = said if isinstance(said, str) else "\n".join(f"- {one}" for one in said)
    done = steps(told, prose=True)
    resolution = Resolution(body.root_cause, memory.now(), steps=done, summary=told or None, by=caller.by())
    kept = memory.resolve(body.incident_id, resolution)
    return Resolved(
        incident_id=kept.id,
        status=kept.status,
        root_cause=kept.resolution.root_cause if kept.resolution else body.root_cause,
        mitigation_steps=said,
        memory_stored=True,
        resolved_at=kept.resolved_at,
    )


@router.get("/incident/{incident_id}", responses=responses(404))
def incident(incident_id: str, memory: TheMemory) -> Seen:
    """One incident, and the newest answer to it."""
    return _seen(memory.store.incident(incident_id), memory.store.newest_recommendation(incident_id))


@router.get("/incidents/all", responses=responses(422))
def all_incidents(
    memory: TheMemory,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> All:
    """All incidents, newest first."""
    page = memory.store.incidents(cursor=cursor, limit=limit)
    counted = memory.store.overview.statuses()
    total, over = sum(counted.values()), counted.get("resolved", 0)
    listed = [Listed(**_told(one)) for one in page.items]
    return All(total=total, resolved=over, open=total - over, incidents=listed, next=page.next_cursor)


@router.post("/incident/{incident_id}/postmortem", responses=responses(400, 404))
def postmortem(incident_id: str, memory: TheMemory) -> Postmortem:
    """A draft from what is on record; 400 while the incident is unresolved. Nothing is written."""
    found = memory.store.incident(incident_id)
    try:
        text = draft(found, memory.store.timeline(incident_id), memory.changes_before(found))
    except Conflict as error:
        raise HTTPException(400, str(error)) from error
    return Postmortem(incident_id=incident_id, markdown=text)


@router.get("/incidents/insights")
def insights(memory: TheMemory) -> Insights:
    """What keeps coming back, ranked by the hours that a permanent fix would save."""
    return Insights(insights=[_insight(one) for one in _families(memory).families])


@router.post("/sync", responses=responses(503))
def sync(request: Request, memory: TheMemory) -> dict[str, Any]:
    """Bring in what a Hindsight bank has, where one is configured; again, it changes nothing."""
    peer: HindsightPeer | None = request.app.state.hindsight
    pulled = pull(memory, peer, stored_at=True) if peer else Pulled()
    skipped = f"{pulled.skipped} documents name no incident and were skipped" if pulled.skipped else None
    return {
        "ok": True,
        "status": "ok",
        "fetched": pulled.fetched,
        "added": pulled.brought.created,
        "updated": pulled.brought.updated,
        "removed": 0,
        "skipped": pulled.skipped,
        "total": sum(memory.store.overview.statuses().values()),
        "detail": NOTHING_TO_DO if peer is None else skipped,
    }


@router.post("/deduplicate")
def deduplicate(memory: TheMemory) -> dict[str, Any]:
    """Say how many incidents recur; none is removed, and nothing changes."""
    found = _families(memory, limit=MOST)
    counts = {"total": found.incidents, "removed": 0, "recurring_families": found.found}
    recurring = sum(one.count for one in found.families)
    return {"status": "ok", **counts, "recurring_incidents": recurring, "detail": NEVER_REMOVED}


@router.get("/status")
def status(request: Request) -> dict[str, Any]:
    """Whether it answers, its version, and whether a Hindsight server does."""
    report: StatusReport = request.app.state.status()
    memory = any(part.name == "store" and part.state != "down" for part in report.parts)
    word = "online" if memory else "down"
    parts = {part.name: part.state for part in report.parts}
    hindsight = parts.get("hindsight") == "ok"
    return {"status": word, "version": report.version, "hindsight": hindsight, "parts": parts, "counts": report.counts}


def _families(memory: Memory, limit: int = 20) -> families.Recurrences:
    return families.recurrences(memory.store, memory.now(), families.Wanted(limit=limit))


def _insight(family: Family) -> Insight:
    services = ", ".join(one.name for one in family.services) or "no service named"
    body = f"{family.why}; {services}; {family.lost.hours:.1f} hours so far: {', '.join(family.incidents)}"
    if family.action is not None:
        action = f"{family.action.state}: {family.action.text}"
    elif family.fix is not None:
        where = f"{family.fix.citation.id}, line {family.fix.citation.line}"
        action = f"what worked {family.fix.worked} of {family.fix.of} times: {family.fix.text} ({where})"
    else:
        action = "no permanent fix is on record; write one down"
    return Insight(type="recurrence", title=f"{family.title}: {family.count} times", body=body, action=action)


def _told(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.id,
        "title": incident.title,
        "description": incident.description,
        "status": "resolved" if incident.status == "resolved" else "open",
        "root_cause": incident.resolution.root_cause if incident.resolution else None,
        "mitigation_steps": dialects.fix(incident),
        "recurrence_of": [link.incident for link in incident.links if link.kind == "recurrence"],
        "created_at": incident.started_at,
        "resolved_at": incident.resolved_at,
    }


def _seen(incident: Incident, answer: Recommendation | None) -> Seen:
    return Seen(
        **_told(incident),
        ai_analysis=dialects.prose(answer) if answer else None,
        confidence=dialects.confidence(answer) if answer else None,
        confidence_reason=answer.confidence_reason if answer else "not answered yet",
        similar_past_incidents=[_past(*one) for one in dialects.incidents_in(answer.evidence)] if answer else [],
        suggested_actions=dialects.numbered(answer) if answer else [],
    )


def _past(one: Evidence, earlier: Incident) -> Past:
    return Past(
        incident_id=one.id,
        title=one.title,
        description=earlier.description,
        root_cause=earlier.resolution.root_cause if earlier.resolution else None,
        mitigation_steps=dialects.fix(earlier),
        similarity_score=one.score,
        created_at=earlier.started_at,
    )
