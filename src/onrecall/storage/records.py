"""Incidents and documents by natural key: how imports save them, and how retrieval reads them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, TextClause, bindparam, select, text

from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid
from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner, Passage
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import (
    audit,
    document_rows,
    examples,
    incident_rows,
    links,
    passages,
    postmortem_actions,
    resolutions,
    step_executions,
    suggestions,
    validation,
)
from onrecall.storage.batching import bind_names
from onrecall.storage.bulk_insert import BulkInsert, known_from
from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS, Database
from onrecall.storage.events import NewEvent
from onrecall.storage.import_merge import merge_incident, new_events, opening_lines, with_resolved_status
from onrecall.storage.natural_keys import IncidentFingerprint, NaturalKeyIndex
from onrecall.storage.passages import PassageChanges
from onrecall.storage.results import PreparedRecord, SaveResult
from onrecall.storage.tables import incidents as rows

DocumentState = Literal["created", "updated", "unchanged"]
IMPORTED_DETAIL: Mapping[str, Any] = {"imported": True}
DIRECT_SOURCES = ("api", "incidentos", "hindsight")
"""Sources whose incidents are identified by their words: this API, and incidents from IncidentOS AI and Hindsight."""


class RecordRepository:
    """Incidents and documents together, as imports bring them and retrieval reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, entries: Sequence[PreparedRecord], now: datetime) -> tuple[SaveResult, ...]:
        """Create or update entries by natural key; one that conflicts with stored data is rejected with a reason."""
        with self._database.write() as connection:
            return save(connection, entries, validation.require_utc(now, "now"))

    def unchanged(self, records: Sequence[Incident | Document]) -> list[bool]:
        """Return for each record whether it is stored with the same content, so only changed ones need embedding."""
        with self._database.read() as connection:
            index = NaturalKeyIndex(connection, [record for record in records if isinstance(record, Incident)])
            stored_documents = document_rows.fingerprints(
                connection, [record for record in records if isinstance(record, Document)]
            )
        results = []
        for record in records:
            try:
                if isinstance(record, Document):
                    stored_document = stored_documents.get(document_rows.stored_id(record, stored_documents))
                    results.append(
                        stored_document is not None and stored_document.hash == validation.content_hash(record)
                    )
                else:
                    identity = index.find(record)
                    results.append(identity is not None and validation.content_hash(record) in identity.hashes)
            except (Conflict, Invalid):
                results.append(False)  # saving it reports the reason
        return results

    def get(self, ids: Iterable[Owner], as_of: datetime | None = None) -> dict[Owner, Incident | Document | Suggestion]:
        """Return incidents, documents and suggestions as known at `as_of`; unknown ones are absent."""
        then = validation.optional_utc(as_of, "as_of")
        with self._database.read() as connection:
            return by_owner(connection, ids, then)

    def named(self, names: Sequence[str], as_of: datetime | None = None) -> dict[str, Owner]:
        """Return which of these names are ids of incidents or documents, or an incident's key in its source.

        Of an id and a key of the same name the id counts, and of two sources' keys the newest incident.
        """
        then = validation.optional_utc(as_of, "as_of")
        with self._database.read() as connection:
            values = bind_names(connection, names)
            if not values:
                return {}
            dialect = connection.dialect.name
            owners: dict[str, Owner] = {}
            if then is not None:
                values["as_of"] = then
            for name, kind, owner in connection.execute(_select_named(dialect, dated=then is not None), values):
                owners[name] = (kind, owner)
        return owners

    def with_page_number(self, names: Iterable[str]) -> tuple[Owner, ...]:
        """Return the incidents that their postmortems know under these names, such as INC-204, oldest first."""
        with self._database.read() as connection:
            return tuple(("incident", name) for name in incident_rows.with_page_number(connection, names))


@cache
def _select_named(dialect: str, *, dated: bool) -> TextClause:
    """Built once per dialect; what counts most comes last."""
    backend = BACKENDS[dialect]
    started = " and started_at <= :as_of" if dated else ""
    known = " and (dated is null or dated <= :as_of)" if dated else ""
    statement = text(
        "select name, kind, owner from ("  # noqa: S608
        f"select source_id as name, 'incident' as kind, id as owner, 0 as place, started_at as at from incidents"
        f" where {backend.in_names('source_id')}{started}"
        f" union all select id, 'document', id, 1, null from documents where {backend.in_names('id')}{known}"
        f" union all select id, 'incident', id, 2, started_at from incidents where {backend.in_names('id')}{started}"
        ") as named_records order by place, at, owner"
    )
    return statement.bindparams(bindparam("as_of", type_=Utc())) if dated else statement


def by_owner(
    connection: Connection, ids: Iterable[Owner], as_of: datetime | None = None
) -> dict[Owner, Incident | Document | Suggestion]:
    """Return incidents, documents and suggestions as known at `as_of`, a moment in UTC; unknown ones are absent."""
    ids_by_kind: dict[EvidenceKind, list[str]] = {"incident": [], "document": [], "suggestion": []}
    for kind, name in ids:
        ids_by_kind[kind].append(name)
    records: dict[Owner, Incident | Document | Suggestion] = {}
    for name, suggestion in suggestions.by_id(connection, ids_by_kind["suggestion"], as_of).items():
        records["suggestion", name] = suggestion
    for name, incident in incident_rows.by_id(connection, ids_by_kind["incident"], as_of).items():
        records["incident", name] = incident
    for name, document in document_rows.by_id(connection, ids_by_kind["document"], as_of).items():
        records["document", name] = document
    return records


def save(connection: Connection, entries: Sequence[PreparedRecord], now: datetime) -> tuple[SaveResult, ...]:
    """Create or update each entry; one that conflicts with stored data is rejected with a reason."""
    session = _ImportSession(connection, [entry.record for entry in entries], now)
    session.step_examples_aside([entry.record for entry in entries if isinstance(entry.record, Incident)])
    results = tuple(session.save_entry(entry) for entry in entries)
    session.finish()
    document_ids = [result.id for result in results if result.id in session.changed_documents]
    if document_ids:
        audit.add(
            connection,
            "document put",
            document_ids[0] if len(document_ids) == 1 else None,
            audit.summarize_ids(document_ids),
        )
    return results


def open_incident_once(
    connection: Connection, incident: Incident, new_passages: Sequence[Passage], now: datetime
) -> tuple[Incident, bool]:
    """Store a new incident under a new id, unless one reported in the same words exists."""
    digest = validation.content_hash(incident)
    existing = _find_same_report(connection, incident)
    if existing is not None:
        return existing, False
    session = _ImportSession(connection, [], now)
    incident_id = incident_rows.next_id(connection)
    session.create(replace(incident, id=incident_id), PreparedRecord(incident, tuple(new_passages)), digest, live=True)
    session.finish()
    return incident_rows.get(connection, incident_id), True


def open_incident(
    connection: Connection, incident: Incident, new_passages: Sequence[Passage], now: datetime
) -> tuple[Incident, bool]:
    """Store a new incident that waits for an answer; the same one again is accepted."""
    digest = validation.content_hash(incident)
    session = _ImportSession(connection, [incident], now)
    session.step_examples_aside([incident])
    is_named = bool(incident.id or incident.source_id)
    identity = session.index.find(incident) if is_named else None
    if identity is not None:
        if digest not in identity.hashes:
            raise Conflict(f"incident {identity.id} already exists with other content")
        return incident_rows.get(connection, identity.id), False
    incident_id = session.index.storage_id(incident) if is_named else incident_rows.next_id(connection)
    session.create(replace(incident, id=incident_id), PreparedRecord(incident, tuple(new_passages)), digest, live=True)
    session.finish()
    return incident_rows.get(connection, incident_id), True


def put_document(
    connection: Connection, document: Document, new_passages: Sequence[Passage], now: datetime
) -> DocumentState:
    """Save one document."""
    session = _ImportSession(connection, [document], now)
    state = session.save_document(document, new_passages, validation.content_hash(document))
    session.finish()
    if session.changed_documents:
        audit.add(connection, "document put", document.id, {"state": state})
    return state


class _ImportSession:
    """One save transaction: what is known so far, and the passages to write at its end."""

    def __init__(self, connection: Connection, incoming: Sequence[Incident | Document], now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.index = NaturalKeyIndex(connection, [record for record in incoming if isinstance(record, Incident)])
        self._documents = document_rows.fingerprints(
            connection, [record for record in incoming if isinstance(record, Document)]
        )
        self.changed_documents: set[str] = set()
        """Ids of documents that are new or changed."""
        self._has_new_resolution = False
        """Whether a new resolution was saved."""
        self._bulk_insert = BulkInsert()
        self._passage_changes = PassageChanges()

    def finish(self) -> None:
        """Write everything collected."""
        self._bulk_insert.write(self._connection, self._now)
        self._passage_changes.write(self._connection)
        if self._has_new_resolution or self.changed_documents:
            incident_rows.queue_answered(self._connection, self._now)

    def step_examples_aside(self, incoming: Sequence[Incident]) -> None:
        """Rename example incidents whose ids these incidents need."""
        conflicting = self.index.conflicting_examples(incident for incident in incoming if _is_storable(incident))
        if not conflicting:
            return
        self._bulk_insert.write(self._connection, self._now)  # they may be among the same entries
        self._passage_changes.write(self._connection)
        self._passage_changes = PassageChanges()
        examples.step_aside(self._connection, conflicting)
        for name in conflicting:
            self.index.rename(name, examples.namespaced(name))

    def save_entry(self, entry: PreparedRecord) -> SaveResult:
        """Save one entry. Everything is validated before anything is written."""
        try:
            digest = validation.content_hash(entry.record)
            step_executions.check(entry.performed)
            if isinstance(entry.record, Incident):
                return self._save_incident(entry.record, entry, digest)
            return SaveResult(entry.record.id, self.save_document(entry.record, entry.passages, digest))
        except Conflict as error:
            return SaveResult(entry.record.id, "rejected", str(error), "id")
        except Invalid as error:
            return SaveResult(entry.record.id, "rejected", str(error), error.field)

    def create(
        self, incoming: Incident, entry: PreparedRecord, digest: str, *, live: bool = False
    ) -> IncidentFingerprint:
        """Add a new incident."""
        incident = with_resolved_status(incoming)
        self._passage_changes.set_passages(("incident", incident.id), entry.passages)
        waiting = live or incident.status != "resolved"
        hashes = self._bulk_insert.add_incident(incident, digest, entry.performed, waiting=waiting)
        detail = {} if live else IMPORTED_DETAIL
        opened = NewEvent(incident.id, "opened", incident.started_at, detail=detail)
        version = 1 if incident.resolution else None
        self._has_new_resolution |= incident.resolution is not None
        self._bulk_insert.add_events(
            [opened, *new_events(None, incident, version, dict.fromkeys(incident.links), detail)]
        )
        return IncidentFingerprint(incident.id, incident.source, incident.source_id, hashes)

    def save_document(self, incoming: Document, new_passages: Sequence[Passage], digest: str) -> DocumentState:
        """Save one document."""
        if not incoming.id:
            raise Invalid("the document has no id; give one, such as its path", "id")
        incoming = replace(incoming, id=document_rows.stored_id(incoming, self._documents))
        existing = self._documents.get(incoming.id)
        if existing is not None and existing.hash == digest:
            return "unchanged"
        if existing is None:
            self._passage_changes.set_passages(("document", incoming.id), new_passages)
            self._bulk_insert.add_document(incoming, digest)
        else:
            self._bulk_insert.write(self._connection, self._now)  # it may be among the same entries
            stored = document_rows.get(self._connection, incoming.id)
            moved = (stored.service, stored.labels) != (incoming.service, incoming.labels)
            self._passage_changes.set_passages(("document", incoming.id), new_passages, moved=moved)
            document_rows.change(self._connection, incoming, digest)
        self._documents[incoming.id] = document_rows.DocumentFingerprint(digest, incoming.source)
        self.changed_documents.add(incoming.id)
        return "created" if existing is None else "updated"

    def _save_incident(self, incoming: Incident, entry: PreparedRecord, digest: str) -> SaveResult:
        self.step_examples_aside([incoming])
        existing = self.index.find(incoming)
        if existing is not None and digest in existing.hashes:
            return SaveResult(existing.id, "unchanged")
        incoming = self.index.with_own_links(incoming)
        if existing is None:
            identity = self.create(replace(incoming, id=self.index.storage_id(incoming)), entry, digest)
        else:
            self._bulk_insert.write(self._connection, self._now)  # it may be among the same entries
            identity = self._update_incident(incident_rows.get(self._connection, existing.id), incoming, entry, digest)
        self.index.add(identity)
        return SaveResult(identity.id, "created" if existing is None else "updated")

    def _update_incident(
        self, stored: Incident, incoming: Incident, entry: PreparedRecord, digest: str
    ) -> IncidentFingerprint:
        incident = merge_incident(stored, incoming)
        moved = (stored.service, stored.labels) != (incident.service, incident.labels)
        self._passage_changes.set_passages(
            ("incident", incident.id), entry.passages + self._kept_passages(stored, incoming), moved=moved
        )
        hashes = incident_rows.update_imported(self._connection, incident, digest)
        postmortem_actions.track(self._connection, {incident.id: incident.action_items})
        resolution, version = incident.resolution, None
        if resolution is not None and resolution != stored.resolution:
            version = resolutions.add(self._connection, incident.id, resolution, entry.performed)
            self._has_new_resolution = True
        new_links = links.add(self._connection, incident.id, incoming.links, known_from(incident))
        self._bulk_insert.add_events(new_events(stored, incident, version, new_links, IMPORTED_DETAIL))
        return IncidentFingerprint(incident.id, incident.source, incident.source_id, hashes)

    def _kept_passages(self, stored: Incident, incoming: Incident) -> tuple[Passage, ...]:
        """Return the passages of a resolution that the incoming incident lacks, at their new lines."""
        if stored.resolution is None or incoming.resolution is not None:
            return ()
        shift = opening_lines(incoming) - opening_lines(stored)
        owner: Owner = ("incident", stored.id)
        stored_passages = passages.select_by_owner(self._connection, [owner]).get(owner, [])
        return tuple(
            replace(passage, line=passage.line + shift)
            for _, passage in stored_passages
            if passage.part == "resolution"
        )


def _find_same_report(connection: Connection, incident: Incident) -> Incident | None:
    """Return the incident reported in the same words (ignoring case), open ones first."""
    columns = rows.c
    same_words = (columns.folded == incident_rows.fold_text(incident)) & columns.source.in_(DIRECT_SOURCES)
    newest = (columns.status == "resolved", columns.started_at.desc(), columns.id.desc())
    incident_id = connection.scalar(select(columns.id).where(same_words).order_by(*newest).limit(1))
    return incident_rows.get(connection, incident_id) if incident_id is not None else None


def _is_storable(incident: Incident) -> bool:
    try:
        validation.content_hash(incident)
    except Invalid:
        return False
    return bool(incident.id or incident.source_id)
