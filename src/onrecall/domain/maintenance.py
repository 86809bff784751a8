"""Maintenance windows: while one is on, alerts of what it names open no incident; they are kept and listed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from onrecall.domain.alert import Alert
from onrecall.domain.errors import Invalid
from onrecall.domain.service_names import canonical_service

MaintenanceState = Literal["scheduled", "active", "over"]


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When somebody works on what, so that its alerts are expected. What it names must all fit an alert."""

    id: str
    starts_at: datetime
    ends_at: datetime
    """When it ends, or ended early."""
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    created_at: datetime | None = None
    created_by: str | None = None
    ended_by: str | None = None
    """The person who ended it early."""

    def state(self, now: datetime) -> MaintenanceState:
        """Return whether it is still to come, on, or over."""
        if now >= self.ends_at:
            return "over"
        return "active" if now >= self.starts_at else "scheduled"

    @property
    def scope(self) -> str:
        """What it is for, in words for people."""
        service = (self.service,) if self.service else ()
        return ", ".join((*service, *(f"{name}={value}" for name, value in sorted(self.labels.items()))))

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Return whether an alert is expected now: it fires while the window is on, or went on during it and is over.

        An alert that still fires when the window ends is covered no more.
        """
        if alert.status == "firing":
            during = self.starts_at <= now < self.ends_at
        else:
            during = alert.starts_at < self.ends_at and (alert.ends_at or alert.starts_at) >= self.starts_at
        return during and self._names(alert)

    def explain(self) -> str:
        """Return why an alert opens no incident, in words for people."""
        reason = f": {self.reason}" if self.reason else ""
        return f"maintenance {self.id} of {self.scope} until {self.ends_at:%Y-%m-%d %H:%M} UTC{reason}"

    def _names(self, alert: Alert) -> bool:
        if self.service and canonical_service(self.service) != canonical_service(alert.service or ""):
            return False
        return all(alert.labels.get(name) == value for name, value in self.labels.items())


def check_window(window: MaintenanceWindow, now: datetime) -> MaintenanceWindow:
    """Return a new window as it is; Invalid where it names nothing, ends before it starts, or is over already."""
    if not window.service and not window.labels:
        raise Invalid("name a service, labels or both; a window for everything would hide every outage", "service")
    if window.service is not None and not canonical_service(window.service):
        raise Invalid(f"{window.service!r} is not the name of a service", "service")
    if window.ends_at <= window.starts_at:
        raise Invalid(
            f"it ends at {window.ends_at.isoformat()}, which is not after its start {window.starts_at.isoformat()}",
            "ends_at",
        )
    if window.ends_at <= now:
        raise Invalid(f"it ended at {window.ends_at.isoformat()}; give an end in the future", "ends_at")
    return window
