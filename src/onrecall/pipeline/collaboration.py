"""People on an incident: assignment, edits, notes, and whom it can be assigned to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from onrecall.domain.access import ROLE_INCLUDES, Key
from onrecall.domain.errors import Invalid, Unavailable
from onrecall.domain.incident import Incident
from onrecall.domain.incident_edit import IncidentEdit, parse_assignee
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.pipeline.group_alerts import MAX_ATTEMPTS
from onrecall.pipeline.manual_grouping import ensure_not_merged
from onrecall.redaction import redact, redact_model
from onrecall.retrieval import Retriever
from onrecall.storage import Storage, StoredNote


class Collaboration:
    """Assigns and edits incidents and takes notes, redacted before they are stored."""

    def __init__(self, store: Storage, recall: Retriever, clock: Callable[[], datetime], *, personal: bool) -> None:
        self._store = store
        self._recall = recall
        self._clock = clock
        self._personal = personal

    def assign(self, incident_id: str, assignee: str | None, by: str | None = None) -> Incident:
        """Assign an incident; None or blank unassigns it. Raises Invalid, NotFound, or Conflict if it was merged."""
        ensure_not_merged(self._store.incidents.get(incident_id))
        name = parse_assignee(redact(collapse_whitespace(assignee or "")).text)  # an email address is a name here
        return self._store.collaboration.assign(incident_id, name, self._clock(), by)

    def edit(self, incident_id: str, edit: IncidentEdit, by: str | None = None) -> Incident:
        """Change what a person may change of an incident; the same again changes nothing.

        Later alerts leave an edited field alone. Raises Invalid, NotFound, Conflict where it was merged, and
        Unavailable where others keep changing it.
        """
        clean = self._redacted(edit)
        for _ in range(MAX_ATTEMPTS):
            before = self._store.incidents.get(incident_id)
            ensure_not_merged(before)
            after = clean.apply(before)
            (passages,) = self._recall.prepare([after])
            if self._store.collaboration.edit(before, after, passages, self._clock(), by):
                return self._store.incidents.get(incident_id)
        raise Unavailable(f"incident {incident_id} keeps changing; try again")

    def _redacted(self, edit: IncidentEdit) -> IncidentEdit:
        clean = redact_model(replace(edit, assignee=None), personal=self._personal)
        return clean if edit.assignee is None else replace(clean, assignee=redact(edit.assignee).text)

    def write_note(self, incident_id: str, text: str, by: str | None = None) -> tuple[StoredNote, bool]:
        """Store a note and return it with whether it was new. Raises Invalid if blank, NotFound or Conflict."""
        if not text.strip():
            raise Invalid("the note is empty; write what you saw or did", "text")
        ensure_not_merged(self._store.incidents.get(incident_id))
        clean = redact(text.strip(), personal=self._personal).text
        return self._store.collaboration.add_note(incident_id, clean, self._clock(), by)

    def people(self) -> tuple[str, ...]:
        """Return possible assignees: whoever may respond by an active key or a sign-in, and current assignees."""
        now = self._clock()
        holders = {key.name for key in self._store.keys.all() if _may_respond(key, now)}
        people = {person.name for person in self._store.sign_ins.people() if "responder" in ROLE_INCLUDES[person.role]}
        return tuple(sorted(holders | people | set(self._store.collaboration.assignees()), key=str.casefold))


def _may_respond(key: Key, now: datetime) -> bool:
    return key.state(now) == "active" and "responder" in ROLE_INCLUDES[key.role]
