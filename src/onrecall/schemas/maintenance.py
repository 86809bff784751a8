"""The JSON of maintenance windows and heartbeats."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import Field

from onrecall.domain.maintenance import MaintenanceState, MaintenanceWindow
from onrecall.pipeline.heartbeats import DeadMansSwitch
from onrecall.schemas.json_models import InputModel, OutputModel, When
from onrecall.storage.heartbeats import Heartbeat


class MaintenanceIn(InputModel):
    """A maintenance window to add: while it is active, matching alerts open no incident."""

    service: str | None = Field(None, min_length=1, max_length=300, examples=["checkout"])
    labels: dict[str, str] = Field(
        default_factory=dict, max_length=40, description="Labels that an alert must have; all must match."
    )
    starts_at: When | None = Field(None, description="By default now.")
    ends_at: When
    reason: str = Field("", max_length=1000, examples=["PostgreSQL is upgraded"])


class MaintenanceOut(OutputModel):
    """A maintenance window."""

    id: str
    state: MaintenanceState
    scope: str = Field(description="Its service and labels, in words.")
    service: str | None
    labels: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime | None
    created_by: str | None
    ended_by: str | None = Field(description="The person who ended it early.")

    @classmethod
    def of(cls, window: MaintenanceWindow, now: datetime) -> "MaintenanceOut":
        """Return it in its present state."""
        values = {name: getattr(window, name) for name in cls.model_fields if name != "state"}
        return cls(state=window.state(now), **values)


class HeartbeatOut(OutputModel):
    """An alert that fires as long as alerting works, and whose absence raises an alert."""

    source: str
    key: str
    title: str
    service: str | None
    environment: str | None
    beats: int = Field(description="Number of arrivals.")
    last_at: datetime
    missing_since: datetime | None = Field(
        description="When it last arrived before it went missing; null if it is not missing."
    )
    patience_seconds: int | None = Field(description="How long it may be absent; null: no limit.")

    @classmethod
    def of(cls, heartbeat: Heartbeat, switch: DeadMansSwitch) -> "HeartbeatOut":
        """Return it in its present state."""
        names = ("source", "key", "title", "service", "environment", "beats", "last_at", "missing_since")
        patience = switch.due_after(heartbeat)
        return cls(
            **{name: getattr(heartbeat, name) for name in names},
            patience_seconds=None if patience is None else patience // timedelta(seconds=1),
        )


class ForgetIn(InputModel):
    """The heartbeat to stop expecting."""

    source: str = Field(min_length=1, max_length=300)
    key: str = Field(min_length=1, max_length=600)
