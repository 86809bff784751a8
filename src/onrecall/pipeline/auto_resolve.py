"""Resolve incidents whose alerts have ended, and apply notes, acknowledgements and change events to them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from onrecall.domain.incident import Incident, Resolution
from onrecall.importers.resolution import closing_comment, imported_resolution, labelled_sections
from onrecall.pipeline import incident_from_alerts as storm
from onrecall.pipeline.group_alerts import GroupingTimers
from onrecall.pipeline.heartbeats import DeadMansSwitch
from onrecall.pipeline.suggestions import SuggestionDesk, newest_notes, resolution_from_text
from onrecall.storage import Storage, StoredAlert, StoredNote

BATCH = 200
MAX_SUGGESTIONS = 5
"""At most this many of an incident's newest notes become suggestions."""
_UNSURE = re.compile(
    r"\?|\b(?:not|n['\u2019]t|never|yet|still|trying|maybe|perhaps|might|should|will|going to|investigating|"
    r"no effect)\b",
    re.IGNORECASE,
)
"""Matches notes that cannot state a fix: questions, negations, guesses and work in progress."""


class AutoResolver:
    """Resolves incidents when their alerts end, and applies notes, acknowledgements and changes."""

    def __init__(
        self,
        store: Storage,
        clock: Callable[[], datetime],
        timers: GroupingTimers,
        suggestions: SuggestionDesk,
        switch: DeadMansSwitch,
    ) -> None:
        self._store = store
        self._clock = clock
        self._timers = timers
        self._suggestions = suggestions
        self._switch = switch

    def run(self) -> int:
        """Process everything that is due; returns the number of items processed."""
        handled = self._switch.run() + self._store.maintenance.release(self._clock())
        return handled + self._expire() + self._process_changes() + self._process_notes() + self._resolve_quiet()

    def _expire(self) -> int:
        """End alerts that have not been updated within their expiry time, for sources that never send a resolve."""
        now = self._clock()
        expired = self._store.grouping.expired(now, BATCH)
        if expired:
            self._store.grouping.end_expired({alert.id: _expiry_reason(alert) for alert in expired}, now)
        return len(expired)

    def _process_changes(self) -> int:
        pending = self._store.grouping.waiting_changes(BATCH, storm.CHANGE_WINDOW)
        if pending:
            incident_ids = [name for _, names in pending for name in names]
            soonest = self._clock() + self._timers.group_wait
            self._store.grouping.mark_changes_processed([change for change, _ in pending], incident_ids, soonest)
        return len(pending)

    def _process_notes(self) -> int:
        pending = self._store.grouping.waiting_notes(BATCH)
        for note, incident_id in pending:
            incident = self._store.incidents.get(incident_id)
            if incident.status == "resolved" and incident.resolution is None:
                self._suggest(incident, [note])
            self._store.grouping.apply_note(note, incident_id, self._clock())
        return len(pending)

    def _resolve_quiet(self) -> int:
        now = self._clock()
        since = now - self._timers.resolve_timeout
        quiet = self._store.grouping.quiet_incidents(since)
        for name in quiet:
            self._suggest(self._store.incidents.get(name), self._store.notes.of_incident(name))
            self._store.grouping.resolve_quiet(name, since, now)
        return len(quiet)

    def _suggest(self, incident: Incident, notes: Iterable[StoredNote]) -> None:
        """Store notes as suggested resolutions: those that state a fix, otherwise the newest note."""
        at = incident.resolved_at or self._store.grouping.end_time(incident, self._clock())
        written = newest_notes(notes)
        candidates = [(note, resolution) for note in written if (resolution := resolution_from_note(note, at))][
            :MAX_SUGGESTIONS
        ]
        if not candidates and written and not self._store.suggestions.pending(incident.id):
            candidates = [(written[0], resolution_from_text(written[0], at))]
        for note, resolution in candidates:
            self._suggestions.suggest_resolution(self._store.incidents.get(incident.id), note, resolution)


def _expiry_reason(expired: StoredAlert) -> str:
    """Explain why an alert that no source resolved has ended."""
    if expired.alert.purpose == "test":
        return "a test alert ends by itself"
    return (
        f"it expired: no message about it arrived since {expired.updated_at:%Y-%m-%d %H:%M} UTC, "
        f"and {expired.alert.source} does not report when it ends"
    )


def resolution_from_note(note: StoredNote, at: datetime) -> Resolution | None:
    """Extract a resolution from a note: the text under "Root cause:" or "Resolution:", or a completed action."""
    text = (note.text or "").strip()
    by_heading = labelled_sections(text)
    if by_heading:
        stated_resolution = imported_resolution(by_heading.get("root_cause"), by_heading.get("fix"), at)
    elif closing_comment((text,)) and not _UNSURE.search(text):
        stated_resolution = imported_resolution(None, text, at)
        stated_resolution = (
            stated_resolution
            if stated_resolution and any(step.outcome == "worked" for step in stated_resolution.steps)
            else None
        )
    else:
        return None
    return replace(stated_resolution, by=note.by) if stated_resolution else None


def suggested_cause(incident: Incident, notes: Iterable[StoredNote]) -> StoredNote | None:
    """Return the newest note as the likely cause of a resolved incident without a resolution, if there is one."""
    if incident.status != "resolved" or incident.resolution is not None or _is_merged(incident):
        return None
    written = [note for note in notes if note.type == "note" and (note.text or "").strip()]
    return max(written, key=lambda note: note.at, default=None)


def _is_merged(incident: Incident) -> bool:
    return any(link.kind == "merged" for link in incident.links)
