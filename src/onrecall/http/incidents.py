"""Incidents: opened, answered, resolved, reopened, and what came of the answers."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Incident, Severity, Status
from onrecall.domain.recommendation import RecommendationOutcome, StepVerdict
from onrecall.http.dependencies import TheCaller, TheMemory, TheStream, TheWorker
from onrecall.http.long_polls import while_connected
from onrecall.http.problems import responses
from onrecall.pipeline.recommend import situation_of
from onrecall.schemas.alerts import AnswerOut, ChangeBeforeOut, IncidentSeenOut, changes_before, see_incident
from onrecall.schemas.incidents import EventOut, IncidentIn, IncidentOut, LinkIn, ResolutionIn, ResolutionOut
from onrecall.schemas.json_models import When
from onrecall.schemas.recommendations import CheckResultIn, OutcomeIn, RecommendationOut

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class Incidents(BaseModel):
    """A page of incidents; `next` fetches the following one."""

    items: list[IncidentOut]
    next: str | None


class Resolutions(BaseModel):
    """Every version of an incident's resolution, newest first."""

    items: list[ResolutionOut]


class Timeline(BaseModel):
    """The events of an incident, in order."""

    items: list[EventOut]
    changes: list[ChangeBeforeOut]


@router.post("/incidents", status_code=201, responses={200: {"model": IncidentOut}, **responses(409, 422, 503)})
def open_incident(incident: IncidentIn, memory: TheMemory, worker: TheWorker, response: Response) -> IncidentOut:
    """Open an incident; repeating an id answers 200 with the same content, 409 with other content."""
    opened, created = memory.open(
        Incident(
            id=incident.id or "",
            title=incident.title,
            description=incident.description,
            service=incident.service,
            environment=incident.environment,
            severity=incident.severity,
            labels=incident.labels,
            started_at=incident.started_at or memory.now(),
        ),
        dated=incident.started_at is not None,
    )
    worker.wake()
    if not created:
        response.status_code = 200
    return IncidentOut.model_validate(opened)


@router.get("/incidents", responses=responses(422))
def incidents(
    memory: TheMemory,
    status: Status | None = None,
    service: str | None = None,
    severity: Severity | None = None,
    q: Annotated[str | None, Query(description="Words in the title or the description.")] = None,
    since: Annotated[When | None, Query(description="Started at or after.")] = None,
    until: Annotated[When | None, Query(description="Started before.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Incidents:
    """List incidents, newest first."""
    page = memory.store.incidents.page(
        status=status, service=service, severity=severity, q=q, since=since, until=until, cursor=cursor, limit=limit
    )
    return Incidents(items=[IncidentOut.model_validate(incident) for incident in page.items], next=page.next_cursor)


@router.get("/incidents/{incident_id}", responses=responses(404))
def incident(incident_id: str, memory: TheMemory, as_of: When | None = None) -> IncidentSeenOut:
    """Return one incident, now or as known at a given time, with the changes shortly before it."""
    return see_incident(memory, memory.store.incidents.get(incident_id, as_of))


@router.get("/incidents/{incident_id}/timeline", responses=responses(404))
def timeline(incident_id: str, memory: TheMemory) -> Timeline:
    """Return its events in order, with the changes shortly before it."""
    items = [EventOut.model_validate(event) for event in memory.store.events.timeline(incident_id)]
    return Timeline(items=items, changes=changes_before(memory, memory.store.incidents.get(incident_id)))


@router.get("/incidents/{incident_id}/resolutions", responses=responses(404))
def resolutions(incident_id: str, memory: TheMemory) -> Resolutions:
    """List every version of its resolution, newest first."""
    return Resolutions(
        items=[
            ResolutionOut.model_validate(resolution) for resolution in memory.store.incidents.resolutions(incident_id)
        ]
    )


@router.get("/incidents/{incident_id}/recommendation", responses=responses(404, 422))
async def recommendation(
    incident_id: str,
    request: Request,
    memory: TheMemory,
    stream: TheStream,
    wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the first recommendation.")] = 0,
) -> AnswerOut:
    """Return the latest recommendation, with the changes shortly before; 404 while there is none."""
    incident = await run_in_threadpool(memory.store.incidents.get, incident_id)
    look = partial(memory.store.recommendations.newest, incident_id)
    newest = await while_connected(request, stream.wait_for(incident_id, look, wait))
    if newest is None:
        raise NotFound(f"incident {incident_id} has no recommendation yet; ask again with ?wait=5")
    newest = await run_in_threadpool(memory.checks.with_results, newest)
    opinion = await run_in_threadpool(memory.second_opinions.beside, newest, situation_of(incident))
    changes = await run_in_threadpool(changes_before, memory, incident)
    return AnswerOut.model_validate(newest).beside(opinion).with_changes(changes)


@router.get(
    "/incidents/{incident_id}/postmortem",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {}}}, **responses(404, 409)},
)
def postmortem(incident_id: str, memory: TheMemory) -> PlainTextResponse:
    """Return a Markdown draft from the records; 409 while the incident is open."""
    return PlainTextResponse(memory.draft_postmortem(incident_id), media_type="text/markdown")


@router.post("/incidents/{incident_id}/resolution", responses=responses(404, 409, 422, 503))
def resolve(incident_id: str, resolution: ResolutionIn, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Resolve it with what fixed it. A repetition changes nothing; another resolution is a new version."""
    signed_resolution = replace(resolution.to_domain(memory.now()), by=caller.attribution(resolution.by))
    return IncidentOut.model_validate(memory.resolve(incident_id, signed_resolution, resolution.recurrence_of))


@router.post("/incidents/{incident_id}/acknowledge", responses=responses(404, 409, 503))
def acknowledge(incident_id: str, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Record that somebody is working on it."""
    return IncidentOut.model_validate(memory.acknowledge(incident_id, caller.attribution()))


@router.post("/incidents/{incident_id}/reopen", responses=responses(404, 503))
def reopen(incident_id: str, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Reopen it, and revoke what its resolution contributed."""
    return IncidentOut.model_validate(memory.reopen(incident_id, caller.attribution()))


@router.post("/incidents/{incident_id}/links", responses=responses(404, 422, 503))
def link(incident_id: str, link: LinkIn, memory: TheMemory, caller: TheCaller) -> IncidentOut:
    """Link it to an earlier incident."""
    return IncidentOut.model_validate(memory.link(incident_id, link.kind, link.incident, caller.attribution()))


@router.post("/recommendations/{recommendation_id}/outcome", responses=responses(404, 422, 503))
def outcome(recommendation_id: str, outcome: OutcomeIn, memory: TheMemory, caller: TheCaller) -> RecommendationOut:
    """Report whether it helped, and the outcome of its steps."""
    steps = tuple(StepVerdict(step.n, step.outcome) for step in outcome.steps)
    by = caller.attribution(outcome.by)
    memory.rate(
        RecommendationOutcome(recommendation_id, outcome.verdict, memory.now(), steps, outcome.note, by),
        outcome.incident,
    )
    return RecommendationOut.model_validate(
        memory.checks.with_results(memory.store.recommendations.get(recommendation_id))
    )


@router.post("/recommendations/{recommendation_id}/checks/{n}", responses=responses(404, 422, 503))
def check(
    recommendation_id: str, n: int, check: CheckResultIn, memory: TheMemory, caller: TheCaller
) -> RecommendationOut:
    """Report what a check found; it goes to the timeline and rates nothing. The same again changes nothing."""
    marked = memory.checks.mark(recommendation_id, n, check.result, caller.attribution(check.by))
    return RecommendationOut.model_validate(marked)


@router.get("/recommendations/{recommendation_id}", responses=responses(404))
def one_recommendation(recommendation_id: str, memory: TheMemory) -> RecommendationOut:
    """Return one recommendation as it was given, with what its checks found since."""
    return RecommendationOut.model_validate(
        memory.checks.with_results(memory.store.recommendations.get(recommendation_id))
    )
