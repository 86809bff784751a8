"""Memory banks compatible with Hindsight's clients.

Retained texts are stored unchanged under their own document id. A text that names an incident and its cause is
recalled as that incident, any other text as a document. Our own data takes precedence: a text about an incident from
another source is stored beside it without changing it.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from onrecall.domain.document import Document
from onrecall.domain.errors import NotFound
from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner
from onrecall.domain.situation import Filter, Situation
from onrecall.hindsight import StoredDocument
from onrecall.notifications.hindsight import SOURCE
from onrecall.pipeline.hindsight import incident_record, parse_record
from onrecall.pipeline.incident_service import IncidentService
from onrecall.pipeline.second_opinion import named_incident
from onrecall.redaction import redact_model
from onrecall.storage.memory_banks import MemoryBank, RetainedMemory

LABEL = "memory_bank"
"""Label of incidents and documents that came in through a bank."""
CANDIDATES = 100
TITLE_LENGTH = 200
_NAMESPACE = uuid.UUID("6f2f4c0e-6f0e-4a0e-9a55-0d6f1a1f4d55")


@dataclass(frozen=True, slots=True)
class MemoryText:
    """A text to retain."""

    text: str
    document: str | None = None
    context: str | None = None
    metadata: Mapping[str, str] | None = None
    tags: tuple[str, ...] = ()
    event_date: datetime | None = None
    mode: Literal["replace", "append"] = "replace"


@dataclass(frozen=True, slots=True)
class RecalledMemory:
    """A text that matches a question."""

    memory: RetainedMemory
    score: float
    semantic: float | None
    keyword: float | None


class MemoryBankService:
    """Operations of clients on banks."""

    def __init__(self, memory: IncidentService) -> None:
        self._memory = memory
        self._banks = memory.store.memory_banks

    def create(self, bank: str, name: str | None = None) -> MemoryBank:
        """Create a bank, or rename it."""
        return self._banks.create(bank, name, self._memory.now())

    def retain(self, bank: str, texts: Sequence[MemoryText]) -> int:
        """Store texts and make them recallable, creating the bank if needed. Idempotent.

        Returns the number of texts.
        """
        self.create(bank)
        named_texts = [text if text.document else replace(text, document=str(uuid.uuid4())) for text in texts]
        before = self._banks.documents(bank, [str(text.document) for text in named_texts])
        memories = [self._cleaned(memory) for memory in self._merged(bank, named_texts, before)]
        self._banks.put(memories)
        previous_incidents = {memory.incident for memory in before.values() if memory.incident}
        self._place(bank, memories, previous_incidents - {memory.incident for memory in memories})
        return len(texts)

    def recall(self, bank: str, question: str) -> list[RecalledMemory]:
        """Return the texts of a bank that match a question, best first."""
        self._banks.get(bank)
        evidence = self._memory.recall(Situation(text=question, only=Filter(labels={LABEL: bank})), CANDIDATES)
        owners: list[Owner] = [(item.kind, item.id) for item in evidence]
        nearness = self._memory.similarities(question, owners)
        by_owner = self._by_owner(bank, evidence)
        return [
            RecalledMemory(memory, item.score, nearness.get((item.kind, item.id)), item.signals.get("words"))
            for item in evidence
            for memory in by_owner.get((item.kind, item.id), ())
        ]

    def delete(self, bank: str, document: str) -> int:
        """Delete one text; returns the number of deleted texts."""
        self._banks.get(bank)
        documents = self._banks.documents(bank, [document])
        if document not in documents:
            raise NotFound(f"there is no document {document} in the bank {bank}")
        return self._forget(bank, list(documents.values()))

    def clear(self, bank: str) -> int:
        """Delete every text of a bank; returns their number."""
        deleted = 0
        while page := self._banks.page(bank, CANDIDATES, 0)[0]:
            deleted += self._forget(bank, page)
        return deleted

    def delete_bank(self, bank: str) -> int:
        """Delete a bank with all its texts; returns their number. Idempotent."""
        deleted = self.clear(bank)
        self._banks.remove_bank(bank)
        return deleted

    def _merged(
        self, bank: str, texts: Sequence[MemoryText], before: Mapping[str, RetainedMemory]
    ) -> list[RetainedMemory]:
        """Return one memory per document; texts of one document in a batch are appended, as in Hindsight."""
        now = self._memory.now()
        merged: dict[str, RetainedMemory] = {}
        for item in texts:
            name = str(item.document)
            metadata = dict(item.metadata or {})
            old = merged.get(name) or (before.get(name) if item.mode == "append" else None)
            created = before[name].created_at if name in before else now
            if old is not None:
                text, metadata = f"{old.text}\n{item.text}", {**metadata, **old.metadata}
                tags = tuple(dict.fromkeys(old.tags + item.tags))
                context, event_date = old.context or item.context, old.event_date or item.event_date
            else:
                text, tags, context, event_date = item.text, item.tags, item.context, item.event_date
            incident = named_incident(name, metadata)
            merged[name] = RetainedMemory(bank, name, text, context, metadata, tags, event_date, incident, created, now)
        return list(merged.values())

    def _cleaned(self, memory: RetainedMemory) -> RetainedMemory:
        text, context, metadata = redact_model(
            (memory.text, memory.context, memory.metadata), personal=self._memory.personal
        )
        return replace(memory, text=text, context=context, metadata=metadata)

    def _place(self, bank: str, memories: Sequence[RetainedMemory], previous: Iterable[str] = ()) -> None:
        """Make memories recallable, as their incident or as documents."""
        names = {memory.incident for memory in memories if memory.incident} | set(previous)
        stored = self._banks.of_incidents(bank, names)
        incidents = {name: incident for name in names if (incident := self._incident(bank, name, stored))}
        items: list[Incident | Document] = list(incidents.values())
        stays = {memory.document for memory in memories} | {memory.document for memory in stored}
        for memory in {memory.document: memory for memory in (*stored, *memories)}.values():
            if memory.incident in incidents:
                self._forget_page(memory)
            elif memory.document in stays and not self._is_known(memory):
                items.append(_document(memory))
        self._remove_incidents(bank, names - incidents.keys())
        self._memory.import_history(items, credit=False)

    def _incident(self, bank: str, name: str, memories: Sequence[RetainedMemory]) -> Incident | None:
        """Return the incident that memories describe; None without a cause or if our own record takes precedence."""
        stored = self._stored(name)
        own_memories = [memory for memory in memories if memory.incident == name]
        if not own_memories or (stored is not None and (stored.source != _source(bank) or _is_resolved_here(stored))):
            return None
        texts = {memory.document: memory.text for memory in own_memories}
        record = incident_record(name, [_as_stored(memory) for memory in own_memories], texts, stored_at=True)
        item = parse_record(record)
        if not isinstance(item, Incident) or item.resolution is None:
            return None
        return replace(item, source=_source(bank), source_id=name, labels={**item.labels, LABEL: bank})

    def _is_known(self, memory: RetainedMemory) -> bool:
        """Return whether a text mirrors an incident that is stored here."""
        return memory.metadata.get("source") == SOURCE and self._stored(memory.incident or "") is not None

    def _stored(self, name: str) -> Incident | None:
        try:
            return self._memory.store.incidents.get(name)
        except NotFound:
            return None

    def _by_owner(self, bank: str, evidence: Sequence[Evidence]) -> dict[Owner, list[RetainedMemory]]:
        incidents = [item.id for item in evidence if item.kind == "incident"]
        pages = {item.id: _document_id(bank, item.id) for item in evidence if item.kind == "document"}
        memories = self._banks.documents(bank, pages.values())
        by_owner: dict[Owner, list[RetainedMemory]] = {
            ("document", page): [memories[name]] for page, name in pages.items() if name in memories
        }
        for memory in self._banks.of_incidents(bank, incidents):
            by_owner.setdefault(("incident", str(memory.incident)), []).append(memory)
        return by_owner

    def _forget(self, bank: str, memories: Sequence[RetainedMemory]) -> int:
        for memory in memories:
            self._forget_page(memory)
        deleted = self._banks.remove(bank, [item.document for item in memories])
        names = {item.incident for item in memories if item.incident}
        self._place(bank, self._banks.of_incidents(bank, names), names)
        return deleted

    def _forget_page(self, memory: RetainedMemory) -> None:
        page = page_id(memory.bank, memory.document)
        if page in {document.id for document in self._documents([page])}:
            self._memory.delete_document(page)

    def _documents(self, names: Sequence[str]) -> list[Document]:
        owners: list[Owner] = [("document", name) for name in names]
        return [item for item in self._memory.store.records.get(owners).values() if isinstance(item, Document)]

    def _remove_incidents(self, bank: str, names: Iterable[str]) -> None:
        """Remove incidents created from texts that are gone, unless they have changed since."""
        created_here = [name for name in names if (stored := self._stored(name)) and stored.source == _source(bank)]
        alone = [
            name
            for name in created_here
            if all(event.detail.get("imported") for event in self._memory.store.events.timeline(name))
        ]
        if alone:
            self._banks.remove(bank, (), alone)


def _as_stored(memory: RetainedMemory) -> StoredDocument:
    """Return a text as a Hindsight server would list it."""
    event_date = memory.event_date.isoformat() if memory.event_date else None
    return StoredDocument(memory.document, memory.metadata, event_date, memory.created_at.isoformat())


def _is_resolved_here(incident: Incident) -> bool:
    """Return whether it was resolved here."""
    return incident.resolution is not None and incident.resolution.provenance != "imported"


def memory_id(memory: RetainedMemory) -> str:
    """Return the stable id of a text as a memory."""
    return str(uuid.uuid5(_NAMESPACE, f"{memory.bank}/{memory.document}"))


def page_id(bank: str, document: str) -> str:
    """Return the document id under which a text is indexed."""
    return f"{LABEL}:{bank}/{document}"


def _document_id(bank: str, page: str) -> str:
    return page.removeprefix(f"{LABEL}:{bank}/")


def _source(bank: str) -> str:
    return f"{LABEL}:{bank}"


def _document(memory: RetainedMemory) -> Document:
    title = memory.metadata.get("title") or memory.text.strip().splitlines()[0]
    optional_labels = {"incident": memory.incident or "", "context": memory.context or ""}
    return Document(
        id=page_id(memory.bank, memory.document),
        title=" ".join(title.split())[:TITLE_LENGTH],
        text=memory.text,
        kind="rca",
        service=memory.metadata.get("service") or None,
        labels={LABEL: memory.bank, **{key: value for key, value in optional_labels.items() if value}},
        source=SOURCE if memory.metadata.get("source") == SOURCE else "hindsight",
        dated=memory.event_date,
    )
