"""The JSON of services: keys may be added here, never renamed."""

from datetime import datetime

from pydantic import BaseModel, Field

from onrecall.domain.document import DocumentKind
from onrecall.pipeline.services import ServiceOverview
from onrecall.schemas.alerts import ChangeOut
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.json_models import OutputModel
from onrecall.schemas.recurrences import DowntimeOut, MonthOut


class ServiceCountOut(OutputModel):
    """A service and how many incidents it has."""

    name: str
    unresolved: int
    incidents: int
    last_started_at: datetime | None = Field(
        description="The start of its newest incident; null if only documents name the service."
    )


class DocumentTitleOut(OutputModel):
    """A document without its text."""

    id: str
    title: str
    kind: DocumentKind


class AlertSourceOut(OutputModel):
    """Number of alerts about the service from one source in the last 90 days."""

    source: str
    alerts: int
    firing: int
    last_at: datetime


class OwnerOut(OutputModel):
    """The owner of the service, from a label of its newest incident that has one."""

    name: str
    label: str
    incident: str


class ServicePageOut(BaseModel):
    """What is on record about a service; lists are newest first."""

    name: str
    unresolved_count: int
    incidents_count: int
    unresolved: list[IncidentOut] = Field(description="At most 50.")
    resolved: list[IncidentOut] = Field(description="The newest 10 of the last 365 days.")
    documents: list[DocumentTitleOut] = Field(description="Runbooks first, at most 20.")
    changes: list[ChangeOut] = Field(description="The last 10.")
    alert_sources: list[AlertSourceOut]
    since: datetime = Field(description="Hours, median and months count incidents that began at or after this time.")
    lost: DowntimeOut
    median_minutes: float | None = Field(description="From start to end; null if none has both.")
    months: list[MonthOut]
    owners: list[OwnerOut]
    people: list[str] = Field(description="People who were assigned to its incidents or resolved them, newest first.")

    @classmethod
    def of(cls, overview: ServiceOverview) -> "ServicePageOut":
        """Return the JSON of a service's page."""
        record = overview.record
        return cls(
            name=record.count.name,
            unresolved_count=record.count.unresolved,
            incidents_count=record.count.incidents,
            unresolved=[IncidentOut.model_validate(incident) for incident in record.unresolved],
            resolved=[IncidentOut.model_validate(incident) for incident in overview.resolved],
            documents=[DocumentTitleOut.model_validate(document) for document in record.documents],
            changes=[ChangeOut.model_validate(change) for change in record.changes],
            alert_sources=[AlertSourceOut.model_validate(source) for source in record.alert_sources],
            since=overview.since,
            lost=DowntimeOut.model_validate(overview.lost),
            median_minutes=overview.median_minutes,
            months=[MonthOut.model_validate(month) for month in overview.months],
            owners=[OwnerOut.model_validate(owner) for owner in overview.owners],
            people=list(overview.people),
        )
