"""Maintenance windows as people make them: added, listed, ended before their time."""

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
    """A window that somebody wants."""

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
        """Keep a window. Raises Invalid where it names nothing, ends before it starts, or is over already."""
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
        """End a window now; its alerts that still fire open incidents. Raises NotFound, and Conflict where over."""
        return self._store.maintenance.end(window_id, self._clock(), by)

    def list(self, limit: int, *, past: bool = False) -> tuple[MaintenanceWindow, ...]:
        """Returns windows that are on or to come, with those that are over where `past`, the last to end first."""
        return self._store.maintenance.newest(limit, None if past else self._clock())


def covering_window(windows: tuple[MaintenanceWindow, ...], alert: Alert, now: datetime) -> MaintenanceWindow | None:
    """Returns the window that an alert belongs to; None where none is on for it."""
    return next((window for window in windows if window.covers(alert, now)), None)
