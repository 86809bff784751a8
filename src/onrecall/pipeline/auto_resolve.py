"""What follows once alerts are in their incidents: they end with their alerts, and hear what people and changes say."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from onrecall.domain.incident import Incident, Resolution
from onrecall.importers.resolution import closing, resolution, sections
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.group_alerts import GroupingTimers
from onrecall.pipeline.heartbeats import DeadMansSwitch
from onrecall.pipeline.suggestions import SuggestionDesk, as_resolution, newest_notes
from onrecall.storage import Storage, StoredAlert, StoredNote

BATCH = 200
MOST_SUGGESTIONS = 5
"""Of one incident's notes so many at most become suggestions, the newest."""
_UNSURE = re.compile(
    r"\?|\b(?:not|n['\u2019]t|never|yet|still|trying|maybe|perhaps|might|should|will|going to|investigating|"
    r"no effect)\b",
    re.IGNORECASE,
)
"""What a note has that does not tell what fixed it, whatever else it says."""


class AutoResolver:
    """Ends incidents with their alerts, and tells them of notes, acknowledgements and changes."""

    def __init__(
        self,
        store: Storage,
        clock: Callable[[], datetime],
        pace: GroupingTimers,
        suggestions: SuggestionDesk,
        switch: DeadMansSwitch,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._suggestions = suggestions
        self._switch = switch

    def run(self) -> int:
        """Settle what can be settled now; how much that was."""
        watched = self._switch.run() + self._store.maintenance.release(self._clock())
        return watched + self._expire() + self._hear_changes() + self._hear_notes() + self._end()

    def _expire(self) -> int:
        """End alerts of which nothing was heard for their time, since their sources never say that they are over."""
        now = self._clock()
        expired = self._store.storms.expired(now, BATCH)
        if expired:
            self._store.storms.end_expired({one.id: _why_over(one) for one in expired}, now)
        return len(expired)

    def _hear_changes(self) -> int:
        found = self._store.storms.changes_to_look_at(BATCH, storm.BEFORE)
        if found:
            concerned = [name for _, names in found for name in names]
            soonest = self._clock() + self._pace.settle
            self._store.storms.looked_at([change for change, _ in found], concerned, soonest)
        return len(found)

    def _hear_notes(self) -> int:
        found = self._store.storms.notes_to_tell(BATCH)
        for note, name in found:
            incident = self._store.incident(name)
            if incident.status == "resolved" and incident.resolution is None:
                self._suggest(incident, [note])
            self._store.storms.tell_note(note, name, self._clock())
        return len(found)

    def _end(self) -> int:
        now = self._clock()
        since = now - self._pace.resolve_after
        quiet = self._store.storms.quiet(since)
        for name in quiet:
            self._suggest(self._store.incident(name), self._store.notes_of(name))
            self._store.storms.resolve_quiet(name, since, now)
        return len(quiet)

    def _suggest(self, incident: Incident, notes: Iterable[StoredNote]) -> None:
        """Keep what somebody at a sender wrote as suggestions: what states the fix, else the last thing written."""
        at = incident.resolved_at or self._store.storms.ended(incident, self._clock())
        written = newest_notes(notes)
        stating = [(note, resolution) for note in written if (resolution := stated(note, at))][:MOST_SUGGESTIONS]
        if not stating and written and not self._store.suggestions.pending(incident.id):
            stating = [(written[0], as_resolution(written[0], at))]
        for note, resolution in stating:
            self._suggestions.suggest_resolution(self._store.incident(incident.id), note, resolution)


def _why_over(expired: StoredAlert) -> str:
    """Why an alert is over of which nobody said so, in words for people."""
    if expired.alert.purpose == "test":
        return "a test message ends by itself"
    return (
        f"it expired: nothing was heard of it since {expired.updated_at:%Y-%m-%d %H:%M} UTC, "
        f"and {expired.alert.source} does not say when it is over"
    )


def stated(note: StoredNote, at: datetime) -> Resolution | None:
    """Extract a resolution from a note: the text under "Root cause:" or "Resolution:", or a completed action."""
    text = (note.text or "").strip()
    told = sections(text)
    if told:
        found = resolution(told.get("root_cause"), told.get("fix"), at)
    elif closing((text,)) and not _UNSURE.search(text):
        found = resolution(None, text, at)
        found = found if found and any(step.outcome == "worked" for step in found.steps) else None
    else:
        return None
    return replace(found, by=note.by) if found else None


def suggestion(incident: Incident, notes: Iterable[StoredNote]) -> StoredNote | None:
    """The note that a person is shown as the likely cause of an incident which is over and lacks one: the last one."""
    if incident.status != "resolved" or incident.resolution is not None or _merged(incident):
        return None
    written = [one for one in notes if one.type == "note" and (one.text or "").strip()]
    return max(written, key=lambda one: one.at, default=None)


def _merged(incident: Incident) -> bool:
    return any(link.kind == "merged" for link in incident.links)
