"""Postmortems of incidents that are on record already: what they say is added there, and no second incident is made."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from onrecall.domain.incident import Incident, Resolution
from onrecall.storage import Storage

BY_HAND = timedelta(days=45)
"""How far a postmortem's day may be from the incident that its author names in the front matter."""
IN_TEXT = timedelta(days=3)
"""How far it may be where the text names an id, which could be another tool's."""
BEFORE, AFTER = timedelta(days=2), timedelta(days=7)
"""What a chronology may reach back and on from an incident; times further off are of another day."""


def on_record(store: Storage, told: Iterable[Incident]) -> Mapping[str, Incident]:
    """Return for each incident that a postmortem tells of the stored one that it names, by the id of the former."""
    named = {one.id: name for one in told if (name := one.named_on_record)}
    stored = store.things([("incident", name) for name in named.values()])
    found = {}
    for one in told:
        thing = stored.get(("incident", named.get(one.id, "")))
        if isinstance(thing, Incident) and _is_same(one, thing):
            found[one.id] = thing
    return found


def _is_same(told: Incident, stored: Incident) -> bool:
    reach = BY_HAND if "incident" in told.labels else IN_TEXT
    return stored.id != told.id and abs(told.started_at - stored.started_at) <= reach


def described(stored: Incident, told: Incident) -> Incident:
    """Return the stored incident with what a postmortem says of it; what is on record stays, gaps are filled."""
    from_report = stored.document in (None, told.document)
    if not from_report:
        return stored
    ended = stored.resolved_at or stored.started_at
    first, last = stored.started_at - BEFORE, ended + AFTER
    near = [
        entry if entry.at is None or first <= entry.at <= last else replace(entry, at=None) for entry in told.timeline
    ]
    return replace(
        stored,
        document=told.document,
        impact=told.impact,
        detection=told.detection,
        trigger=told.trigger,
        timeline=tuple(near),
        action_items=told.action_items,
        lines=told.lines,
        resolution=stored.resolution or _within(stored, told),
        status="resolved" if stored.resolution is None and told.resolution else stored.status,
        resolved_at=stored.resolved_at or (told.resolved_at if told.resolution else None),
    )


def _within(stored: Incident, told: Incident) -> Resolution | None:
    """The postmortem's resolution, never before the incident on record began."""
    said = told.resolution
    return replace(said, at=max(said.at, stored.started_at)) if said else None
