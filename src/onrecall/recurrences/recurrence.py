"""Recurrences: families of incidents with the same cause, and the hours that a permanent fix would save."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.action_item import TrackedAction
from onrecall.domain.incident import Incident
from onrecall.recurrences.clustering import MembershipReason, RecurrenceGroup, SimilarCauses, group_incidents
from onrecall.recurrences.corrective_actions import CorrectiveAction, ProvenFix
from onrecall.recurrences.occurrences import (
    DAYS_PER_MONTH,
    WINDOW,
    DowntimeHours,
    Month,
    Trend,
    compute_downtime,
    compute_trend,
    count_by_month,
    days_between,
)

__all__ = [
    "RULES",
    "CorrectiveAction",
    "DowntimeHours",
    "Family",
    "MembershipReason",
    "Month",
    "ProvenFix",
    "Saving",
    "Service",
    "SimilarCauses",
    "Trend",
    "find_families",
]

RULES = {
    "rank": (
        f"By the hours that a family took in the last {WINDOW.days} days, as hours a month: what a permanent fix would "
        "have saved. Then by all hours lost, by count, by the last one. It is counted, not forecast."
    ),
    "trend": (
        f"The last {WINDOW.days} days beside the {WINDOW.days} days before. Rising or falling: they differ by two or "
        "more, and by more than the square root of their sum. None is claimed with fewer than three incidents or where "
        "memory does not reach back so far."
    ),
    "hours": (
        "From start to end. Hours that incidents of a family overlap count once; what is open, has no end or ends "
        "before it starts is left out."
    ),
}


@dataclass(frozen=True, slots=True)
class Service:
    """A service that a family touched."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Saving:
    """What a permanent fix would have saved: the hours lost in the last days, as hours a month."""

    hours_per_month: float
    days: int
    lost: DowntimeHours
    """In these days, and of how many incidents."""


@dataclass(frozen=True, slots=True)
class Family:
    """Incidents with the same cause, oldest first."""

    id: str
    """Its oldest member's id."""
    title: str
    """The cause's label, or else the oldest member's title."""
    cause: str | None
    incidents: tuple[str, ...]
    ties: tuple[MembershipReason, ...]
    """For each member why it belongs here."""
    why: str
    count: int
    services: tuple[Service, ...]
    first_seen: datetime
    last_seen: datetime
    days_between: float | None
    months: tuple[Month, ...]
    trend: Trend
    lost: DowntimeHours
    saving: Saving
    fix: ProvenFix | None = None
    action: CorrectiveAction | None = None
    """The last thing noted to end it for good."""
    open_actions: tuple[CorrectiveAction, ...] = ()
    tracked: tuple[TrackedAction, ...] = ()
    """Action items of its members that stand in no postmortem, open ones first."""


def find_families(
    incidents: Iterable[Incident], similar: Iterable[SimilarCauses] = (), *, now: datetime
) -> tuple[Family, ...]:
    """Return families of two or more, largest saving first; incidents that start after `now` are ignored."""
    begun = [incident for incident in incidents if incident.started_at <= now]
    since = min((incident.started_at for incident in begun), default=now)
    return tuple(sorted((_family(group, since, now) for group in group_incidents(begun, similar)), key=_rank))


def _family(group: RecurrenceGroup, since: datetime, now: datetime) -> Family:
    members = group.members
    first = members[0]
    recent = compute_downtime(members, now, now - WINDOW)
    return Family(
        id=first.id,
        title=group.cause or first.title,
        cause=group.cause,
        incidents=tuple(incident.id for incident in members),
        ties=group.ties,
        why=group.why,
        count=len(members),
        services=_services(members),
        first_seen=first.started_at,
        last_seen=members[-1].started_at,
        days_between=days_between(members),
        months=count_by_month(members, now),
        trend=compute_trend(members, since, now),
        lost=compute_downtime(members, now),
        saving=Saving(recent.hours / (WINDOW.days / DAYS_PER_MONTH), WINDOW.days, recent),
    )


def _services(members: Sequence[Incident]) -> tuple[Service, ...]:
    counted = Counter(incident.service for incident in members if incident.service)
    return tuple(Service(name, n) for name, n in sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _rank(family: Family) -> tuple[float, float, int, float, str]:
    return -family.saving.hours_per_month, -family.lost.hours, -family.count, -family.last_seen.timestamp(), family.id
