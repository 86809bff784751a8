"""Synchronize with a Hindsight bank: push all incidents, pull its documents, check the connection.

All operations are idempotent: only differences are sent, and what was imported once stays as it is.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onrecall import importers
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.hindsight import BankState, HindsightBank, StoredDocument
from onrecall.importers import ImportedItem, ImportNote
from onrecall.notifications.hindsight import SOURCE, HindsightMirror
from onrecall.pipeline.hindsight_mirror import PULLED_FROM, current_item, delete_orphans, note_documents
from onrecall.pipeline.import_history import ImportReport
from onrecall.pipeline.incident_service import IncidentService
from onrecall.pipeline.second_opinion import named_incident
from onrecall.storage import Storage

SEND_BATCH = 10
"""Documents per request: the server embeds them one after the other within the timeout."""
PAGE_SIZE = 200
MAX_EXAMPLES = 5

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class HindsightPeer:
    """A bank and what OnRecall uses it for."""

    bank: HindsightBank
    mirrors: bool = True
    opinion_seconds: float = 2.0

    @property
    def channel(self) -> HindsightMirror:
        """The outgoing channel to this bank."""
        return HindsightMirror(self.bank, f"hindsight:{self.bank.name}")


@dataclass(slots=True)
class PushReport:
    """Result of a push."""

    sent: int = 0
    unchanged: int = 0
    """Documents that said the same already, and incidents that came from the bank and are as they came."""
    deleted: int = 0
    """Documents whose incident is gone."""


@dataclass(slots=True)
class PullReport:
    """Result of a pull."""

    fetched: int = 0
    """Documents that the bank has."""
    known_here: int = 0
    """Documents of incidents that did not come from the bank, or that somebody here resolved: ours stands."""
    skipped: int = 0
    """Documents that name no incident; none is made up for them."""
    examples: list[str] = field(default_factory=list)
    """The first few of those."""
    brought: ImportReport = field(default_factory=ImportReport)


def check(peer: HindsightPeer) -> BankState:
    """Make a call that needs the key; raises an error that says what is wrong."""
    return peer.bank.check()


def push(memory: IncidentService, peer: HindsightPeer, progress: Progress | None = None) -> PushReport:
    """Store every incident in the bank, and delete the documents of removed incidents.

    Raises:
        Unavailable: the server stopped answering; what was sent is stored, and the next push sends the rest.
    """
    stored = {document.id: document.metadata.get("digest") for document in peer.bank.documents()}
    pushed = PushReport()
    for incidents in _incident_pages(memory.store):
        items = [
            current_item(memory.store, incident) for incident in incidents if not _is_as_pulled(memory.store, incident)
        ]
        changed = [item for item in items if stored.get(item["document_id"]) != item["metadata"]["digest"]]
        pushed.unchanged += len(incidents) - len(changed)
        for start in range(0, len(changed), SEND_BATCH):
            part = changed[start : start + SEND_BATCH]
            note_documents(peer.channel, memory.store, [item["metadata"]["incident_id"] for item in part])
            pushed.sent += peer.bank.retain(part)
        if progress:
            progress(len(incidents))
    pushed.deleted = delete_orphans(peer.channel, memory.store)
    return pushed


def pull(
    memory: IncidentService,
    peer: HindsightPeer,
    progress: Progress | None = None,
    *,
    undated: datetime | None = None,
    stored_at: bool = False,
    dry_run: bool = False,
) -> PullReport:
    """Import the incidents that the bank's documents name.

    Args:
        undated: start time of incidents whose documents have none; without it they are rejected.
        stored_at: use the time at which the bank stored a document as start time.

    Raises:
        Unavailable: the server stopped answering; what was imported stays.
    """
    pulled = PullReport()
    by_incident = _documents_by_incident(peer.bank.documents(), pulled)
    local_ids = _locally_owned(memory.store, list(by_incident))
    to_import = {name: documents for name, documents in sorted(by_incident.items()) if name not in local_ids}
    pulled.known_here = sum(len(by_incident[name]) for name in local_ids)
    changed = _changed_documents(memory.store, peer.channel.name, to_import)
    records = _incident_records(peer.bank, changed, stored_at=stored_at)
    pulled.brought = memory.import_history(
        (parse_record(record, undated) for record in records), progress, dry_run=dry_run
    )
    pulled.brought.unchanged += len(to_import) - len(changed)
    if not dry_run:
        memory.store.mirrored.note_pulled(peer.channel.name, _imported_versions(changed, pulled.brought))
    return pulled


def _imported_versions(
    documents_by_incident: Mapping[str, Sequence[StoredDocument]], brought: ImportReport
) -> dict[str, str]:
    rejected = {rejection.where for rejection in brought.rejected}
    return {
        document.id: document.version
        for name, documents in documents_by_incident.items()
        if name not in rejected
        for document in documents
    }


def _documents_by_incident(documents: Iterable[StoredDocument], pulled: PullReport) -> dict[str, list[StoredDocument]]:
    """Return the documents by the incident that they name, and count in the report those that name none."""
    by_incident: dict[str, list[StoredDocument]] = defaultdict(list)
    for document in documents:
        pulled.fetched += 1
        if name := named_incident(document.id, document.metadata):
            by_incident[name].append(document)
        else:
            pulled.skipped += 1
            pulled.examples += [document.id] if len(pulled.examples) < MAX_EXAMPLES else []
    return by_incident


def _incident_pages(store: Storage) -> Iterator[Sequence[Incident]]:
    cursor: str | None = None
    while True:
        page = store.incidents.page(cursor=cursor, limit=PAGE_SIZE)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _is_as_pulled(store: Storage, incident: Incident) -> bool:
    """Return whether an incident came from the bank and has not changed since."""
    return incident.source == PULLED_FROM and all(
        event.detail.get("imported") for event in store.events.timeline(incident.id)
    )


def _locally_owned(store: Storage, names: Sequence[str]) -> set[str]:
    """Return the incidents that take precedence over the bank: our own, and those resolved here."""
    owners: list[Owner] = [("incident", name) for name in names]
    return {
        incident.id
        for incident in store.records.get(owners).values()
        if isinstance(incident, Incident)
        and (incident.source != PULLED_FROM or (incident.resolution and incident.resolution.provenance != "imported"))
    }


def _changed_documents(
    store: Storage, channel: str, candidates: Mapping[str, Sequence[StoredDocument]]
) -> dict[str, Sequence[StoredDocument]]:
    """Return the documents of incidents that are not stored here or whose documents changed since the import."""
    versions = store.mirrored.pulled(channel)
    owners: list[Owner] = [("incident", name) for name in candidates]
    stored_ids = {name for _, name in store.records.get(owners)}
    return {
        name: documents
        for name, documents in candidates.items()
        if name not in stored_ids or any(versions.get(document.id) != document.version for document in documents)
    }


def _incident_records(
    bank: HindsightBank, documents_by_incident: Mapping[str, Sequence[StoredDocument]], *, stored_at: bool
) -> Iterator[dict[str, Any]]:
    """Yield one record per incident, combining all its documents."""
    names = list(documents_by_incident)
    for start in range(0, len(names), SEND_BATCH):
        part = names[start : start + SEND_BATCH]
        texts = bank.texts([document.id for name in part for document in documents_by_incident[name]])
        for name in part:
            yield incident_record(name, documents_by_incident[name], texts, stored_at=stored_at)


def incident_record(
    name: str, documents: Sequence[StoredDocument], texts: Mapping[str, str], *, stored_at: bool
) -> dict[str, Any]:
    """Combine the documents of one incident: the first opened it, later metadata wins."""
    ordered = sorted(documents, key=lambda item: (item.event_date or item.created_at or "", item.id))
    if any(item.metadata.get("source") == SOURCE for item in ordered):
        ordered = [item for item in ordered if item.metadata.get("source") == SOURCE]  # it contains what the others say
    metadata: dict[str, str] = {}
    for document in ordered:
        metadata |= {key: value for key, value in document.metadata.items() if value.strip()}
    first, last = ordered[0], ordered[-1]
    if metadata.get("root_cause") and len(ordered) > 1 and last.event_date:
        metadata.setdefault("resolved_at", last.event_date)
    event_date = first.event_date or (first.created_at if stored_at else None)
    return {
        "id": first.id,
        "original_text": "\n\n".join(texts[item.id] for item in ordered if texts.get(item.id)),
        "document_metadata": {**metadata, "incident_id": name},
        "retain_params": {"event_date": event_date},
    }


def parse_record(record: Mapping[str, Any], undated: datetime | None = None) -> ImportedItem:
    """Return the incident in a record, or the reason it contains none."""
    data = json.dumps([record]).encode()
    items = importers.read_bytes("bank.json", data, format="hindsight", undated=undated)
    item = next(item for item in items if not isinstance(item, ImportNote))
    if isinstance(item, RejectedInput):
        return RejectedInput(record["document_metadata"]["incident_id"], item.field, item.message)
    return item
