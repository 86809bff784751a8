"""People on an incident: who takes it, what they write while it goes on, and whom it can be given to."""

from collections.abc import Callable
from datetime import datetime

from onrecall.domain.access import ROLE_INCLUDES, Key
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident
from onrecall.pipeline.manual_grouping import ensure_not_merged
from onrecall.redaction import redact
from onrecall.storage import Storage, StoredNote


class Collaboration:
    """Assigns incidents and takes notes, redacted before they are stored."""

    def __init__(self, store: Storage, clock: Callable[[], datetime], *, personal: bool) -> None:
        self._store = store
        self._clock = clock
        self._personal = personal

    def assign(self, incident_id: str, assignee: str | None, by: str | None = None) -> Incident:
        """Say who works on an incident; None or blank: nobody. Raises NotFound, and Conflict where it was merged."""
        ensure_not_merged(self._store.incident(incident_id))
        name = redact(" ".join((assignee or "").split())).text or None  # an address of mail is a name here
        return self._store.collaboration.assign(incident_id, name, self._clock(), by)

    def write_note(self, incident_id: str, text: str, by: str | None = None) -> tuple[StoredNote, bool]:
        """Store a note; the second value says whether it was new. Raises Invalid where blank, NotFound, Conflict."""
        if not text.strip():
            raise Invalid("the note is empty; write what you saw or did", "text")
        ensure_not_merged(self._store.incident(incident_id))
        clean = redact(text.strip(), personal=self._personal).text
        return self._store.collaboration.add_note(incident_id, clean, self._clock(), by)

    def people(self) -> tuple[str, ...]:
        """Return whom an incident can be given to: holders of keys that may work on one, and whoever has one now."""
        now = self._clock()
        holders = {key.name for key in self._store.keys().all() if _may_respond(key, now)}
        return tuple(sorted(holders | set(self._store.collaboration.assignees()), key=str.casefold))


def _may_respond(key: Key, now: datetime) -> bool:
    return key.state(now) == "active" and "responder" in ROLE_INCLUDES[key.role]
