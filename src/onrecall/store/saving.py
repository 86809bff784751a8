"""Saving: incidents and documents go in under their natural keys; what is there already stays as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from onrecall import page
from onrecall.errors import Conflict, Invalid
from onrecall.incident import Document, Incident, Link, Passage, Performed
from onrecall.store import documents, events, guard, incidents, links, passages, performed, resolutions
from onrecall.store.events import Happening
from onrecall.store.passages import Shelf
from onrecall.store.register import Known, Register
from onrecall.store.results import Entry, Owner, Saved

DocumentState = Literal["created", "updated", "unchanged"]
IMPORTED: Mapping[str, Any] = {"imported": True}


def save(connection: Connection, entries: Sequence[Entry], now: datetime) -> tuple[Saved, ...]:
    """Create or update each; one that contradicts what is known is left out, and says so."""
    saving = _Saving(connection, [entry.thing for entry in entries if isinstance(entry.thing, Incident)], now)
    saved = tuple(saving.one(entry) for entry in entries)
    saving.shelf.fill(connection)
    return saved


def unchanged(connection: Connection, things: Sequence[Incident | Document]) -> list[bool]:
    """Whether each is stored already and says the same."""
    register = Register(connection, [thing for thing in things if isinstance(thing, Incident)])
    hashes = documents.hashes(connection, [thing.id for thing in things if isinstance(thing, Document)])
    same = []
    for thing in things:
        try:
            if isinstance(thing, Document):
                same.append(hashes.get(thing.id) == guard.digest(thing))
            else:
                known = register.find(thing)
                same.append(known is not None and guard.digest(thing) in known.hashes)
        except (Conflict, Invalid):
            same.append(False)  # saving it tells why
    return same


def open_one(connection: Connection, given: Incident, found: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
    """Keep a new incident that waits for an answer; the same again is fine."""
    digest = guard.digest(given)
    saving = _Saving(connection, [given], now)
    named = bool(given.id or given.source_id)
    known = saving.register.find(given) if named else None
    if known is not None:
        if digest not in known.hashes:
            raise Conflict(f"incident {known.id} is already there and says something else")
        return incidents.one(connection, known.id), False
    name = saving.register.name(given) if named else incidents.mint(connection)
    saving.create(replace(given, id=name), Entry(given, tuple(found)), digest, live=True)
    saving.shelf.fill(connection)
    return incidents.one(connection, name), True


def put(connection: Connection, given: Document, found: Sequence[Passage]) -> DocumentState:
    """Keep one document."""
    shelf = Shelf()
    state = _document(connection, shelf, given, found, guard.digest(given))
    shelf.fill(connection)
    return state


def forget(connection: Connection, name: str) -> None:
    """Remove one document and its passages."""
    documents.remove(connection, name)
    shelf = Shelf()
    shelf.put(("document", name), ())
    shelf.fill(connection)


class _Saving:
    """One transaction of saving: what is known so far, and the passages to put in place at its end."""

    def __init__(self, connection: Connection, given: Iterable[Incident], now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.register = Register(connection, given)
        self.shelf = Shelf()

    def one(self, entry: Entry) -> Saved:
        """Save one entry. Nothing of it is written before all that can be wrong with it was looked at."""
        try:
            digest = guard.digest(entry.thing)
            performed.check(entry.performed)
            if isinstance(entry.thing, Incident):
                return self._incident(entry.thing, entry, digest)
            state = _document(self._connection, self.shelf, entry.thing, entry.passages, digest)
            return Saved(entry.thing.id, state)
        except Conflict as error:
            return Saved(entry.thing.id, "rejected", str(error), "id")
        except Invalid as error:
            return Saved(entry.thing.id, "rejected", str(error), error.field)

    def create(self, given: Incident, entry: Entry, digest: str, *, live: bool = False) -> Known:
        """Write an incident that was not there."""
        incident = _settled(given)
        self.shelf.put(("incident", incident.id), entry.passages)
        hashes = incidents.add(self._connection, incident, digest, waiting=live)
        detail = {} if live else IMPORTED
        opened = Happening(incident.id, "opened", incident.started_at, detail=detail)
        self._tell(None, incident, incident.links, entry, [opened], detail)
        return Known(incident.id, incident.source, incident.source_id, hashes)

    def _incident(self, given: Incident, entry: Entry, digest: str) -> Saved:
        known = self.register.find(given)
        if known is not None and digest in known.hashes:
            return Saved(known.id, "unchanged")
        if known is None:
            there = self.create(replace(given, id=self.register.name(given)), entry, digest)
        else:
            there = self._update(incidents.one(self._connection, known.id), given, entry, digest)
        self.register.note(there)
        return Saved(there.id, "created" if known is None else "updated")

    def _update(self, stored: Incident, given: Incident, entry: Entry, digest: str) -> Known:
        incident = _merged(stored, given)
        moved = (stored.service, stored.labels) != (incident.service, incident.labels)
        self.shelf.put(("incident", incident.id), entry.passages + self._kept(stored, given), moved=moved)
        hashes = incidents.change(self._connection, incident, digest)
        self._tell(stored, incident, given.links, entry, [], IMPORTED)
        return Known(incident.id, incident.source, incident.source_id, hashes)

    def _tell(
        self,
        stored: Incident | None,
        incident: Incident,
        ties: Sequence[Link],
        entry: Entry,
        happened: list[Happening],
        detail: Mapping[str, Any],
    ) -> None:
        """Keep the resolution and the links that are new, and put on the timeline what happened."""
        acknowledged = incident.acknowledged_at
        if acknowledged is not None and (stored is None or stored.acknowledged_at != acknowledged):
            happened.append(Happening(incident.id, "acknowledged", acknowledged, detail=detail))
        happened += self._resolved(stored, incident, entry.performed, detail)
        # A link that came with the incident is known since its resolution, or else from the start.
        at = incident.resolution.at if incident.resolution else incident.started_at
        for tie in links.add(self._connection, incident.id, ties, at):
            happened.append(Happening(incident.id, "linked", at, detail={**events.tied(tie), **detail}))
        events.add(self._connection, happened, self._now)

    def _resolved(
        self, stored: Incident | None, incident: Incident, tries: Sequence[Performed], detail: Mapping[str, Any]
    ) -> list[Happening]:
        said = incident.resolution
        if said is not None and (stored is None or said != stored.resolution):
            version = resolutions.add(self._connection, incident.id, said, tries)
            return [Happening(incident.id, "resolved", said.at, said.by, {"version": version, **detail})]
        newly = incident.status == "resolved" and (stored is None or stored.status != "resolved")
        if newly and incident.resolved_at is not None:
            return [Happening(incident.id, "resolved", incident.resolved_at, detail=detail)]
        return []

    def _kept(self, stored: Incident, given: Incident) -> tuple[Passage, ...]:
        """The passages of a resolution that the given incident does not know, where they stand on its page now."""
        if stored.resolution is None or given.resolution is not None:
            return ()
        shift = len(page.lines(replace(given, resolution=None))) - len(page.lines(replace(stored, resolution=None)))
        owner: Owner = ("incident", stored.id)
        found = passages.of(self._connection, [owner]).get(owner, [])
        return tuple(replace(one, line=one.line + shift) for _, one in found if one.part == "resolution")


def _settled(given: Incident) -> Incident:
    """An incident with a resolution is resolved, and was so by then."""
    if given.resolution is None:
        return given
    return replace(given, status="resolved", resolved_at=given.resolved_at or given.resolution.at)


def _merged(stored: Incident, given: Incident) -> Incident:
    """What is given wins, but never takes away what was learned: a resolution, an acknowledgement, a link."""
    merged = replace(
        _settled(given),
        id=stored.id,
        source_id=given.source_id or stored.source_id,
        acknowledged_at=given.acknowledged_at or stored.acknowledged_at,
        links=tuple(dict.fromkeys(stored.links + given.links)),
    )
    standing = stored.resolution
    if standing is not None and (given.resolution is None or given.resolution.same_as(standing)):
        return replace(merged, status="resolved", resolved_at=stored.resolved_at, resolution=standing)
    if merged.status == "open" and stored.status == "acknowledged":
        return replace(merged, status="acknowledged")
    return merged


def _document(
    connection: Connection, shelf: Shelf, given: Document, found: Sequence[Passage], digest: str
) -> DocumentState:
    if not given.id:
        raise Invalid("the document has no id; give one, such as its path", "id")
    stored = documents.by_id(connection, [given.id]).get(given.id)
    if stored is None:
        shelf.put(("document", given.id), found)
        documents.add(connection, given, digest)
        return "created"
    if documents.hashes(connection, [given.id])[given.id] == digest:
        return "unchanged"
    moved = (stored.service, stored.labels) != (given.service, given.labels)
    shelf.put(("document", given.id), found, moved=moved)
    documents.change(connection, given, digest)
    return "updated"
