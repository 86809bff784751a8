"""Draft a postmortem from the stored data about a resolved incident, inventing nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from onrecall.domain.action_item import TrackedAction
from onrecall.domain.alert import ChangeEvent
from onrecall.domain.errors import Conflict
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.markdown_page import OUTCOME_WORDS, collapse_whitespace, format_step
from onrecall.pipeline.incident_timeline import without_repeated_answers
from onrecall.storage import IncidentEvent

EVENT_WORDS = {
    "opened": "opened",
    "alerted": "alerts joined",
    "noted": "a note was written",
    "acknowledged": "acknowledged",
    "assigned": "assigned to somebody",
    "edited": "edited",
    "recommended": "answered from memory",
    "rated": "the answer was rated",
    "checked": "a check was made",
    "resolved": "resolved",
    "reopened": "reopened",
    "linked": "linked to another incident",
    "merged": "merged",
    "split": "split",
    "suggested": "a cause was suggested",
    "dismissed": "a suggestion was dismissed",
    "action_added": "an action item was added",
    "action_changed": "an action item was changed",
}
CHANGE_WORDS = {"deployment": "deployed", "configuration": "configuration changed", "other": "changed"}
PLACEHOLDER = "_Not on record; please write it._"


def draft_postmortem(
    incident: Incident,
    events: Sequence[IncidentEvent],
    changes: Sequence[ChangeEvent] = (),
    actions: Sequence[TrackedAction] = (),
) -> str:
    """Return a Markdown draft with placeholders for what is missing. Raises Conflict if unresolved."""
    if incident.resolution is None:
        raise Conflict(f"incident {incident.id} is still {incident.status}; resolve it first")
    return "\n".join(_lines(incident, incident.resolution, events, changes, actions)) + "\n"


def _lines(
    incident: Incident,
    resolution: Resolution,
    events: Sequence[IncidentEvent],
    changes: Sequence[ChangeEvent],
    actions: Sequence[TrackedAction],
) -> Iterator[str]:
    service = incident.service or "not on record"
    duration = _format_duration(resolution.at - incident.started_at)
    sections: Mapping[str, Iterable[str]] = {
        "Summary": [resolution.summary or PLACEHOLDER],
        "Impact": [PLACEHOLDER],
        "Timeline": [*_timeline(incident, events, changes), "", f"From start to end: {duration}."],
        "What was seen": [incident.description or incident.title],
        "Root cause": [resolution.root_cause or PLACEHOLDER],
        "Resolution": _step_list(resolution, ("worked",)),
        "What did not help": _step_list(resolution, ("did_not_help", "made_it_worse")),
        "Seen before": [f"- {link.kind} of {link.incident}" for link in incident.links] or ["Nothing is linked."],
        "Action items": [_action_row(action) for action in actions] or [PLACEHOLDER],
    }
    yield f"# Postmortem: {collapse_whitespace(incident.title)}"
    yield from ("", f"Incident {incident.id}, service {service}, severity {incident.severity}.")
    for heading, lines in sections.items():
        yield from ("", f"## {heading}", "", *lines)


def _timeline(incident: Incident, events: Sequence[IncidentEvent], changes: Sequence[ChangeEvent]) -> Iterator[str]:
    """Yield the changes before an incident, then its own events."""
    for change in reversed(changes):
        minutes = int((incident.started_at - change.at).total_seconds() // 60)
        title = collapse_whitespace(change.title)
        yield f"- {change.at:%Y-%m-%d %H:%M} UTC: {CHANGE_WORDS[change.kind]} {minutes} min before: {title}"
    for event in without_repeated_answers(events):
        by = f" by {collapse_whitespace(event.by)}" if event.by else ""
        yield f"- {event.at:%Y-%m-%d %H:%M} UTC: {EVENT_WORDS[event.type]}{by}"


def _action_row(action: TrackedAction) -> str:
    """Return a list item that the importers read back: a dropped action item is struck out of the open ones."""
    box = "x" if action.state == "done" else " "
    owner = f" (owner: {action.owner})" if action.owner else ""
    due = f" (due: {action.due.isoformat()})" if action.due else ""
    dropped = " (status: cancelled)" if action.state == "dropped" else ""
    link = f" <{action.url}>" if action.url else ""
    return f"- [{box}] {collapse_whitespace(action.text)}{link}{owner}{due}{dropped}"


def _step_list(resolution: Resolution, outcomes: Sequence[str]) -> Iterator[str]:
    matching = [step for step in resolution.steps if step.outcome in outcomes]
    for number, step in enumerate(matching, start=1):
        yield f"{number}. {format_step(step)}"
    if not matching:
        yield f"No step is on record that {' or '.join(OUTCOME_WORDS[outcome] for outcome in outcomes)}."


def _format_duration(lasted: timedelta) -> str:
    hours, minutes = divmod(int(lasted.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
