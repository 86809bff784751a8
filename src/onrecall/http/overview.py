"""What is going on at a glance: incidents with their verdict, their size and what happened last."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from onrecall.domain.incident import Severity, Status
from onrecall.domain.recommendation import Verdict
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.schemas.alerts import ChangeBeforeOut
from onrecall.schemas.incidents import EventOut, IncidentOut
from onrecall.schemas.json_models import OutputModel
from onrecall.schemas.recommendations import ConfidenceOut
from onrecall.storage.incident_order import IncidentOrder, SortKey
from onrecall.storage.incident_rows import IncidentFilter
from onrecall.storage.overview import IncidentSummary

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class AnswerSummaryOut(OutputModel):
    """A one-line answer."""

    verdict: Verdict
    cause: str | None
    cause_label: str | None
    confidence: ConfidenceOut | None
    confidence_reason: str | None
    composer: str


class IncidentSummaryOut(BaseModel):
    """An incident with the details that a list shows."""

    incident: IncidentOut
    answer: AnswerSummaryOut | None
    alerts: int
    last: EventOut | None
    change: ChangeBeforeOut | None

    @classmethod
    def of(cls, summary: IncidentSummary) -> "IncidentSummaryOut":
        """Return a summary as JSON."""
        return cls(
            incident=IncidentOut.model_validate(summary.incident),
            answer=AnswerSummaryOut.model_validate(summary.answer) if summary.answer else None,
            alerts=summary.alerts,
            last=EventOut.model_validate(summary.last) if summary.last else None,
            change=ChangeBeforeOut.of(summary.change, summary.incident.started_at) if summary.change else None,
        )


class IncidentSummaryPage(BaseModel):
    """A page of incident summaries; `next` fetches the following one."""

    items: list[IncidentSummaryOut]
    next: str | None


@router.get("/now", responses=responses(422))
def now(
    memory: TheMemory,
    status: Annotated[Status | Literal["unresolved"], Query(description="`unresolved` is open or acknowledged.")] = (
        "unresolved"
    ),
    service: str | None = None,
    severity: Severity | None = None,
    q: Annotated[str | None, Query(description="Words in the title or the description.")] = None,
    sort: Annotated[
        SortKey, Query(description="The field to order incidents by; ties are newest first.")
    ] = "started_at",
    order: Annotated[
        Literal["desc", "asc"], Query(description="`desc` puts the newest, the most severe, or Z first.")
    ] = "desc",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> IncidentSummaryPage:
    """List open incidents with verdict, trust, number of alerts, last event and last change before, newest first."""
    page = memory.store.overview.summaries(
        IncidentFilter(status, service, severity, q), cursor, limit, IncidentOrder(sort, order == "desc")
    )
    return IncidentSummaryPage(items=[IncidentSummaryOut.of(summary) for summary in page.items], next=page.next_cursor)
