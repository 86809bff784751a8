"""What a postmortem's front matter says of its incident, in the names that static sites and status pages use."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from onrecall.importers.postmortem.incident_text import FrontMatter
from onrecall.importers.record import FieldRecord

START = ("start_time", "started_at", "start", "started", "incident_start", "start_date", "begin", "detected_at")
END = ("end_time", "ended_at", "end", "resolvedWhen", "resolved_at", "resolved_when", "incident_end", "end_date")
SERVICE = ("service", "product", "services", "affected", "affected_services", "components", "component", "system")
SUMMARY = ("summary", "description", "excerpt", "tldr", "abstract")
CAUSE = ("root_cause", "rootCause", "root cause", "root-cause", "cause")
SEVERITY = ("severity", "sev", "priority", "level")
OTHER = ("environment", "status", "resolved", "informational", "company", "region", "incident", "incident_id")
TRACKED = frozenset(("created", "closed"))
"""What an issue of a status page on an issue tracker holds; `created` alone is when a text was written."""
FIELDS = frozenset((*START, *END, *SERVICE, *SUMMARY, *CAUSE, *SEVERITY, *OTHER, *TRACKED))
"""All that is read of it."""
_OPEN = frozenset(("open", "investigating", "identified", "monitoring", "ongoing", "in progress", "active"))


def is_of_incident(values: Mapping[str, Any]) -> bool:
    """Whether the names in it are those of an incident on a status page, or of a published postmortem."""
    names = set(values)
    times = {"start_time", "end_time", "resolvedWhen", "started_at", "incident_start"}
    return bool(times & names) or {"affected", "severity"} <= names or names >= TRACKED


def front_matter(front: FieldRecord) -> FrontMatter:
    """What the front matter says; a time that can't be read is an error that names its field."""
    services = services_of(front)
    labels = {name: said for name in ("company", "region") if (said := _text(front, name))}
    if named := _text(front, "incident", "incident_id", "labels.incident"):
        labels["incident"] = named
    if len(services) > 1:
        labels["services"] = ", ".join(services)
    status = (_text(front, "status") or "").casefold()
    is_tracked = front.values.keys() >= TRACKED
    return FrontMatter(
        start=front.time(*START) or _start_of_status_page(front),
        end=front.time(*END) or (front.time("closed") if is_tracked else None),
        severity=_text(front, *SEVERITY),
        service=services[0] if services else None,
        summary=_text(front, *SUMMARY),
        cause=_text(front, *CAUSE),
        environment=_text(front, "environment"),
        is_open=_text(front, "resolved") == "false" or status in _OPEN or (is_tracked and not front.get("closed")),
        labels=labels,
    )


def _start_of_status_page(front: FieldRecord) -> datetime | None:
    """A status page gives the start under `date` or `created`; a day alone is less than its text may say."""
    if front.values.keys() >= TRACKED:
        return front.time("created")
    at = front.time("date") if is_of_incident(front.values) else None
    return at if at is not None and at.time() != time() else None


def services_of(front: FieldRecord) -> tuple[str, ...]:
    """The services that it names, as a text or as a list."""
    for name in SERVICE:
        value = front.get(name)
        if isinstance(value, str) and value.strip():
            return (value.strip(),)
        if isinstance(value, list) and (
            found := tuple(one.strip() for one in value if isinstance(one, str) and one.strip())
        ):
            return found
    return ()


def _text(front: FieldRecord, *names: str) -> str | None:
    """The first of these that is a text."""
    return next((value.strip() for name in names if isinstance(value := front.get(name), str) and value.strip()), None)
