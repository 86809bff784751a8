"""Input and output of grouping: open incidents, and a plan of what joins, opens and merges."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.domain.alert import Alert
from onrecall.domain.incident import Status

AlertId = int
"""The id that an alert is stored under."""
How = Literal["key", "sender", "paired", "score", "flapping", "opened"]
"""Why an alert is in its incident: the incident already has the same alert; its sender groups it so; people grouped
such alerts before; a score links it; it flaps, so its incident reopens; nothing else, so it opened an incident."""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that alerts may still join: it is open, or was resolved recently."""

    id: str
    started_at: datetime
    last_at: datetime
    """When its newest alert began."""
    alerts: tuple[Alert, ...] = ()
    """A bounded sample of its alerts, the newest of distinct kinds first."""
    status: Status = "open"
    resolved_at: datetime | None = None
    by_hand: bool = False
    """A person changed or resolved it: it is not merged or reopened automatically."""
    alert_keys: frozenset[tuple[str, str]] = frozenset()
    """Source and key of all its alerts."""


@dataclass(frozen=True, slots=True)
class Member:
    """One alert of the batch, and why it was placed."""

    alert_id: AlertId
    joined_by: How
    score: float | None = None
    """Score of the link, 0..1; None if no score was needed."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinIncident:
    """An alert joins an existing incident, never one that the same plan merges into another."""

    alert_id: AlertId
    incident_id: str
    joined_by: How
    score: float | None = None
    reasons: tuple[str, ...] = ()
    reopens: bool = False
    """The incident was resolved by its alerts alone, and has to be reopened."""


@dataclass(frozen=True, slots=True)
class NewIncidentPlan:
    """Alerts that open an incident together, the earliest first."""

    members: tuple[Member, ...]

    @property
    def alert_ids(self) -> tuple[AlertId, ...]:
        """Their ids, in the same order."""
        return tuple(member.alert_id for member in self.members)

    @property
    def reasons(self) -> tuple[tuple[str, ...], ...]:
        """The reasons of each, in the same order."""
        return tuple(member.reasons for member in self.members)


@dataclass(frozen=True, slots=True)
class MergeIncidents:
    """Two young incidents turn out to be one; the older remains."""

    from_id: str
    into_id: str
    score: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IgnoredAlert:
    """An alert that ended although its start was never reported: it is stored, and opens nothing."""

    alert_id: AlertId
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupingPlan:
    """Where each alert of a batch goes: every one of them is in exactly one of joins, opens and quiet."""

    joins: tuple[JoinIncident, ...] = ()
    opens: tuple[NewIncidentPlan, ...] = ()
    merges: tuple[MergeIncidents, ...] = ()
    quiet: tuple[IgnoredAlert, ...] = ()
