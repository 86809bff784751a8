"""Read incident fields from a postmortem's front matter, in the names that static sites and status pages use."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from onrecall.importers.postmortem.incident_text import FrontMatter
from onrecall.importers.postmortem.vocabulary import heading_topic
from onrecall.importers.record import FieldRecord

START = ("start_time", "started_at", "start", "started", "incident_start", "start_date", "begin", "detected_at")
END = ("end_time", "ended_at", "end", "resolvedWhen", "resolved_at", "resolved_when", "incident_end", "end_date")
SERVICE = ("service", "product", "services", "affected", "affected_services", "components", "component", "system")
SUMMARY = ("summary", "description", "excerpt", "tldr", "abstract")
CAUSE = ("root_cause", "rootCause", "root cause", "root-cause", "cause")
SEVERITY = ("severity", "sev", "priority", "level")
OTHER = ("environment", "status", "resolved", "informational", "company", "region", "incident", "incident_id")
TRACKED = frozenset(("created", "closed"))
"""Fields of a status page kept in an issue tracker; `created` alone is only when the text was written."""
FIELDS = frozenset((*START, *END, *SERVICE, *SUMMARY, *CAUSE, *SEVERITY, *OTHER, *TRACKED))
"""All front matter fields that are read."""
_OPEN = frozenset(("open", "investigating", "identified", "monitoring", "ongoing", "in progress", "active"))
_DATED = re.compile(r"\d{4}")
_TOPIC_FIELDS: dict[str, str] = {
    "date": "date",
    "start": "started_at",
    "end": "ended_at",
    "severity": "severity",
    "service": "service",
    "title": "title",
    "cause": "root_cause",
    "summary": "summary",
    "environment": "environment",
}
_ENGLISH_WORDS = (
    "analysis brief closed closed_at component components created data day diagnosis explanation fault from headline "
    "incident_date issue level name occurred opened opened_at problem region regions restored resume subject to "
    "until updated urgency when why"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
"""Words that other generators of pages use for other things."""


def name_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return front matter with fields such as `fecha`, `schweregrad` or `affected service` under their names here."""
    named: dict[str, Any] = {}
    for name, value in values.items():
        topic = heading_topic(name.replace("_", " ").replace("-", " ")) if name not in FIELDS else None
        own = _TOPIC_FIELDS.get(topic or "")
        taken = own is None or own in values or own in named or name.casefold().replace(" ", "_") in _ENGLISH
        named[name if taken or own is None else own] = value
    return named


def describes_incident(values: Mapping[str, Any]) -> bool:
    """Return whether the field names are those of a status page incident or a published postmortem."""
    names = set(values)
    times = {"start_time", "end_time", "resolvedWhen", "started_at", "incident_start"}
    return bool(times & names) or {"affected", "severity"} <= names or names >= TRACKED


def read_front_matter(front: FieldRecord) -> FrontMatter:
    """Read the front matter; raise Invalid with the field name if a time can't be parsed."""
    services = front_services(front)
    labels = {name: text for name in ("company", "region") if (text := _first_text(front, name))}
    if incident_id := _first_text(front, "incident", "incident_id", "labels.incident"):
        labels["incident"] = incident_id
    if len(services) > 1:
        labels["services"] = ", ".join(services)
    status = (_first_text(front, "status") or "").casefold()
    is_tracked = front.values.keys() >= TRACKED
    return FrontMatter(
        start=front.time(*START) or _start_of_status_page(front),
        end=front.time(*END) or _end_of_state(front) or (front.time("closed") if is_tracked else None),
        severity=_first_text(front, *SEVERITY),
        service=services[0] if services else None,
        summary=_first_text(front, *SUMMARY),
        cause=_first_text(front, *CAUSE),
        environment=_first_text(front, "environment"),
        is_open=_first_text(front, "resolved") == "false"
        or status in _OPEN
        or (is_tracked and not front.get("closed")),
        labels=labels,
    )


def _end_of_state(front: FieldRecord) -> datetime | None:
    """Return the time under `resolved`, which says whether it is over in some files and when in others."""
    return front.time("resolved") if _DATED.search(_first_text(front, "resolved") or "") else None


def _start_of_status_page(front: FieldRecord) -> datetime | None:
    """Return a status page's start from `date` or `created`; a bare date is ignored, the text may be more precise."""
    if front.values.keys() >= TRACKED:
        return front.time("created")
    ended = _end_of_state(front)
    at = front.time("date") if describes_incident(front.values) or ended else None
    is_start = at is not None and at.time() != time() and (ended is None or at <= ended)
    return at if is_start else None


def front_services(front: FieldRecord) -> tuple[str, ...]:
    """Return the services, given as text or as a list."""
    for name in SERVICE:
        value = front.get(name)
        if isinstance(value, str) and value.strip():
            return (value.strip(),)
        if isinstance(value, list) and (
            services := tuple(service.strip() for service in value if isinstance(service, str) and service.strip())
        ):
            return services
    return ()


def _first_text(front: FieldRecord, *names: str) -> str | None:
    """Return the first of these fields that is a non-empty string."""
    return next((value.strip() for name in names if isinstance(value := front.get(name), str) and value.strip()), None)
