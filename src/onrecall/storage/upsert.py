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
    session = _ImportSession(connection, [entry.thing for entry in entries], now)
    session.make_way([entry.thing for entry in entries if isinstance(entry.thing, Incident)])
    results = tuple(session.one(entry) for entry in entries)
    session.finish()
    document_ids = [result.id for result in results if result.id in session.documents_put]
    if document_ids:
        audit.add(connection, "document put", document_ids[0] if len(document_ids) == 1 else None, audit.named(document_ids))
    return results


def unchanged(connection: Connection, records: Sequence[Incident | Document]) -> list[bool]:
    """Whether each is stored already and says the same."""
    index = NaturalKeyIndex(connection, [record for record in records if isinstance(record, Incident)])
    stored_documents = documents.known(connection, [record for record in records if isinstance(record, Document)])
    results = []
    for record in records:
        try:
            if isinstance(record, Document):
                stored_document = stored_documents.get(documents.stored_id(record, stored_documents))
                results.append(stored_document is not None and stored_document.hash == guard.digest(record))
            else:
                identity = index.find(record)
                results.append(identity is not None and guard.digest(record) in identity.hashes)
        except (Conflict, Invalid):
            results.append(False)  # saving it tells why
    return results


def open_one(connection: Connection, incident: Incident, new_passages: Sequence[Passage], now: datetime) -> tuple[Incident, bool]:
    """Keep a new incident that waits for an answer; the same again is fine."""
    digest = guard.digest(incident)
    session = _ImportSession(connection, [incident], now)
    session.make_way([incident])
    is_named = bool(incident.id or incident.source_id)
    identity = session.register.find(incident) if is_named else None
    if identity is not None:
        if digest not in identity.hashes:
            raise Conflict(f"incident {identity.id} already exists with other content")
        return incidents.one(connection, identity.id), False
    incident_id = session.register.name(incident) if is_named else incidents.mint(connection)
    session.create(replace(incident, id=incident_id), StoreEntry(incident, tuple(new_passages)), digest, live=True)
    session.finish()
    return incidents.one(connection, incident_id), True


def open_once(
    connection: Connection, incident: Incident, new_passages: Sequence[Passage], now: datetime
) -> tuple[Incident, bool]:
    """Keep a new incident under a minted id; one that was reported in the same words is that one still."""
    digest = guard.digest(incident)
    existing = _reported_alike(connection, incident)
    if existing is not None:
        return existing, False
    session = _ImportSession(connection, [], now)
    incident_id = incidents.mint(connection)
    session.create(replace(incident, id=incident_id), StoreEntry(incident, tuple(new_passages)), digest, live=True)
    session.finish()
    return incidents.one(connection, incident_id), True


def put(connection: Connection, document: Document, new_passages: Sequence[Passage], now: datetime) -> DocumentState:
    """Keep one document."""
    session = _ImportSession(connection, [document], now)
    state = session.document(document, new_passages, guard.digest(document))
    session.finish()
    if session.documents_put:
        audit.add(connection, "document put", document.id, {"state": state})
    return state


def forget(connection: Connection, document_id: str) -> None:
    """Remove one document and its passages."""
    documents.remove(connection, document_id)
    audit.add(connection, "document deleted", document_id)
    passage_changes = PassageChanges()
    passage_changes.put(("document", document_id), ())
    passage_changes.fill(connection)


class _ImportSession:
    """One transaction of saving: what is known so far, and the passages to put in place at its end."""

    def __init__(self, connection: Connection, incoming: Sequence[Incident | Document], now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.register = NaturalKeyIndex(connection, [record for record in incoming if isinstance(record, Incident)])
        self._documents = documents.known(connection, [record for record in incoming if isinstance(record, Document)])
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

    def make_way(self, incoming: Sequence[Incident]) -> None:
        """Have example incidents step aside whose ids these incidents want."""
        in_the_way = self.register.examples_in_the_way(incident for incident in incoming if _is_storable(incident))
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

    def create(self, incoming: Incident, entry: StoreEntry, digest: str, *, live: bool = False) -> StoredIdentity:
        """Write an incident that was not there."""
        incident = _settled(incoming)
        self._shelf.put(("incident", incident.id), entry.passages)
        waiting = live or incident.status != "resolved"
        hashes = self._arriving.incident(incident, digest, entry.performed, waiting=waiting)
        detail = {} if live else IMPORTED
        opened = NewEvent(incident.id, "opened", incident.started_at, detail=detail)
        version = 1 if incident.resolution else None
        self._learned |= incident.resolution is not None
        self._arriving.tell([opened, *_happened(None, incident, version, dict.fromkeys(incident.links), detail)])
        return StoredIdentity(incident.id, incident.source, incident.source_id, hashes)

    def document(self, incoming: Document, new_passages: Sequence[Passage], digest: str) -> DocumentState:
        """Save one document."""
        if not incoming.id:
            raise Invalid("the document has no id; give one, such as its path", "id")
        incoming = replace(incoming, id=documents.stored_id(incoming, self._documents))
        existing = self._documents.get(incoming.id)
        if existing is not None and existing.hash == digest:
            return "unchanged"
        if existing is None:
            self._shelf.put(("document", incoming.id), new_passages)
            self._arriving.document(incoming, digest)
        else:
            self._arriving.write(self._connection, self._now)  # it may have come with the same entries
            stored = documents.one(self._connection, incoming.id)
            moved = (stored.service, stored.labels) != (incoming.service, incoming.labels)
            self._shelf.put(("document", incoming.id), new_passages, moved=moved)
            documents.change(self._connection, incoming, digest)
        self._documents[incoming.id] = documents.KnownDocument(digest, incoming.source)
        self.documents_put.add(incoming.id)
        return "created" if existing is None else "updated"

    def _incident(self, incoming: Incident, entry: StoreEntry, digest: str) -> SaveResult:
        self.make_way([incoming])
        existing = self.register.find(incoming)
        if existing is not None and digest in existing.hashes:
            return SaveResult(existing.id, "unchanged")
        incoming = self.register.linked(incoming)
        if existing is None:
            identity = self.create(replace(incoming, id=self.register.name(incoming)), entry, digest)
        else:
            self._arriving.write(self._connection, self._now)  # it may have come with the same entries
            identity = self._update(incidents.one(self._connection, existing.id), incoming, entry, digest)
        self.register.note(identity)
        return SaveResult(identity.id, "created" if existing is None else "updated")

    def _update(self, stored: Incident, incoming: Incident, entry: StoreEntry, digest: str) -> StoredIdentity:
        incident = _merged(stored, incoming)
        moved = (stored.service, stored.labels) != (incident.service, incident.labels)
        self._shelf.put(("incident", incident.id), entry.passages + self._kept(stored, incoming), moved=moved)
        hashes = incidents.change(self._connection, incident, digest)
        resolution, version = incident.resolution, None
        if resolution is not None and resolution != stored.resolution:
            version = resolutions.add(self._connection, incident.id, resolution, entry.performed)
            self._learned = True
        new_links = links.add(self._connection, incident.id, incoming.links, known_from(incident))
        self._arriving.tell(_happened(stored, incident, version, new_links, IMPORTED))
        return StoredIdentity(incident.id, incident.source, incident.source_id, hashes)

    def _kept(self, stored: Incident, incoming: Incident) -> tuple[Passage, ...]:
        """The passages of a resolution that the given incident does not know, where they stand on its page now."""
        if stored.resolution is None or incoming.resolution is not None:
            return ()
        shift = _opening_lines(incoming) - _opening_lines(stored)
        owner: Owner = ("incident", stored.id)
        stored_passages = passages.of(self._connection, [owner]).get(owner, [])
        return tuple(replace(passage, line=passage.line + shift) for _, passage in stored_passages if passage.part == "resolution")


def _opening_lines(incident: Incident) -> int:
    """How many lines stand before the resolution on an incident's page."""
    return sum(line.part == "opening" for line in page.lines(incident))


def _reported_alike(connection: Connection, incident: Incident) -> Incident | None:
    """The incident that was reported in these very words, whatever their case, one that is not over first."""
    columns = rows.c
    same_words = (columns.folded == incidents.folded(incident)) & columns.source.in_(REPORTED)
    newest = (columns.status == "resolved", columns.started_at.desc(), columns.id.desc())
    incident_id = connection.scalar(select(columns.id).where(same_words).order_by(*newest).limit(1))
    return incidents.one(connection, incident_id) if incident_id is not None else None


def _is_storable(incident: Incident) -> bool:
    try:
        guard.digest(incident)
    except Invalid:
        return False
    return bool(incident.id or incident.source_id)


def _settled(incident: Incident) -> Incident:
    """An incident with a resolution is resolved, and was so by then; a postmortem may not say when it ended."""
    if incident.resolution is None or (incident.status == "resolved" and incident.document is not None):
        return incident
    return replace(incident, status="resolved", resolved_at=incident.resolved_at or incident.resolution.at)


def _merged(stored: Incident, incoming: Incident) -> Incident:
    """What is given wins, but never takes away what was learned: a resolution, an acknowledgement, a link."""
    merged = replace(
        _settled(incoming),
        id=stored.id,
        source_id=incoming.source_id or stored.source_id,
        acknowledged_at=incoming.acknowledged_at or stored.acknowledged_at,
        links=tuple(dict.fromkeys(stored.links + incoming.links)),
        **_report(stored, incoming),
    )
    stored_resolution = stored.resolution
    if stored_resolution is not None and (incoming.resolution is None or incoming.resolution.same_as(stored_resolution)):
        return replace(merged, status="resolved", resolved_at=stored.resolved_at, resolution=stored_resolution)
    if merged.status == "open" and stored.status == "acknowledged":
        return replace(merged, status="acknowledged")
    return merged


def _report(stored: Incident, incoming: Incident) -> dict[str, Any]:
    """What a postmortem said of it, where what is given comes from elsewhere."""
    described = stored if stored.document and not incoming.document else incoming
    names = ("document", "impact", "detection", "trigger", "timeline", "action_items", "lines")
    return {name: getattr(described, name) for name in names}


def _happened(
    stored: Incident | None,
    incident: Incident,
    version: int | None,
    new_links: Iterable[IncidentLink],
    detail: Mapping[str, Any],
) -> Iterator[NewEvent]:
    """What is new about an incident, for the timeline: `version` and `ties` are those that came now."""
    acknowledged, resolution = incident.acknowledged_at, incident.resolution
    if acknowledged is not None and (stored is None or stored.acknowledged_at != acknowledged):
        yield NewEvent(incident.id, "acknowledged", acknowledged, detail=detail)
    newly_resolved = incident.status == "resolved" and (stored is None or stored.status != "resolved")
    if resolution is not None and version is not None:
        yield NewEvent(incident.id, "resolved", resolution.at, resolution.by, {"version": version, **detail})
    elif newly_resolved and incident.resolved_at is not None:
        yield NewEvent(incident.id, "resolved", incident.resolved_at, detail=detail)
    for link in new_links:
        yield NewEvent(incident.id, "linked", known_from(incident), detail={**events.tied(link), **detail})
