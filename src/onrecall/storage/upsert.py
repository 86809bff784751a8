"""Saving: incidents and documents go in under their natural keys; what is there already stays as it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from onrecall.domain import markdown_page as page
from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.incident import Document, Incident, IncidentLink, Passage
from onrecall.storage import audit, documents, events, examples, incidents, links, passages, resolutions
from onrecall.storage import step_executions as performed
from onrecall.storage import validation as guard
from onrecall.storage.bulk_insert import BulkInsert, known_from
from onrecall.storage.events import NewEvent
from onrecall.storage.natural_keys import NaturalKeyIndex, StoredIdentity
from onrecall.storage.passages import PassageChanges
from onrecall.storage.results import Owner, SaveResult, StoreEntry
from onrecall.storage.tables import incidents as rows

DocumentState = Literal["created", "updated", "unchanged"]
IMPORTED: Mapping[str, Any] = {"imported": True}
REPORTED = ("api", "incidentos", "hindsight")
"""Sources whose incidents are known by the words that reported them: this API, and what IncidentOS AI keeps."""


def save(connection: Connection, entries: Sequence[StoreEntry], now: datetime) -> tuple[SaveResult, ...]:
    """Create or update each; one that contradicts what is known is left out, and says so."""
    saving = _ImportSession(connection, [entry.thing for entry in entries], now)
    saving.make_way([entry.thing for entry in entries if isinstance(entry.thing, Incident)])
    saved = tuple(saving.one(entry) for entry in entries)
    saving.finish()
    put = [one.id for one in saved if one.id in saving.documents_put]
    if put:
        audit.add(connection, "document put", put[0] if len(put) == 1 else None, audit.named(put))
    return saved


def unchanged(connection: Connection, things: Sequence[Incident | Document]) -> list[bool]:
    """Whether each is stored already and says the same."""
    register = NaturalKeyIndex(connection, [thing for thing in things if isinstance(thing, Incident)])
    papers = documents.known(connection, [thing for thing in things if isinstance(thing, Document)])
    same = []
    for thing in things:
        try:
            if isinstance(thing, Document):
                paper = papers.get(documents.stored_id(thing, papers))
                same.append(paper is not None and paper.hash == guard.digest(thing))
            else:
                known = register.find(thing)
                same.append(known is not None and guard.digest(thing) in known.hashes)
        except (Conflict, Invalid):
            same.append(False)  # saving it tells why
    return same


def open_one(connection: Connection, given: Incident, found: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
    """Keep a new incident that waits for an answer; the same again is fine."""
    digest = guard.digest(given)
    saving = _ImportSession(connection, [given], now)
    saving.make_way([given])
    named = bool(given.id or given.source_id)
    known = saving.register.find(given) if named else None
    if known is not None:
        if digest not in known.hashes:
            raise Conflict(f"incident {known.id} already exists with other content")
        return incidents.one(connection, known.id), False
    name = saving.register.name(given) if named else incidents.mint(connection)
    saving.create(replace(given, id=name), StoreEntry(given, tuple(found)), digest, live=True)
    saving.finish()
    return incidents.one(connection, name), True


def open_once(
    connection: Connection, given: Incident, found: Sequence[Passage], now: datetime
) -> tuple[Incident, bool]:
    """Keep a new incident under a minted id; one that was reported in the same words is that one still."""
    digest = guard.digest(given)
    there = _reported_alike(connection, given)
    if there is not None:
        return there, False
    saving = _ImportSession(connection, [], now)
    name = incidents.mint(connection)
    saving.create(replace(given, id=name), StoreEntry(given, tuple(found)), digest, live=True)
    saving.finish()
    return incidents.one(connection, name), True


def put(connection: Connection, given: Document, found: Sequence[Passage], now: datetime) -> DocumentState:
    """Keep one document."""
    saving = _ImportSession(connection, [given], now)
    state = saving.document(given, found, guard.digest(given))
    saving.finish()
    if saving.documents_put:
        audit.add(connection, "document put", given.id, {"state": state})
    return state


def forget(connection: Connection, name: str) -> None:
    """Remove one document and its passages."""
    documents.remove(connection, name)
    audit.add(connection, "document deleted", name)
    shelf = PassageChanges()
    shelf.put(("document", name), ())
    shelf.fill(connection)


class _ImportSession:
    """One transaction of saving: what is known so far, and the passages to put in place at its end."""

    def __init__(self, connection: Connection, given: Sequence[Incident | Document], now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.register = NaturalKeyIndex(connection, [one for one in given if isinstance(one, Incident)])
        self._documents = documents.known(connection, [one for one in given if isinstance(one, Document)])
        self.documents_put: set[str] = set()
        """Those that are new or say something else."""
        self._learned = False
        """Whether a resolution came."""
        self._arriving = BulkInsert()
        self._shelf = PassageChanges()

    def finish(self) -> None:
        """Write what is left to be written."""
        self._arriving.write(self._connection, self._now)
        self._shelf.fill(self._connection)
        if self._learned or self.documents_put:
            incidents.ask_again(self._connection, self._now)

    def make_way(self, given: Sequence[Incident]) -> None:
        """Have example incidents step aside whose ids these incidents want."""
        in_the_way = self.register.examples_in_the_way(one for one in given if _is_storable(one))
        if not in_the_way:
            return
        self._arriving.write(self._connection, self._now)  # they may have come with the same entries
        self._shelf.fill(self._connection)
        self._shelf = PassageChanges()
        examples.step_aside(self._connection, in_the_way)
        for name in in_the_way:
            self.register.rename(name, examples.namespaced(name))

    def one(self, entry: StoreEntry) -> SaveResult:
        """Save one entry. Nothing of it is written before all that can be wrong with it was looked at."""
        try:
            digest = guard.digest(entry.thing)
            performed.check(entry.performed)
            if isinstance(entry.thing, Incident):
                return self._incident(entry.thing, entry, digest)
            return SaveResult(entry.thing.id, self.document(entry.thing, entry.passages, digest))
        except Conflict as error:
            return SaveResult(entry.thing.id, "rejected", str(error), "id")
        except Invalid as error:
            return SaveResult(entry.thing.id, "rejected", str(error), error.field)

    def create(self, given: Incident, entry: StoreEntry, digest: str, *, live: bool = False) -> StoredIdentity:
        """Write an incident that was not there."""
        incident = _settled(given)
        self._shelf.put(("incident", incident.id), entry.passages)
        waiting = live or incident.status != "resolved"
        hashes = self._arriving.incident(incident, digest, entry.performed, waiting=waiting)
        detail = {} if live else IMPORTED
        opened = NewEvent(incident.id, "opened", incident.started_at, detail=detail)
        version = 1 if incident.resolution else None
        self._learned |= incident.resolution is not None
        self._arriving.tell([opened, *_happened(None, incident, version, dict.fromkeys(incident.links), detail)])
        return StoredIdentity(incident.id, incident.source, incident.source_id, hashes)

    def document(self, given: Document, found: Sequence[Passage], digest: str) -> DocumentState:
        """Save one document."""
        if not given.id:
            raise Invalid("the document has no id; give one, such as its path", "id")
        given = replace(given, id=documents.stored_id(given, self._documents))
        known = self._documents.get(given.id)
        if known is not None and known.hash == digest:
            return "unchanged"
        if known is None:
            self._shelf.put(("document", given.id), found)
            self._arriving.document(given, digest)
        else:
            self._arriving.write(self._connection, self._now)  # it may have come with the same entries
            stored = documents.one(self._connection, given.id)
            moved = (stored.service, stored.labels) != (given.service, given.labels)
            self._shelf.put(("document", given.id), found, moved=moved)
            documents.change(self._connection, given, digest)
        self._documents[given.id] = documents.KnownDocument(digest, given.source)
        self.documents_put.add(given.id)
        return "created" if known is None else "updated"

    def _incident(self, given: Incident, entry: StoreEntry, digest: str) -> SaveResult:
        self.make_way([given])
        known = self.register.find(given)
        if known is not None and digest in known.hashes:
            return SaveResult(known.id, "unchanged")
        given = self.register.linked(given)
        if known is None:
            there = self.create(replace(given, id=self.register.name(given)), entry, digest)
        else:
            self._arriving.write(self._connection, self._now)  # it may have come with the same entries
            there = self._update(incidents.one(self._connection, known.id), given, entry, digest)
        self.register.note(there)
        return SaveResult(there.id, "created" if known is None else "updated")

    def _update(self, stored: Incident, given: Incident, entry: StoreEntry, digest: str) -> StoredIdentity:
        incident = _merged(stored, given)
        moved = (stored.service, stored.labels) != (incident.service, incident.labels)
        self._shelf.put(("incident", incident.id), entry.passages + self._kept(stored, given), moved=moved)
        hashes = incidents.change(self._connection, incident, digest)
        said, version = incident.resolution, None
        if said is not None and said != stored.resolution:
            version = resolutions.add(self._connection, incident.id, said, entry.performed)
            self._learned = True
        ties = links.add(self._connection, incident.id, given.links, known_from(incident))
        self._arriving.tell(_happened(stored, incident, version, ties, IMPORTED))
        return StoredIdentity(incident.id, incident.source, incident.source_id, hashes)

    def _kept(self, stored: Incident, given: Incident) -> tuple[Passage, ...]:
        """The passages of a resolution that the given incident does not know, where they stand on its page now."""
        if stored.resolution is None or given.resolution is not None:
            return ()
        shift = _opening_lines(given) - _opening_lines(stored)
        owner: Owner = ("incident", stored.id)
        found = passages.of(self._connection, [owner]).get(owner, [])
        return tuple(replace(one, line=one.line + shift) for _, one in found if one.part == "resolution")


def _opening_lines(incident: Incident) -> int:
    """How many lines stand before the resolution on an incident's page."""
    return sum(line.part == "opening" for line in page.lines(incident))


def _reported_alike(connection: Connection, given: Incident) -> Incident | None:
    """The incident that was reported in these very words, whatever their case, one that is not over first."""
    its = rows.c
    same = (its.folded == incidents.folded(given)) & its.source.in_(REPORTED)
    newest = (its.status == "resolved", its.started_at.desc(), its.id.desc())
    name = connection.scalar(select(its.id).where(same).order_by(*newest).limit(1))
    return incidents.one(connection, name) if name is not None else None


def _is_storable(given: Incident) -> bool:
    try:
        guard.digest(given)
    except Invalid:
        return False
    return bool(given.id or given.source_id)


def _settled(given: Incident) -> Incident:
    """An incident with a resolution is resolved, and was so by then; a postmortem may not say when it ended."""
    if given.resolution is None or (given.status == "resolved" and given.document is not None):
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
        **_report(stored, given),
    )
    standing = stored.resolution
    if standing is not None and (given.resolution is None or given.resolution.same_as(standing)):
        return replace(merged, status="resolved", resolved_at=stored.resolved_at, resolution=standing)
    if merged.status == "open" and stored.status == "acknowledged":
        return replace(merged, status="acknowledged")
    return merged


def _report(stored: Incident, given: Incident) -> dict[str, Any]:
    """What a postmortem said of it, where what is given comes from elsewhere."""
    kept = stored if stored.document and not given.document else given
    names = ("document", "impact", "detection", "trigger", "timeline", "action_items", "lines")
    return {name: getattr(kept, name) for name in names}


def _happened(
    stored: Incident | None,
    incident: Incident,
    version: int | None,
    ties: Iterable[IncidentLink],
    detail: Mapping[str, Any],
) -> Iterator[NewEvent]:
    """What is new about an incident, for the timeline: `version` and `ties` are those that came now."""
    acknowledged, said = incident.acknowledged_at, incident.resolution
    if acknowledged is not None and (stored is None or stored.acknowledged_at != acknowledged):
        yield NewEvent(incident.id, "acknowledged", acknowledged, detail=detail)
    newly = incident.status == "resolved" and (stored is None or stored.status != "resolved")
    if said is not None and version is not None:
        yield NewEvent(incident.id, "resolved", said.at, said.by, {"version": version, **detail})
    elif newly and incident.resolved_at is not None:
        yield NewEvent(incident.id, "resolved", incident.resolved_at, detail=detail)
    for tie in ties:
        yield NewEvent(incident.id, "linked", known_from(incident), detail={**events.tied(tie), **detail})
