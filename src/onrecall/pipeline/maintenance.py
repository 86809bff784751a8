"""Maintenance windows: add, list and end them early."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.domain.maintenance import MaintenanceWindow, check_window
from onrecall.redaction import redact_model
from onrecall.storage import Storage


@dataclass(frozen=True, slots=True)
class MaintenanceRequest:
    """Request for a maintenance window."""

    ends_at: datetime
    starts_at: datetime | None = None
    """None: now."""
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    by: str | None = None


class Maintenance:
    """Adds, lists and ends windows."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], *, personal: bool) -> None:
        self._store = store
        self._clock = clock
        self._personal = personal

    def add(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Add a window. Raises Invalid if it matches nothing, ends before it starts, or is already over."""
        now = self._clock()
        window = MaintenanceWindow(
            id=f"mw-{secrets.token_hex(4)}",
            starts_at=request.starts_at or now,
            ends_at=request.ends_at,
            service=request.service,
            labels=request.labels,
            reason=request.reason,
            created_at=now,
            created_by=request.by,
        )
        return self._store.maintenance.add(check_window(redact_model(window, self._personal), now))

    def end(self, window_id: str, by: str | None = None) -> MaintenanceWindow:
        """End a window now; alerts still firing then open incidents. Raises NotFound, or Conflict if it is over."""
        return self._store.maintenance.end(window_id, self._clock(), by)

    def list(self, limit: int, *, past: bool = False) -> tuple[MaintenanceWindow, ...]:
        """Return current and future windows, and past ones if `past`, ordered by end, latest first."""
        return self._store.maintenance.newest(limit, None if past else self._clock())


def covering_window(windows: tuple[MaintenanceWindow, ...], alert: Alert, now: datetime) -> MaintenanceWindow | None:
    """Return the active window that covers an alert, if any."""
    return next((window for window in windows if window.covers(alert, now)), None)
