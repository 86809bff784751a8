"""The JSON of what senders tell: alerts, changes, and what could not be read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from onrecall.domain.alert import AlertLink, AlertLinkKind, AlertStatus, ChangeEvent, ChangeKind, Purpose
from onrecall.domain.incident import Incident, Severity
from onrecall.pipeline import IncidentService
from onrecall.schemas.imports import RejectedPartOut
from onrecall.schemas.incidents import IncidentOut
from onrecall.schemas.json_models import OutputModel
from onrecall.schemas.recommendations import RecommendationOut
from onrecall.storage import StoredAlert


class ReceiptOut(OutputModel):
    """The result of a message: accepted and duplicate alerts, and rejected parts."""

    accepted: int
    duplicate: int
    rejected: list[RejectedPartOut]
    problems: list[str] = Field(
        default_factory=list, description="Fields that could not be read although the alert was accepted."
    )


class StoredRejectedPartOut(RejectedPartOut):
    """A rejected part, stored until a retry succeeds."""

    id: int
    source: str
    raw: str = Field(description="The part itself, redacted; send the corrected part to `/rejected/{id}/retry`.")
    received_at: datetime


class AlertOut(OutputModel):
    """One episode of one alert."""

    id: int = Field(description="Its number in OnRecall, for splitting it off its incident.")
    source: str
    key: str
    title: str
    description: str = Field(description="What its source wrote while it fired.")
    status: AlertStatus
    service: str | None
    environment: str | None
    severity: Severity
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    values: Mapping[str, float]
    links: list[str]
    link_kinds: Mapping[str, AlertLinkKind] = Field(
        description="What each link leads to; by default the alert in its source."
    )
    purpose: Purpose = Field(description="Why it was sent; only `incident` opens an incident.")
    purpose_reason: str = Field(description="Why it opened no incident.")
    end_reason: str = Field(
        description="Why it ended although its source did not report the end, such as that it expired."
    )
    end_description: str = Field(description="What its source wrote when it ended, if that differs from `description`.")
    continues: str | None = Field(
        description="The incident that a person resolved while this alert kept firing; null if it began by itself."
    )
    problems: list[str] = Field(description="Fields of its message that could not be read.")
    starts_at: datetime
    starts_known: bool = Field(
        description="False if the sender gave no start; `starts_at` is then the time of arrival."
    )
    ends_at: datetime | None
    received_at: datetime
    incident: str | None = Field(description="The incident that it belongs to; null if none, and `joined` says why.")
    expires_at: datetime | None = Field(description="When it expires unless its source sends it again; null: never.")
    joined: Mapping[str, Any] | None = Field(description="Why it belongs to its incident: how, score, reasons.")

    @classmethod
    def of(cls, stored: StoredAlert) -> "AlertOut":
        """Return it as JSON shows it."""
        alert = stored.alert
        alert_fields = {name: getattr(alert, name) for name in cls.model_fields if hasattr(alert, name)}
        return cls(
            **alert_fields,
            id=stored.id,
            received_at=stored.received_at,
            incident=stored.incident,
            expires_at=stored.expires_at,
            joined=stored.joined,
        )


class ChangeOut(OutputModel):
    """A deliberate change, such as a deployment."""

    source: str
    key: str
    title: str
    kind: ChangeKind
    at: datetime
    service: str | None
    environment: str | None
    labels: Mapping[str, str]
    links: list[str]


class ChangeBeforeOut(ChangeOut):
    """A change shortly before an incident. Coming first does not make it the cause."""

    minutes_before: int

    @classmethod
    def of(cls, change: ChangeEvent, started_at: datetime) -> "ChangeBeforeOut":
        """Return it as JSON shows it."""
        change_fields = {name: getattr(change, name) for name in ChangeOut.model_fields}
        return cls(**change_fields, minutes_before=int((started_at - change.at).total_seconds() // 60))


class AlertLinkOut(OutputModel):
    """A link that an alert's sender supplies: untrusted, and only http or https."""

    url: str
    kind: AlertLinkKind


class NoteOut(OutputModel):
    """A note of a person: written in OnRecall if `source` is `onrecall`, otherwise in a source tool."""

    source: str
    text: str | None
    by: str | None
    at: datetime


class IncidentSeenOut(IncidentOut):
    """An incident, the changes shortly before it, and the links of its alerts."""

    changes: list[ChangeBeforeOut] = Field(default_factory=list)
    alert_links: list[AlertLinkOut] = Field(
        default_factory=list, description="Runbooks, dashboards and other links of its alerts; runbooks first."
    )
    answered: bool | None = Field(
        None, description="Whether it has a recommendation to ask for; null where that was not looked up."
    )
    alert_count: int | None = Field(None, description="How many alerts it has; null where that was not looked up.")

    def beside(
        self, changes: list[ChangeBeforeOut], links: Sequence[AlertLink], *, answered: bool
    ) -> "IncidentSeenOut":
        """Return the same beside these changes and links."""
        link_items = [AlertLinkOut.model_validate(link) for link in links]
        return self.model_copy(update={"changes": changes, "alert_links": link_items, "answered": answered})


class AnswerOut(RecommendationOut):
    """A recommendation, with the changes shortly before its incident."""

    changes: list[ChangeBeforeOut] = Field(default_factory=list)

    def with_changes(self, changes: list[ChangeBeforeOut]) -> "AnswerOut":
        """Return the same beside these changes."""
        return self.model_copy(update={"changes": changes})


def see_incident(memory: IncidentService, incident: Incident) -> IncidentSeenOut:
    """Return an incident with the changes shortly before it, its alerts' links, and whether it has an answer."""
    seen = IncidentSeenOut.model_validate(incident).beside(
        changes_before(memory, incident),
        memory.alert_links(incident.id),
        answered=memory.store.recommendations.has_any(incident.id),
    )
    return seen.model_copy(update={"alert_count": memory.store.alerts.count(incident.id)})


def changes_before(memory: IncidentService, incident: Incident) -> list[ChangeBeforeOut]:
    """Return the changes shortly before an incident, newest first."""
    return [ChangeBeforeOut.of(change, incident.started_at) for change in memory.changes_before(incident)]
