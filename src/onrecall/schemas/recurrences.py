"""The JSON of what keeps coming back: keys may be added here, never renamed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from onrecall.domain.action_item import ActionState
from onrecall.recurrences.clustering import Kind
from onrecall.schemas.evidence import CitationOut
from onrecall.schemas.json_models import OutputModel


class MembershipReasonOut(OutputModel):
    """Why an incident belongs to its family."""

    incident: str
    kind: Kind
    to: str
    because: str


class ServiceOut(OutputModel):
    """A service that a family touched, and how often."""

    name: str
    count: int


class MonthOut(OutputModel):
    """Number of incidents that began in a month (UTC)."""

    month: str = Field(examples=["2026-03"])
    count: int


class TrendOut(OutputModel):
    """The last half year compared with the one before."""

    direction: Literal["rising", "steady", "falling"] | None = Field(description="null if there are too few incidents.")
    recent: int
    before: int
    reason: str


class DowntimeOut(OutputModel):
    """Hours from start to end; overlapping hours count once."""

    hours: float
    of: int = Field(description="Incidents counted in.")
    open: int = Field(description="Excluded: still open.")
    untimed: int = Field(description="Excluded: resolved, without an end time.")
    contradictory: int = Field(description="Excluded: they end before they start.")


class SavingOut(OutputModel):
    """The hours that a permanent fix would have saved recently."""

    hours_per_month: float
    days: int
    lost: DowntimeOut


class ProvenFixOut(OutputModel):
    """The step that worked in most members, where it last worked."""

    text: str
    command: str | None
    worked: int = Field(description="Incidents in which it worked.")
    failed: int = Field(description="Incidents in which it did not help or made it worse.")
    of: int = Field(description="Incidents that say what was done.")
    citation: CitationOut


class ActionOut(OutputModel):
    """A permanent fix on record; `noted` means that it is written down, not that it is done."""

    text: str
    state: Literal["done", "open", "noted"]
    at: datetime | None
    citation: CitationOut


class FamilyActionOut(OutputModel):
    """An action item that a person added to an incident of the family."""

    incident: str
    number: int
    text: str
    owner: str | None
    due: date | None
    state: ActionState
    url: str | None


class FamilyOut(OutputModel):
    """Incidents with the same cause, oldest first."""

    id: str
    title: str
    cause: str | None
    incidents: list[str] = Field(description="Of a family with very many, the oldest and the newest; see `limits`.")
    ties: list[MembershipReasonOut]
    why: str
    count: int
    services: list[ServiceOut]
    first_seen: datetime
    last_seen: datetime
    days_between: float | None
    months: list[MonthOut]
    trend: TrendOut
    lost: DowntimeOut
    saving: SavingOut
    fix: ProvenFixOut | None
    action: ActionOut | None = Field(description="The latest one on record; null if there is none.")
    open_actions: list[ActionOut]
    tracked: list[FamilyActionOut] = Field(
        default_factory=list,
        description="Other action items of its incidents, open ones first; dropped ones are left out.",
    )


class RecurrencesOut(OutputModel):
    """Recurring problems; those whose permanent fix would save most come first."""

    families: list[FamilyOut]
    found: int = Field(description="Number of matching families, shown or not.")
    incidents: int = Field(description="Number of incidents examined.")
    since: datetime | None = Field(description="How far memory reaches back.")
    as_of: datetime
    rules: Mapping[str, str] = Field(description="How it is ranked and counted, in words.")
    limits: list[str] = Field([], description="What is not counted or not listed because there is too much of it.")
    proposed: int | None = Field(None, description="Families of root causes that wait for a label (`GET /causes`).")
