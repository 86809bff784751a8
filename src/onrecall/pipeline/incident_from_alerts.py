"""What a storm of alerts is as one incident, and how it is told: bounded, the same in whatever order they came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from onrecall.domain.alert import Alert, ChangeEvent
from onrecall.domain.incident import Incident, Severity
from onrecall.domain.markdown_page import one_line
from onrecall.grouping import ServiceGraph, kind_of, service_name
from onrecall.storage import ALERTS, StoredAlert

LISTED = 20
"""The most kinds of alerts that are listed."""
TITLE = 300
LINE = 200
DESCRIPTION = 4000
"""The most characters of the leading alert's description."""
ALSO = "Also firing:"
BEFORE = timedelta(hours=2)
"""A change this long before an incident is told with it."""
TOLD_CHANGES = 3
SEVERITIES: Sequence[Severity] = ("unknown", "info", "low", "medium", "high", "critical")
FAULTS = ("error_type", "failure_type", "fault_type")
"""Labels that say what kind of fault it is: what those alerts say that have one, if they agree."""
CHANGED = {"deployment": "Deployed", "configuration": "Configuration changed", "other": "Changed"}


def composed(
    before: Incident | None, alerts: Sequence[StoredAlert], topology: ServiceGraph, *, whole: bool = True
) -> Incident:
    """The incident of these alerts; those of a long one are only its first and newest, so what it was counts too.

    What a person opened, or said what resolved it, stays as it is.
    """
    if before is not None and (before.source != ALERTS or before.resolution is not None or not alerts):
        return before
    ordered = sorted(alerts, key=lambda one: (begun(one), one.alert.source, one.alert.key))
    told = [one.alert for one in ordered]
    first = leading(told, topology)
    also = listed(told, besides=first)
    fresh = Incident(
        id=before.id if before else "",
        title=_cut(first.title, TITLE) or _cut(first.key, TITLE),
        started_at=begun(ordered[0]),
        description=_description(first, also),
        service=_agreed_service(one.service for one in told),
        environment=_agreed(one.environment for one in told),
        severity=worst(one.severity for one in told),
        labels=_shared([one.labels for one in told]),
        source=ALERTS,
    )
    if before is None:
        return fresh
    same = replace(
        fresh,
        status=before.status,
        acknowledged_at=before.acknowledged_at,
        resolved_at=before.resolved_at,
        source_id=before.source_id,
        links=before.links,
    )
    return same if whole else _with_the_rest(before, same, first, also)


def begun(one: StoredAlert) -> datetime:
    """When an alert began: never after we heard of it, whatever its sender's clock says."""
    return min(one.alert.starts_at, one.received_at)


def leading(alerts: Sequence[Alert], topology: ServiceGraph) -> Alert:
    """The alert that names the incident: the earliest of the service that most of the others need."""
    services = {service_name(one.service) for one in alerts if one.service}
    needed = {name: _needed_by(name, services, topology) for name in services if name in topology}
    most = max(needed.values(), default=0)
    if most == 0:
        return alerts[0]
    return next(one for one in alerts if one.service and needed.get(service_name(one.service)) == most)


def _needed_by(service: str, others: set[str], topology: ServiceGraph) -> int:
    """How many of the others need a service, directly or through others."""
    found, layer = {service}, {service}
    while layer := {user for one in layer for user in topology.needed_by.get(one, ())} - found:
        found |= layer
    return len((found & others) - {service})


def listed(alerts: Iterable[Alert], besides: Alert | None = None) -> list[str]:
    """A line for each kind of alert, in the order in which they began, as many as are told."""
    seen = {kind_of(besides)} if besides else set()
    lines: dict[str, None] = {}
    for alert in alerts:
        kind = kind_of(alert)
        if kind not in seen:
            seen.add(kind)
            where = f" ({alert.service})" if alert.service and alert.service not in alert.title else ""
            lines.setdefault(f"- {_cut(alert.title or alert.key, LINE)}{where}")
        if len(lines) == LISTED:
            break
    return list(lines)


def kinds(alerts: Iterable[Alert]) -> frozenset[str]:
    """What kinds of alerts these are."""
    return frozenset(map(kind_of, alerts))


def worst(severities: Iterable[Severity]) -> Severity:
    """The highest severity."""
    return max(severities, key=SEVERITIES.index, default="unknown")


def says_more(before: Incident, after: Incident) -> bool:
    """Whether something material is new: another kind of alert, a higher severity."""
    worse = SEVERITIES.index(after.severity) > SEVERITIES.index(before.severity)
    return worse or before.text != after.text


def reads_other(before: Incident, after: Incident) -> bool:
    """Whether it is to be recalled by something else than before."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("title", "description", "started_at", "service", "labels")
    )


def context(incident: Incident, alerts: Sequence[StoredAlert], changes: Sequence[ChangeEvent]) -> tuple[str, ...]:
    """What is told beside the incident's own words: alerts that joined what a person opened, and what was changed."""
    lines: list[str] = []
    if incident.source != ALERTS and alerts:
        lines += [ALSO, *listed(one.alert for one in sorted(alerts, key=begun))]
    recent = [one for one in changes if one.at > incident.started_at - BEFORE]
    lines += [_change(incident, one) for one in sorted(recent, key=lambda one: one.at, reverse=True)[:TOLD_CHANGES]]
    return tuple(lines)


def _change(incident: Incident, change: ChangeEvent) -> str:
    minutes = round((incident.started_at - change.at).total_seconds() / 60)
    when = f"{minutes} minute{'' if minutes == 1 else 's'} before" if minutes > 0 else "as it began"
    where = f" ({change.service})" if change.service else ""
    return f"{CHANGED[change.kind]} {when}: {_cut(change.title, LINE)}{where}"


def _description(first: Alert, also: Sequence[str]) -> str:
    said = first.description.strip()
    said = said if len(said) <= DESCRIPTION else f"{said[:DESCRIPTION].rstrip()} …"
    return "\n\n".join(part for part in (said, "\n".join([ALSO, *also]) if also else "") if part)


def _with_the_rest(before: Incident, after: Incident, first: Alert, also: Sequence[str]) -> Incident:
    """What is known of the alerts between the first and the newest stands in what the incident was before."""
    _, listing, known = before.description.rpartition(f"{ALSO}\n")
    lines = dict.fromkeys([*(known.splitlines() if listing else ()), *also])
    return replace(
        after,
        description=_description(first, list(lines)[:LISTED]),
        severity=worst((before.severity, after.severity)),
        labels=_shared([before.labels, after.labels]),
        service=after.service if after.service == before.service else None,
        environment=after.environment if after.environment == before.environment else None,
    )


def _shared(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The labels that all have."""
    first, *others = labels
    shared = {name: value for name, value in first.items() if all(one.get(name) == value for one in others)}
    faults = {name: value for name in FAULTS if (value := _agreed(one.get(name) for one in labels))}
    return {**shared, **faults}


def _agreed(values: Iterable[str | None]) -> str | None:
    """What all say that say anything."""
    said = {value for value in values if value}
    return said.pop() if len(said) == 1 else None


def _agreed_service(values: Iterable[str | None]) -> str | None:
    """The service that all name that name any, in the first spelling."""
    spelled = [value for value in values if value]
    return spelled[0] if len({service_name(value) for value in spelled}) == 1 else None


def _cut(text: str, most: int) -> str:
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
