"""Incidents of a year, a line each."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.incident import Incident, IncidentLink, Resolution

START = datetime(2026, 1, 1, tzinfo=UTC)
LEAK = "The rehash job leaked its connections until the pool was empty"


def incident(name, day=0.0, cause=None, root="", *, title="", hours=1.0, links=(), service=None, steps=(), **more):
    at = START + timedelta(days=day)
    end = None if hours is None else at + timedelta(hours=hours)
    resolution = Resolution(
        root, end or at, cause, tuple(steps), more.pop("summary", None), more.pop("by_whom", "human")
    )
    return Incident(
        name,
        title or f"incident {name}",
        at,
        service=service,
        resolved_at=end,
        status="open" if end is None else "resolved",
        resolution=resolution if root or cause or steps else None,
        links=tuple(IncidentLink("recurrence", linked_id) for linked_id in links),
        **more,
    )
