"""Hindsight's dialect: banks of texts that are retained, recalled, listed and deleted, over the same memory."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from onrecall import __version__
from onrecall.domain.errors import Invalid, NotFound
from onrecall.http.dependencies import TheMemory, TheWorker
from onrecall.http.problems import responses
from onrecall.pipeline.memory_banks import MemoryBankService, MemoryText, RecalledMemory, memory_id
from onrecall.schemas.memory_banks import (
    AliveOut,
    BankConfigOut,
    BankDocumentOut,
    BankItemOut,
    BankOut,
    BankRecallOut,
    BanksOut,
    BankStatsOut,
    ChunkOut,
    CreateBankIn,
    DeletedDocumentOut,
    DeletedOut,
    DocumentItemOut,
    DocumentsOut,
    MemoriesOut,
    MemoryItemIn,
    MemoryOut,
    RecallIn,
    RecallResultOut,
    RetainIn,
    RetainOut,
    ScoresOut,
    VersionOut,
)
from onrecall.storage.memory_banks import MemoryBank, Order, RetainedMemory

router = APIRouter(tags=["Hindsight"])
banks = "/v1/default/banks"
API_VERSION = "1.1.0"
"""The version of Hindsight whose clients are served."""
MOST = 5000
CHARACTERS_PER_TOKEN = 4
FEATURES = {
    "store_document_text": True,
    **dict.fromkeys(
        (
            "observations",
            "mcp",
            "worker",
            "bank_config_api",
            "bank_llm_health",
            "file_upload_api",
            "document_export_api",
            "document_import_api",
            "audit_log",
            "llm_trace",
        ),
        False,
    ),
}
CONFIG: Mapping[str, Any] = {"retain_extraction_mode": "chunks", "enable_observations": False}
Limit = Annotated[int, Query(ge=0, le=MOST)]
Offset = Annotated[int, Query(ge=0)]


@router.get("/version")
async def version() -> VersionOut:
    """Return the supported version of Hindsight's API."""
    return VersionOut(api_version=API_VERSION, features=FEATURES)


@router.get("/health/live")
async def alive(request: Request) -> AliveOut:
    """Confirm that the process answers."""
    uptime = time.monotonic() - request.app.state.started
    return AliveOut(version=__version__, uptime_seconds=round(uptime, 3))


@router.get(banks)
def all_banks(memory: TheMemory, q: str = "", limit: Limit = 100, offset: Offset = 0) -> BanksOut:
    """List every bank, by id."""
    banks_found = [bank for bank in memory.store.memory_banks.all() if q.lower() in f"{bank.id} {bank.name}".lower()]
    items = [_bank_item(bank) for bank in banks_found[offset : offset + limit]]
    return BanksOut(banks=items, total=len(banks_found), limit=limit, offset=offset)


@router.put(banks + "/{bank_id}", responses=responses(422, 503))
@router.patch(banks + "/{bank_id}", responses=responses(422, 503))
def create_bank(bank_id: str, body: CreateBankIn, memory: TheMemory) -> BankOut:
    """Create or rename a bank. Every bank keeps texts unchanged."""
    return _bank(MemoryBankService(memory).create(bank_id, body.name))


@router.get(banks + "/{bank_id}", responses=responses(404))
@router.get(banks + "/{bank_id}/profile", responses=responses(404))
def one_bank(bank_id: str, memory: TheMemory) -> BankOut:
    """Return one bank."""
    return _bank(memory.store.memory_banks.get(bank_id))


@router.get(banks + "/{bank_id}/config", responses=responses(404))
def bank_config(bank_id: str, memory: TheMemory) -> BankConfigOut:
    """Return the configuration of a bank: it keeps texts unchanged."""
    memory.store.memory_banks.get(bank_id)
    return BankConfigOut(bank_id=bank_id, config=CONFIG, overrides={})


@router.get(banks + "/{bank_id}/stats", responses=responses(404))
def bank_stats(bank_id: str, memory: TheMemory) -> BankStatsOut:
    """Return the number of texts in a bank."""
    count = memory.store.memory_banks.get(bank_id).documents
    by_type = {"world": count}
    return BankStatsOut(bank_id=bank_id, total_nodes=count, total_documents=count, nodes_by_fact_type=by_type)


@router.delete(banks + "/{bank_id}", responses=responses(503))
def delete_bank(bank_id: str, memory: TheMemory) -> DeletedOut:
    """Delete a bank with all its texts; idempotent."""
    deleted = MemoryBankService(memory).delete_bank(bank_id)
    return DeletedOut(message=f"Bank {bank_id!r} and its {deleted} documents are deleted", deleted_count=deleted)


@router.post(banks + "/{bank_id}/memories", responses=responses(422, 503))
def retain(bank_id: str, body: RetainIn, memory: TheMemory, worker: TheWorker) -> RetainOut:
    """Store texts under their document ids; a repetition changes nothing, other text replaces the old."""
    texts = [_memory_text(item, number, body.document_tags or []) for number, item in enumerate(body.items)]
    count = MemoryBankService(memory).retain(bank_id, texts)
    worker.wake()
    return RetainOut(bank_id=bank_id, items_count=count)


@router.delete(banks + "/{bank_id}/memories", responses=responses(404, 503))
def clear(bank_id: str, memory: TheMemory) -> DeletedOut:
    """Delete every text of a bank; the bank stays."""
    memory.store.memory_banks.get(bank_id)
    deleted = MemoryBankService(memory).clear(bank_id)
    return DeletedOut(message=f"Cleared {deleted} memory unit(s) from bank {bank_id!r}", deleted_count=deleted)


@router.post(banks + "/{bank_id}/memories/recall", responses=responses(404, 422, 503))
def recall(bank_id: str, body: RecallIn, memory: TheMemory) -> BankRecallOut:
    """Find the texts of a bank that are most similar to a question. Writes nothing."""
    if body.tag_groups:
        raise Invalid("tag_groups are not supported; use tags and tags_match", "tag_groups")
    matches = [
        _result(match)
        for match in MemoryBankService(memory).recall(bank_id, body.query)
        if _has_tags(match.memory, body.tags, body.tags_match) and _reaches(match, body.min_scores or {})
    ]
    results = _fit_to_tokens(matches if body.types is None or "world" in body.types else [], body.max_tokens)
    chunks = {result.chunk_id: ChunkOut(id=result.chunk_id, text=result.text) for result in results}
    return BankRecallOut(results=results, chunks=chunks if (body.include or {}).get("chunks") else None)


@router.get(banks + "/{bank_id}/memories/list", responses=responses(404, 422))
def memories(
    bank_id: str,
    memory: TheMemory,
    q: str | None = None,
    document_id: str | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MemoriesOut:
    """List the texts of a bank, newest first."""
    memory.store.memory_banks.get(bank_id)
    retained, total = memory.store.memory_banks.page(bank_id, limit, offset, q=q, document=document_id)
    return MemoriesOut(items=[_memory(text) for text in retained], total=total, limit=limit, offset=offset)


@router.get(banks + "/{bank_id}/documents", responses=responses(404, 422))
def documents(
    bank_id: str,
    memory: TheMemory,
    q: str | None = None,
    tags: Annotated[list[str] | None, Query()] = None,
    time_field: Order = "updated_at",
    limit: Limit = 100,
    offset: Offset = 0,
) -> DocumentsOut:
    """List the documents of a bank, newest first."""
    memory.store.memory_banks.get(bank_id)
    retained, total = memory.store.memory_banks.page(bank_id, limit, offset, order=time_field, q=q)
    matching = [document for document in retained if _has_tags(document, tags, "any")]
    items = [DocumentItemOut(**_document(document), text_length=len(document.text)) for document in matching]
    return DocumentsOut(items=items, total=total, limit=limit, offset=offset)


@router.get(banks + "/{bank_id}/documents/{document_id:path}", responses=responses(404))
def one_document(bank_id: str, document_id: str, memory: TheMemory) -> BankDocumentOut:
    """Return one document with its text."""
    memory.store.memory_banks.get(bank_id)
    document = memory.store.memory_banks.documents(bank_id, [document_id]).get(document_id)
    if document is None:
        raise NotFound(f"there is no document {document_id} in the bank {bank_id}")
    return BankDocumentOut(**_document(document), original_text=document.text)


@router.delete(banks + "/{bank_id}/documents/{document_id:path}", responses=responses(404, 503))
def delete_document(bank_id: str, document_id: str, memory: TheMemory) -> DeletedDocumentOut:
    """Delete one document; 404 if it does not exist."""
    deleted = MemoryBankService(memory).delete(bank_id, document_id)
    message = f"Document {document_id!r} and {deleted} associated memory unit(s) are deleted"
    return DeletedDocumentOut(message=message, document_id=document_id, memory_units_deleted=deleted)


def _memory_text(item: MemoryItemIn, number: int, tags: Sequence[str]) -> MemoryText:
    if not item.text.strip():
        raise Invalid("content is empty; give a text", f"items.{number}.content")
    return MemoryText(
        text=item.text,
        document=item.document_id,
        context=item.context,
        metadata=item.metadata,
        tags=tuple(dict.fromkeys([*(item.tags or []), *tags])),
        event_date=item.event_date,
        mode=item.update_mode or "replace",
    )


def _bank(bank: MemoryBank) -> BankOut:
    return BankOut(bank_id=bank.id, name=bank.name)


def _bank_item(bank: MemoryBank) -> BankItemOut:
    return BankItemOut(
        bank_id=bank.id,
        name=bank.name,
        created_at=bank.created_at.isoformat(),
        updated_at=bank.updated_at.isoformat(),
        fact_count=bank.documents,
    )


def _result(recalled: RecalledMemory) -> RecallResultOut:
    memory = recalled.memory
    return RecallResultOut(
        id=memory_id(memory),
        text=memory.text,
        context=memory.context,
        mentioned_at=_event_time(memory),
        document_id=memory.document,
        metadata=memory.metadata,
        chunk_id=_chunk(memory),
        tags=list(memory.tags),
        scores=ScoresOut(final=recalled.score, semantic=recalled.semantic, keyword=recalled.keyword),
    )


def _memory(memory: RetainedMemory) -> MemoryOut:
    return MemoryOut(
        id=memory_id(memory),
        text=memory.text,
        context=memory.context or "",
        date=_event_time(memory),
        document_id=memory.document,
        mentioned_at=_event_time(memory),
        chunk_id=_chunk(memory),
        tags=list(memory.tags),
        metadata=memory.metadata,
        updated_at=memory.updated_at.isoformat(),
    )


def _document(memory: RetainedMemory) -> dict[str, Any]:
    """Return what both forms of a document have."""
    metadata = dict(memory.metadata) or None
    event_date = memory.event_date.isoformat() if memory.event_date else None
    params = {"context": memory.context, "metadata": metadata, "event_date": event_date}
    return {
        "id": memory.document,
        "bank_id": memory.bank,
        "content_hash": memory.hash,
        "created_at": memory.created_at.isoformat(),
        "updated_at": memory.updated_at.isoformat(),
        "retain_params": {name: value for name, value in params.items() if value} or None,
        "document_metadata": metadata,
        "tags": list(memory.tags),
    }


def _chunk(memory: RetainedMemory) -> str:
    return f"{memory.bank}_{memory.document}_0"


def _event_time(memory: RetainedMemory) -> str:
    """When it happened, or else when it was told."""
    return (memory.event_date or memory.created_at).isoformat()


def _has_tags(memory: RetainedMemory, requested: Sequence[str] | None, how: str) -> bool:
    if not requested:
        return True
    tags, requested_tags = set(memory.tags), set(requested)
    if how == "exact":
        return tags == requested_tags
    if not tags:
        return how in ("any", "all")
    return requested_tags <= tags if how.startswith("all") else bool(requested_tags & tags)


def _reaches(recalled: RecalledMemory, floors: Mapping[Any, float | None]) -> bool:
    scores = {"final": recalled.score, "semantic": recalled.semantic, "keyword": recalled.keyword}
    return all((scores.get(name) or 0.0) >= floor for name, floor in floors.items() if floor is not None)


def _fit_to_tokens(results: Iterable[RecallResultOut], tokens: int) -> list[RecallResultOut]:
    """Return the first results whose texts fit, and at least one."""
    fitting: list[RecallResultOut] = []
    characters_left = tokens * CHARACTERS_PER_TOKEN
    for result in results:
        characters_left -= len(result.text)
        if fitting and characters_left < 0:
            break
        fitting.append(result)
    return fitting
