"""Build one incident from a group of alerts: bounded in size and independent of the order of arrival."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from onrecall.domain.alert import Alert, ChangeEvent
from onrecall.domain.incident import Incident, IncidentLink, Severity
from onrecall.domain.incident_edit import keep_edits
from onrecall.domain.markdown import strip_emphasis
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.grouping import ServiceGraph, kind_of, service_name
from onrecall.storage import ALERTS_SOURCE, StoredAlert

MAX_LISTED = 20
"""Maximum number of alert kinds listed."""
MAX_TITLE = 300
MAX_LINE = 200
MAX_DESCRIPTION = 4000
"""Maximum length of the primary alert's description."""
ALSO_FIRING = "Also firing:"
CHANGE_WINDOW = timedelta(hours=2)
"""Changes within this time before an incident are shown with it."""
MAX_CHANGES = 3
SEVERITIES: Sequence[Severity] = ("unknown", "info", "low", "medium", "high", "critical")
FAULT_LABELS = ("error_type", "failure_type", "fault_type")
"""Labels with the kind of fault; kept if all alerts that carry one agree."""
CHANGE_WORDS = {"deployment": "Deployed", "configuration": "Configuration changed", "other": "Changed"}


def build_incident(
    before: Incident | None, alerts: Sequence[StoredAlert], topology: ServiceGraph, *, complete: bool = True
) -> Incident:
    """Build the incident of these alerts.

    If `complete` is false, only the first and newest alerts are given, and the previous state is merged in. Incidents
    opened or resolved by a person are returned unchanged; so is each field that a person edited.
    """
    if before is not None and (before.source != ALERTS_SOURCE or before.resolution is not None or not alerts):
        return before
    ordered = sorted(alerts, key=lambda alert: (effective_start(alert), alert.alert.source, alert.alert.key))
    described = _without_mere_ends([alert.alert for alert in ordered])
    first = primary_alert(described, topology)
    also = summarize_alerts(described, besides=first)
    incident = _described(ordered, first, also)
    if before is None:
        return incident
    updated = _keep_state(before, incident)
    return keep_edits(before, updated if complete else _keep_earlier_alerts(before, updated, first, also))


def _described(ordered: Sequence[StoredAlert], first: Alert, also: Sequence[str]) -> Incident:
    """Return the alerts, oldest first, as a new incident; `first` gives its title and text, `also` the other rows."""
    ordered_alerts = [alert.alert for alert in ordered]
    continued = sorted({alert.continues for alert in ordered_alerts if alert.continues})
    return Incident(
        id="",
        title=_truncate_line(first.title, MAX_TITLE) or _truncate_line(first.key, MAX_TITLE),
        started_at=effective_start(ordered[0]),
        description=_join_description(_own_text(first), also),
        service=_common_service(alert.service for alert in ordered_alerts),
        environment=_common_value(alert.environment for alert in ordered_alerts),
        severity=highest_severity(alert.severity for alert in ordered_alerts),
        labels=_shared_labels([alert.labels for alert in ordered_alerts]),
        source=ALERTS_SOURCE,
        links=tuple(IncidentLink("recurrence", earlier) for earlier in continued),
    )


def _keep_state(before: Incident, incident: Incident) -> Incident:
    """Return the incident with what does not follow from its alerts."""
    return replace(
        incident,
        id=before.id,
        status=before.status,
        acknowledged_at=before.acknowledged_at,
        resolved_at=before.resolved_at,
        source_id=before.source_id,
        links=before.links,
    )


def effective_start(alert: StoredAlert) -> datetime:
    """Return the start of an alert, no later than when it was received."""
    return min(alert.alert.starts_at, alert.received_at)


def _without_mere_ends(alerts: Sequence[Alert]) -> list[Alert]:
    """Leave out alerts heard of only as ended, if the same alert was also heard of while it fired: its words count."""
    fired = {(alert.source, alert.key) for alert in alerts if alert.was_firing}
    return [alert for alert in alerts if alert.was_firing or (alert.source, alert.key) not in fired]


def primary_alert(alerts: Sequence[Alert], topology: ServiceGraph) -> Alert:
    """Return the alert that names the incident: the most severe, then earliest, of the service that most depend on.

    If no dependency is declared, all alerts count. The alerts are given in the order of their starts.
    """
    services = {service_name(alert.service) for alert in alerts if alert.service}
    needed = {name: _count_dependents(name, services, topology) for name in services if name in topology}
    most = max(needed.values(), default=0)
    causes = [alert for alert in alerts if alert.service and needed.get(service_name(alert.service)) == most]
    return max(causes if most else alerts, key=lambda alert: SEVERITIES.index(alert.severity))


def _count_dependents(service: str, services: set[str], topology: ServiceGraph) -> int:
    """Count how many of these services depend on a service, directly or transitively."""
    dependents, layer = {service}, {service}
    while layer := {user for name in layer for user in topology.needed_by.get(name, ())} - dependents:
        dependents |= layer
    return len((dependents & services) - {service})


def summarize_alerts(alerts: Iterable[Alert], besides: Alert | None = None) -> list[str]:
    """Return a line per kind of alert, in the given order, at most `MAX_LISTED`."""
    seen_kinds = {kind_of(besides)} if besides else set()
    lines: dict[str, None] = {}
    for alert in alerts:
        kind = kind_of(alert)
        if kind not in seen_kinds:
            seen_kinds.add(kind)
            where = f" ({alert.service})" if alert.service and alert.service not in alert.title else ""
            lines.setdefault(f"- {_truncate_line(alert.title or alert.key, MAX_LINE)}{where}")
        if len(lines) == MAX_LISTED:
            break
    return list(lines)


def alert_kinds(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the kinds of these alerts."""
    return frozenset(map(kind_of, alerts))


def highest_severity(severities: Iterable[Severity]) -> Severity:
    """Return the highest severity."""
    return max(severities, key=SEVERITIES.index, default="unknown")


def is_material_change(before: Incident, after: Incident) -> bool:
    """Return whether the severity rose or the text changed."""
    worse = SEVERITIES.index(after.severity) > SEVERITIES.index(before.severity)
    return worse or before.text != after.text


def needs_reindex(before: Incident, after: Incident) -> bool:
    """Return whether anything changed that the incident is recalled by."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("title", "description", "started_at", "service", "labels")
    )


def extra_context(incident: Incident, alerts: Sequence[StoredAlert], changes: Sequence[ChangeEvent]) -> tuple[str, ...]:
    """Return extra lines for the query: alerts that joined a manually opened incident, and recent changes."""
    lines: list[str] = []
    if incident.source != ALERTS_SOURCE and alerts:
        lines += [ALSO_FIRING, *summarize_alerts(alert.alert for alert in sorted(alerts, key=effective_start))]
    recent = [change for change in changes if change.at > incident.started_at - CHANGE_WINDOW]
    lines += [
        _describe_change(incident, change)
        for change in sorted(recent, key=lambda change: change.at, reverse=True)[:MAX_CHANGES]
    ]
    return tuple(lines)


def _describe_change(incident: Incident, change: ChangeEvent) -> str:
    minutes = round((incident.started_at - change.at).total_seconds() / 60)
    when = f"{minutes} minute{'' if minutes == 1 else 's'} before" if minutes > 0 else "as it began"
    where = f" ({change.service})" if change.service else ""
    return f"{CHANGE_WORDS[change.kind]} {when}: {_truncate_line(change.title, MAX_LINE)}{where}"


def explain_continuation(alert: Alert) -> tuple[str, ...]:
    """Return why an alert is reported again after a person resolved its incident; empty if it began by itself."""
    return (f"it still fires since {alert.continues} was resolved by a person",) if alert.continues else ()


def _own_text(first: Alert) -> str:
    """Return what the alert that names the incident says."""
    text = first.description.strip()
    if first.continues:
        text = f"Still firing since {first.continues} was resolved.\n\n{text}".strip()
    return text if len(text) <= MAX_DESCRIPTION else f"{text[:MAX_DESCRIPTION].rstrip()} …"


def _join_description(text: str, also: Sequence[str]) -> str:
    return "\n\n".join(part for part in (text, "\n".join([ALSO_FIRING, *also]) if also else "") if part)


def _keep_earlier_alerts(before: Incident, after: Incident, first: Alert, also: Sequence[str]) -> Incident:
    """Merge in the alerts between the first and the newest, which are listed in the previous description."""
    earlier_text, listing, earlier_lines = before.description.rpartition(f"{ALSO_FIRING}\n")
    is_named_by_unseen = SEVERITIES.index(before.severity) > SEVERITIES.index(first.severity)
    own_line = summarize_alerts([first]) if is_named_by_unseen else []
    lines = dict.fromkeys([*(earlier_lines.splitlines() if listing else ()), *own_line, *also])
    return replace(
        after,
        title=before.title if is_named_by_unseen else after.title,
        description=_join_description(
            (earlier_text if listing else before.description).strip() if is_named_by_unseen else _own_text(first),
            list(lines)[:MAX_LISTED],
        ),
        severity=highest_severity((before.severity, after.severity)),
        labels=_shared_labels([before.labels, after.labels]),
        service=after.service if after.service == before.service else None,
        environment=after.environment if after.environment == before.environment else None,
    )


def _shared_labels(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the labels that all alerts share, and the fault labels on which they agree."""
    first, *further = labels
    shared = {
        name: value
        for name, value in first.items()
        if all(further_labels.get(name) == value for further_labels in further)
    }
    faults = {
        name: value
        for name in FAULT_LABELS
        if (value := _common_value(alert_labels.get(name) for alert_labels in labels))
    }
    return {**shared, **faults}


def _common_value(values: Iterable[str | None]) -> str | None:
    """Return the only non-empty value, if there is exactly one."""
    distinct = {value for value in values if value}
    return distinct.pop() if len(distinct) == 1 else None


def _common_service(values: Iterable[str | None]) -> str | None:
    """Return the service that all alerts with a service name, in its first spelling."""
    spelled = [value for value in values if value]
    return spelled[0] if len({service_name(value) for value in spelled}) == 1 else None


def _truncate_line(text: str, most: int) -> str:
    line = strip_emphasis(collapse_whitespace(text))
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
