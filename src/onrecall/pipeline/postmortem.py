"""The draft of a postmortem: what the memory holds about a resolved incident, put in order; nothing is invented."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from onrecall.domain.alert import ChangeEvent
from onrecall.domain.errors import Conflict
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.markdown_page import OUTCOME_WORDS, one_line, step_line
from onrecall.storage import IncidentEvent

HAPPENED = {
    "opened": "opened",
    "alerted": "alerts joined",
    "noted": "a note was written",
    "acknowledged": "acknowledged",
    "assigned": "assigned to somebody",
    "recommended": "answered from memory",
    "rated": "the answer was rated",
    "resolved": "resolved",
    "reopened": "reopened",
    "linked": "tied to another incident",
    "merged": "merged",
    "split": "split",
}
CHANGED = {"deployment": "deployed", "configuration": "configuration changed", "other": "changed"}
UNWRITTEN = "_Not on record; please write it._"


def draft(incident: Incident, events: Sequence[IncidentEvent], changes: Sequence[ChangeEvent] = ()) -> str:
    """A Markdown draft; what nobody has said yet is left to be written, and says so."""
    if incident.resolution is None:
        raise Conflict(f"incident {incident.id} is still {incident.status}; resolve it first")
    return "\n".join(_lines(incident, incident.resolution, events, changes)) + "\n"


def _lines(
    incident: Incident, resolution: Resolution, events: Sequence[IncidentEvent], changes: Sequence[ChangeEvent]
) -> Iterator[str]:
    yield f"# Postmortem: {one_line(incident.title)}"
    yield from (
        "",
        f"Incident {incident.id}, service {incident.service or 'not on record'}, severity {incident.severity}.",
    )
    yield from ("", "## Summary", "", resolution.summary or UNWRITTEN)
    yield from ("", "## Impact", "", UNWRITTEN)
    yield from ("", "## Timeline", "")
    for change in reversed(changes):
        minutes = int((incident.started_at - change.at).total_seconds() // 60)
        yield f"- {change.at:%Y-%m-%d %H:%M} UTC: {CHANGED[change.kind]} {minutes} min before: {one_line(change.title)}"
    for event in events:
        by = f" by {one_line(event.by)}" if event.by else ""
        yield f"- {event.at:%Y-%m-%d %H:%M} UTC: {HAPPENED[event.type]}{by}"
    yield from ("", f"From start to end: {_duration(resolution.at - incident.started_at)}.")
    yield from ("", "## What was seen", "", incident.description or incident.title)
    yield from ("", "## Root cause", "", resolution.root_cause or UNWRITTEN)
    yield from ("", "## Resolution", "")
    yield from _steps(resolution, ("worked",))
    yield from ("", "## What did not help", "")
    yield from _steps(resolution, ("did_not_help", "made_it_worse"))
    yield from ("", "## Seen before", "")
    yield from [f"- {link.kind} of {link.incident}" for link in incident.links] or ["Nothing is linked."]
    yield from ("", "## Action items", "", UNWRITTEN)


def _steps(resolution: Resolution, outcomes: Sequence[str]) -> Iterator[str]:
    told = [step for step in resolution.steps if step.outcome in outcomes]
    for number, step in enumerate(told, start=1):
        yield f"{number}. {step_line(step)}"
    if not told:
        yield f"No step is on record that {' or '.join(OUTCOME_WORDS[one] for one in outcomes)}."


def _duration(lasted: timedelta) -> str:
    hours, minutes = divmod(int(lasted.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
