"""What is printed of incidents: a line for each, all that is known of one, the answer first, or what a change did."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onrecall.cli import console as printing
from onrecall.cli import recommendation_page
from onrecall.cli.list_page import print_items
from onrecall.cli.output import print_result
from onrecall.domain.alert import Alert, AlertLink, ChangeEvent
from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.count_noun import count_noun
from onrecall.domain.incident import Incident, Severity
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.recommendation import Recommendation, Step, first_safe_step
from onrecall.pipeline.incident_timeline import without_repeated_answers
from onrecall.pipeline.postmortem import EVENT_WORDS
from onrecall.recommendation.imperative import to_imperative
from onrecall.schemas.incidents import IncidentOut
from onrecall.storage import IncidentEvent, StoredAlert, StoredNote

SHOWN_ALERTS = 10
SEVERITY_COLOUR: dict[Severity, str] = {"critical": "bold red", "high": "red", "medium": "yellow"}
STATUS_COLOUR = {"open": "bold", "acknowledged": "cyan", "resolved": "dim"}


@dataclass(frozen=True, slots=True)
class IncidentDetails:
    """All that is shown of one incident."""

    incident: Incident
    answer: Recommendation | None
    alerts: tuple[StoredAlert, ...]
    """The newest first, as many as are shown or counted."""
    changes: tuple[ChangeEvent, ...]
    events: tuple[IncidentEvent, ...]
    notes: tuple[StoredNote, ...]
    links: tuple[AlertLink, ...]


def print_list(incidents: Sequence[Incident], cursor: str | None, now: datetime) -> None:
    """Print one line for each incident."""

    def print_incident(incident: Incident) -> None:
        assignee = f"  {incident.assignee}" if incident.assignee else ""
        tags = "".join(f"  #{tag}" for tag in incident.tags)
        printing.print_line(
            (f"{incident.id:<10}", "bold"),
            (f"  {incident.status:<12}", STATUS_COLOUR[incident.status]),
            (f"  {incident.severity:<8}", SEVERITY_COLOUR.get(incident.severity, "")),
            (f"  {_age(now - incident.started_at):>5}  ", "dim"),
            collapse_whitespace(incident.title),
            (f"  {incident.service or ''}{assignee}{tags}".rstrip(), "dim"),
        )

    print_items(incidents, cursor, print_incident, "no incident matches")


def print_changed(incident: Incident, words: str, *, as_json: bool) -> None:
    """Print an incident after a change, as JSON or as what became of it and its title."""
    value = IncidentOut.model_validate(incident).to_json()
    print_result(value, as_json, lambda: printing.print_line(f"{words}: {incident.title}"))


def print_details(details: IncidentDetails, *, whole_answer: bool = False) -> None:
    """Print what is known of one incident; what a responder needs first comes first."""
    _print_head(details.incident)
    printing.print_line(("\nanswer", "bold"))
    if details.answer is None:
        printing.print_line("none yet", indent=2)
    elif whole_answer:
        recommendation_page.print_recommendation(details.answer)
    else:
        _print_answer(details.answer)
    _print_alerts(details.alerts, is_resolved=details.incident.status == "resolved")
    _print_timeline(details)
    _print_notes(details.notes)
    _print_links(details.incident, details.links)


def _print_timeline(details: IncidentDetails) -> None:
    if details.changes:
        printing.print_line(("\nchanged before", "bold"))
    for change in details.changes:
        where = f"  ({change.service})" if change.service else ""
        printing.print_line((f"{change.at:%Y-%m-%d %H:%M}  ", "dim"), change.title, (where, "dim"), indent=2)
    printing.print_line(("\ntimeline", "bold"))
    for event in without_repeated_answers(details.events):
        by = f"  by {event.by}" if event.by else ""
        printing.print_line((f"{event.at:%Y-%m-%d %H:%M}  ", "dim"), describe_event(event), (by, "dim"), indent=2)


def describe_event(event: IncidentEvent) -> str:
    """Return one entry of a timeline in a few words."""
    describe = _EVENT_DETAILS.get(event.type)
    return describe(event.type, event.detail) if describe else EVENT_WORDS[event.type]


def _check_words(detail: Mapping[str, Any]) -> str:
    return "as it was then" if detail.get("result") == "same" else "not as it was then"


def _count_alerts(detail: Mapping[str, Any]) -> str:
    return count_noun(int(detail.get("count", 0)), "alert")


def _describe_grouping(kind: str, detail: Mapping[str, Any]) -> str:
    other = detail.get("into") or detail.get("out_of") or detail.get("incident") or ""
    return f"{detail.get('kind') or kind}: {other}"


_EVENT_DETAILS: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "assigned": lambda _, detail: f"assigned to {detail['assignee']}" if detail.get("assignee") else "unassigned",
    "edited": lambda _, detail: f"edited: {', '.join(detail.get('fields', ()))}",
    "action_added": lambda _, detail: f"action item added: {collapse_whitespace(str(detail.get('text', '')))}",
    "action_changed": lambda _, detail: f"action item changed: {collapse_whitespace(str(detail.get('text', '')))}",
    "alerted": lambda _, detail: f"{_count_alerts(detail)} joined: {', '.join(detail.get('titles', ()))}",
    "recommended": lambda _, detail: f"answered: {str(detail.get('verdict', '')).replace('_', ' ')}".rstrip(": "),
    "checked": lambda _, detail: f"checked, {_check_words(detail)}: {collapse_whitespace(str(detail.get('text', '')))}",
    "linked": _describe_grouping,
    "merged": _describe_grouping,
    "split": _describe_grouping,
}
"""What the details of an event say, by its type; the others have none worth a line."""


def _print_head(incident: Incident) -> None:
    printing.print_line(
        (incident.id, "bold"),
        (f"  {incident.status}", STATUS_COLOUR[incident.status]),
        (f"  {incident.severity}", SEVERITY_COLOUR.get(incident.severity, "")),
        f"  {incident.service or 'no service'}",
    )
    printing.print_line(collapse_whitespace(incident.title), indent=2)
    printing.print_line((", ".join(_times_and_assignee(incident)), "dim"), indent=2)
    if incident.tags:
        printing.print_line(("tags: ", "dim"), ", ".join(incident.tags), indent=2)
    if incident.edited:
        printing.print_line((f"edited by a person: {', '.join(incident.edited)}", "dim"), indent=2)
    if incident.resolution:
        printing.print_line(("root cause: ", "dim"), collapse_whitespace(incident.resolution.root_cause), indent=2)


def _print_answer(answer: Recommendation) -> None:
    verdict = (recommendation_page.VERDICT_WORDS[answer.verdict], recommendation_page.VERDICT_STYLES[answer.verdict])
    printing.print_line(verdict, f"  {answer.verdict_reason}", indent=2)
    if answer.cause:
        printing.print_line(("cause       ", "dim"), collapse_whitespace(answer.cause), indent=2)
    printing.print_line((recommendation_page.confidence_heading(answer), "dim"), confidence_sentence(answer), indent=2)
    if step := first_safe_step(answer.steps):
        _print_first_step(step)
    if check := answer.next_check:
        recommendation_page.print_next_check(check, indent=2)
    if len(answer.steps) > 1:
        printing.print_line((f"{len(answer.steps)} steps in all: --answer prints the whole answer", "dim"), indent=2)
    printing.print_line((f"rate it: onrecall answer rate {answer.id} helped|did-not-help", "dim"), indent=2)


def _print_first_step(step: Step) -> None:
    printing.print_line(
        ("start here  ", "dim"), to_imperative(step.text), f"  [{step.risk.replace('_', ' ')}]", indent=2
    )
    for row in (step.command or "").splitlines():
        printing.print_line((f"$ {row}", "bold cyan"), indent=14)


def _times_and_assignee(incident: Incident) -> Iterator[str]:
    yield f"started {incident.started_at:%Y-%m-%d %H:%M} UTC"
    if incident.acknowledged_at:
        yield f"acknowledged {incident.acknowledged_at:%H:%M}"
    if incident.resolved_at:
        yield f"resolved {incident.resolved_at:%Y-%m-%d %H:%M}"
    yield f"assigned to {incident.assignee}" if incident.assignee else "unassigned"


def _print_alerts(alerts: Sequence[StoredAlert], *, is_resolved: bool) -> None:
    if not alerts:
        return
    firing = sum(stored.alert.status == "firing" for stored in alerts) if is_resolved else 0
    warning = (f"  {firing} still firing after the incident was resolved", "yellow") if firing else ""
    printing.print_line(("\nalerts", "bold"), warning)
    for stored in alerts[:SHOWN_ALERTS]:
        _print_alert(stored)
    if len(alerts) > SHOWN_ALERTS:
        printing.print_line(
            (f"… and {count_noun(len(alerts) - SHOWN_ALERTS, 'older alert')} or more; --json lists them", "dim"),
            indent=2,
        )


def _print_alert(stored: StoredAlert) -> None:
    alert = stored.alert
    where = f"  ({alert.service})" if alert.service else ""
    printing.print_line(
        (f"{alert.starts_at:%Y-%m-%d %H:%M}  {alert.status:<8}  {alert.severity:<8}  ", "dim"),
        collapse_whitespace(alert.title or alert.key),
        (f"{where}  {alert.source} #{stored.id}", "dim"),
        indent=2,
    )
    if alert.status == "resolved":
        printing.print_line((describe_end(alert), "dim"), indent=4)


def describe_end(alert: Alert) -> str:
    """Return when, and why or with which words an alert ended: `ended 2026-03-01 12:05: 200 - OK`."""
    time = f" {alert.ends_at:%Y-%m-%d %H:%M}" if alert.ends_at else ""
    reason = f" ({alert.end_reason})" if alert.end_reason else ""
    text = f": {collapse_whitespace(alert.end_description)}" if alert.end_description else ""
    return f"ended{time}{reason}{text}"


def _print_notes(notes: Sequence[StoredNote]) -> None:
    if notes:
        printing.print_line(("\nnotes", "bold"))
    for entry in notes:
        author = entry.by or entry.source
        printing.print_line(
            (f"{entry.at:%Y-%m-%d %H:%M}  {author}: ", "dim"), collapse_whitespace(entry.text or ""), indent=2
        )


def _print_links(incident: Incident, links: Sequence[AlertLink]) -> None:
    if links or incident.links or incident.document:
        printing.print_line(("\nlinks", "bold"))
    for link in incident.links:
        printing.print_line((f"{link.kind:>10}  ", "dim"), link.incident, indent=2)
    if incident.document:
        printing.print_line((f"{'postmortem':>10}  ", "dim"), incident.document, indent=2)
    for address in links:
        printing.print_line((f"{address.kind:>10}  ", "dim"), address.url, indent=2)


def _age(span: timedelta) -> str:
    """Return how long ago something was, in its largest unit."""
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
