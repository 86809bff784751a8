"""The JSON of what senders tell: alerts, changes, and what could not be read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from onrecall.domain.alert import AlertLink, AlertLinkKind, AlertStatus, ChangeEvent, ChangeKind, Purpose
from onrecall.domain.incident import Incident, Severity
from onrecall.pipeline import IncidentService
from onrecall.schemas.incidents import IncidentOut, Out, RecommendationOut
from onrecall.storage import StoredAlert


class RejectedPartOut(Out):
    """One part that was left out: where it stood, which field is wrong, and how to mend it."""

    where: str
    field: str | None
    message: str


class ReceiptOut(Out):
    """What became of a message: how much of it was news, how much was known, and what could not be read."""

    accepted: int
    duplicate: int
    rejected: list[RejectedPartOut]
    problems: list[str] = Field(
        default_factory=list, description="What of it could not be read, though it was taken in: each names its field."
    )


class StoredRejectedPartOut(RejectedPartOut):
    """A part that was left out, kept until it goes in."""

    id: int
    source: str
    raw: str = Field(description="The part itself, redacted; send it mended to `/rejected/{id}/retry`.")
    received_at: datetime


class AlertOut(Out):
    """One episode of one alert."""

    id: int = Field(description="Its number here, by which it can be split off its incident.")
    source: str
    key: str
    title: str
    description: str
    status: AlertStatus
    service: str | None
    environment: str | None
    severity: Severity
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    values: Mapping[str, float]
    links: list[str]
    link_kinds: Mapping[str, AlertLinkKind] = Field(description="What a link leads to; one that is absent: the source.")
    purpose: Purpose = Field(description="What it was sent for; only `incident` opens one.")
    purpose_reason: str = Field(description="Why it is no incident.")
    end_reason: str = Field(description="Why it is over where its source did not say so, such as that it expired.")
    continues: str | None = Field(
        description="The incident that a person resolved while the alert went on firing; null: it began by itself."
    )
    problems: list[str] = Field(description="What of its message could not be read, each naming its field.")
    starts_at: datetime
    starts_known: bool = Field(description="False: the sender gave no start, so it is when we heard of it.")
    ends_at: datetime | None
    received_at: datetime
    incident: str | None = Field(description="The incident that it is in; null: none, and `joined` says why.")
    expires_at: datetime | None = Field(description="When it is over unless its source is heard again; null: never.")
    joined: Mapping[str, Any] | None = Field(description="How it came to its incident: how, score, reasons.")

    @classmethod
    def of(cls, stored: StoredAlert) -> "AlertOut":
        """What is said of a stored alert."""
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


class ChangeOut(Out):
    """Something that was changed on purpose, such as a deployment."""

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
    """A change that came shortly before an incident. That it came before does not make it the cause."""

    minutes_before: int

    @classmethod
    def of(cls, change: ChangeEvent, started_at: datetime) -> "ChangeBeforeOut":
        """A change as it is told beside an incident."""
        change_fields = {name: getattr(change, name) for name in ChangeOut.model_fields}
        return cls(**change_fields, minutes_before=int((started_at - change.at).total_seconds() // 60))


class AlertLinkOut(Out):
    """Where people can look, as an alert's sender says: untrusted, and only http or https."""

    url: str
    kind: AlertLinkKind


class NoteOut(Out):
    """What a person wrote: here, where the source is `onrecall`, or at a sender."""

    source: str
    text: str | None
    by: str | None
    at: datetime


class IncidentSeenOut(IncidentOut):
    """An incident, what was changed shortly before it, and the links of its alerts."""

    changes: list[ChangeBeforeOut] = Field(default_factory=list)
    alert_links: list[AlertLinkOut] = Field(
        default_factory=list, description="Runbooks, dashboards and so on that its alerts name; runbooks first."
    )

    def with_changes(self, changes: list[ChangeBeforeOut], links: Sequence[AlertLink] = ()) -> "IncidentSeenOut":
        """The same beside these changes and links."""
        link_items = [AlertLinkOut.model_validate(link) for link in links]
        return self.model_copy(update={"changes": changes, "alert_links": link_items})


class AnswerOut(RecommendationOut):
    """A recommendation, and what was changed shortly before its incident."""

    changes: list[ChangeBeforeOut] = Field(default_factory=list)

    def with_changes(self, changes: list[ChangeBeforeOut]) -> "AnswerOut":
        """The same beside these changes."""
        return self.model_copy(update={"changes": changes})


def changes_before(memory: IncidentService, incident: Incident) -> list[ChangeBeforeOut]:
    """What was changed shortly before an incident, newest first."""
    return [ChangeBeforeOut.of(change, incident.started_at) for change in memory.changes_before(incident)]
