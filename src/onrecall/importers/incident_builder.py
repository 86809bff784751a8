"""An incident put together from the fields of another tool, with the rules that hold for all of them."""

from collections.abc import Mapping
from datetime import datetime

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, ResolutionStep, Status
from onrecall.domain.markdown_page import one_line
from onrecall.domain.severity import severity
from onrecall.importers.record import Record, check_id
from onrecall.importers.resolution import resolution

_STATUS: dict[str, Status] = {
    **dict.fromkeys(
        ("resolved", "closed", "done", "fixed", "completed", "complete", "solved", "cancelled", "canceled",
         "post-incident", "postmortem", "post mortem", "retrospective", "retrospective started",
         "retrospective completed",
         "learning", "documented", "recovered", "closed complete"),
        "resolved",
    ),
    **dict.fromkeys(
        ("acknowledged", "ack", "acked", "in progress", "work in progress", "investigating", "identified", "fixing",
         "monitoring", "mitigated", "active", "on hold", "assigned", "live", "paused", "started", "detected"),
        "acknowledged",
    ),
    **dict.fromkeys(("open", "new", "triggered", "to do", "todo", "triage", "reopened", "backlog", "firing"), "open"),
}  # fmt: skip


def status(said: str | None, acknowledged_at: datetime | None, *, over: bool) -> Status:
    """Our word for another tool's state; a state we don't know is told from what else is there."""
    known = _STATUS.get(said.strip().lower().replace("_", " ")) if said else None
    if known:
        return known
    if over:
        return "resolved"
    return "acknowledged" if acknowledged_at else "open"


def incident(  # noqa: PLR0913 - the fields of an incident
    record: Record,
    *,
    source: str,
    id: str | None,  # noqa: A002 - the noun's own name
    title: str | None,
    started_at: datetime | None,
    resolved_at: datetime | None = None,
    acknowledged_at: datetime | None = None,
    source_id: str | None = None,
    description: str | None = None,
    service: str | None = None,
    environment: str | None = None,
    level: str | None = None,
    state: str | None = None,
    labels: Mapping[str, str | None] | None = None,
    root_cause: str | None = None,
    fix: str | None = None,
    cause: str | None = None,
    done: tuple[ResolutionStep, ...] | None = None,
    prose: bool = False,
) -> Incident:
    """The incident, or Invalid: nothing that the source doesn't say is made up."""
    known_id = check_id(id)
    if not title:
        raise Invalid("there is no `title`; say in a few words what happened", "title")
    start = started_at or record.times.start_by_user()
    ordered(start, resolved_at)
    now = status(state, acknowledged_at, over=bool(resolved_at or root_cause or fix or done))
    over = now == "resolved"
    ended = resolved_at or (None if started_at else start)
    return Incident(
        id=known_id,
        title=one_line(title),
        started_at=start,
        description=description or "",
        service=service,
        environment=environment,
        severity=severity(level),
        labels={key: value for key, value in (labels or {}).items() if value},
        status=now,
        acknowledged_at=acknowledged_at,
        resolved_at=resolved_at if over else None,
        source=source,
        source_id=source_id or known_id,
        resolution=resolution(root_cause, fix, ended, cause=cause, done=done, prose=prose) if over else None,
    )


def ordered(started_at: datetime, resolved_at: datetime | None) -> None:
    """Refuse an end before the start."""
    if resolved_at and resolved_at < started_at:
        raise Invalid(
            f"`resolved_at` {resolved_at.isoformat()} is before `started_at` {started_at.isoformat()}; mend one",
            "resolved_at",
        )
