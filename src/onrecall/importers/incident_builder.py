"""Build an incident from another tool's fields, with the rules common to all formats."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep, Status
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.severity import parse_severity
from onrecall.importers.narrative import Comment, Narrative, narrate
from onrecall.importers.record import FieldRecord, check_id
from onrecall.importers.resolution import UNTIMED

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


def parse_status(state: str | None, acknowledged_at: datetime | None, *, over: bool) -> Status:
    """Map another tool's state to our status; an unknown state is inferred from the other fields."""
    mapped = _STATUS.get(state.strip().lower().replace("_", " ")) if state else None
    if mapped:
        return mapped
    if over:
        return "resolved"
    return "acknowledged" if acknowledged_at else "open"


def build_incident(  # noqa: PLR0913 - the fields of an incident
    record: FieldRecord,
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
    comments: Sequence[Comment] = (),
    fixed: bool = True,
    impact: str | None = None,
    detection: str | None = None,
    trigger: str | None = None,
    links: tuple[IncidentLink, ...] = (),
    prose: bool = False,
    steps: tuple[ResolutionStep, ...] | None = None,
) -> Incident:
    """Build the incident; raise Invalid if a required field is missing, for nothing is made up.

    `comments` were written while it was open; `fixed` is false if it was closed without a fix. With `prose` each
    sentence of `fix` is a step; `steps` are given if the source lists them one by one.
    """
    known_id = check_id(id)
    if not title:
        raise Invalid("there is no `title`; say in a few words what happened", "title")
    start = started_at or record.times.start_by_user()
    check_time_order(start, resolved_at)
    story = narrate(description, comments, root_cause=root_cause, fix=fix, prose=prose, fixed=fixed)
    if steps is not None:
        story = replace(story, steps=steps)
    current_status = parse_status(state, acknowledged_at, over=bool(resolved_at or root_cause or fix or steps))
    over = current_status == "resolved"
    return Incident(
        id=known_id,
        title=collapse_whitespace(title),
        started_at=start,
        description=description or "",
        service=service,
        environment=environment,
        severity=parse_severity(level),
        labels={key: value for key, value in (labels or {}).items() if value},
        status=current_status,
        acknowledged_at=acknowledged_at,
        resolved_at=resolved_at if over else None,
        source=source,
        source_id=source_id or known_id,
        resolution=_resolution(story, _fix_known_at(story, start, resolved_at, started_at), cause) if over else None,
        links=links,
        impact=impact or story.impact,
        detection=detection or story.detection,
        trigger=trigger or story.trigger,
        timeline=story.timeline,
        action_items=story.action_items,
    )


def _fix_known_at(
    story: Narrative, start: datetime, resolved_at: datetime | None, started_at: datetime | None
) -> datetime | None:
    """Return when the fix was known: at the end, or when the comment that reports it was written, if later."""
    ended = resolved_at or (None if started_at else start)
    moments = [moment for moment in (ended, story.told_at) if moment]
    return max([start, *moments]) if moments else None


def _resolution(story: Narrative, at: datetime | None, cause: str | None) -> Resolution | None:
    if not (story.resolves or cause):
        return None
    if at is None:
        raise Invalid(UNTIMED, "resolved_at")
    return Resolution(
        story.root_cause or "", at, cause=cause, steps=story.steps, summary=story.summary, provenance="imported"
    )


def check_time_order(started_at: datetime, resolved_at: datetime | None) -> None:
    """Raise Invalid if the end is before the start."""
    if resolved_at and resolved_at < started_at:
        raise Invalid(
            f"`resolved_at` {resolved_at.isoformat()} is before `started_at` {started_at.isoformat()}; correct one",
            "resolved_at",
        )
