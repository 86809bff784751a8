"""RAG of Fire's documents: root cause analyses and other documents, by exact ids; searching writes nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from onrecall.domain.document import Document
from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.evidence import MIN_SHOWN_MATCH, Evidence, EvidenceKind
from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.domain.situation import Filter, make_situation
from onrecall.http.compat import answers
from onrecall.http.compat.ragoffire_decisions import not_on_record, reported_effect, retrieved, tags
from onrecall.http.compat.ragoffire_schemas import (
    CollectionOut,
    DocumentStatsOut,
    ImportedOut,
    NotImportedOut,
    PassageOut,
    RcaLookupOut,
    RcaOut,
    RcaSearchOut,
    SearchIn,
    SearchOut,
    StoredDocumentOut,
    StoredRcaOut,
    UploadIn,
)
from onrecall.http.compat.records import import_records, record_id
from onrecall.http.compat.requests import ignored_parameters
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.importers.ragoffire import DETECTION, RECOVERY, split_description
from onrecall.pipeline import IncidentService
from onrecall.pipeline.import_history import ImportReport
from onrecall.schemas.documents import DocumentOut

router = APIRouter(prefix="/api/v1/documents", tags=["RAG of Fire"])
FORM = "ragoffire"
UNRESOLVED = 20
"""Incidents that nobody has analyzed yet, looked past in a search."""
LISTS = ("rcas", "documents", "incidents")
"""Names under which many root cause analyses may stand."""
WORDS_ONLY = "none: words only"
ErrorType = Annotated[str | None, Query(max_length=200)]


@router.post("/rcas", responses=responses(409, 422, 503))
def add_rca(body: dict[str, Any], memory: TheMemory) -> StoredRcaOut:
    """Store a root cause analysis under its own id; a repetition changes nothing."""
    imported = import_records(memory, FORM, [body])
    for rejected in imported.brought.rejected:
        raise Invalid(rejected.message, rejected.field)
    stored = memory.store.incidents.get(record_id(body) or "")
    return StoredRcaOut(
        **_rca(stored).model_dump(),
        id=stored.id,
        documented_at=min(event.recorded_at for event in memory.store.events.timeline(stored.id)),
        import_state=_state(imported.brought),
        ignored=imported.ignored,
    )


@router.post("/rcas/import-bulk", responses=responses(413, 422, 503))
def add_rcas(body: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], memory: TheMemory) -> ImportedOut:
    """Store several: a list, or an object with `rcas`."""
    records = body if isinstance(body, list) else next((body[name] for name in LISTS if name in body), None)
    if records is None:
        raise Invalid('give a list, or an object such as {"rcas": [...]}', "rcas")
    imported = import_records(memory, FORM, records)
    brought = imported.brought
    errors = [NotImportedOut(incident_id=part.where, field=part.field, error=part.message) for part in brought.rejected]
    accepted = len(records) - len(errors)
    return ImportedOut(
        total=len(records),
        imported=accepted,
        success=accepted,
        failed=len(errors),
        errors=errors,
        created=brought.created,
        updated=brought.updated,
        unchanged=brought.unchanged,
        ignored=imported.ignored,
    )


@router.get("/rcas/search", responses=responses(422))
def search_rcas(
    request: Request,
    memory: TheMemory,
    query: Annotated[str, Query(min_length=1, max_length=20_000)],
    error_type: ErrorType = None,
    tenant: ErrorType = None,
    top_k: Annotated[int, Query(ge=1, le=20)] = 5,
) -> RcaSearchOut:
    """Find root cause analyses that are similar to a question; `error_type` and `tenant` filter."""
    only = _only("incident", error_type, tenant)
    evidence = memory.recall(make_situation(query, only=only), top_k + UNRESOLVED)
    analyzed = [match for match in answers.earlier_incidents(evidence, MIN_SHOWN_MATCH) if match[1].resolution]
    results = [retrieved(*match) for match in analyzed[:top_k]]
    return RcaSearchOut(
        query=query,
        filters={"error_type": error_type, "tenant": tenant, "top_k": top_k},
        count=len(results),
        total=len(results),
        results=results,
        ignored=ignored_parameters(request, "query", "error_type", "tenant", "top_k"),
    )


@router.get("/rcas/{incident_id:path}", responses=responses(404))
def get_rca(incident_id: str, memory: TheMemory) -> RcaLookupOut | DocumentOut:
    """Return one root cause analysis by its exact id."""
    incident = answers.find_incident(memory, incident_id)
    if incident is not None and incident.resolution is not None:
        return RcaLookupOut(incident_id=incident.id, rca=_rca(incident))
    return DocumentOut.model_validate(_native_document(memory, incident_id))


@router.post("", responses=responses(422, 503))
@router.post("/documents", responses=responses(422, 503))
def add_document(body: UploadIn, memory: TheMemory) -> StoredDocumentOut:
    """Store a document under its id; without one, its content identifies it."""
    labels, nested = _labels(body.metadata)
    new = _new_document(body, labels, memory.now())
    state = memory.put_document(_dated_as_before(memory, new))
    stored = memory.store.documents.get(new.id)
    return StoredDocumentOut(
        id=stored.id,
        title=stored.title,
        content=stored.text,
        chunks_count=memory.store.passages.count(("document", stored.id)),
        uploaded_at=stored.dated,
        embedding_model=memory.model or WORDS_ONLY,
        metadata=dict(stored.labels),
        status=state,
        ignored=body.ignored(nested),
    )


@router.post("/search", responses=responses(422))
def search(body: SearchIn, memory: TheMemory) -> SearchOut:
    """Find documents and incidents that are similar to a question. Writes nothing."""
    evidence = memory.recall(make_situation(body.query, only=_only(None, body.error_type, body.tenant)), body.top_k)
    results = [_passage(item) for item in evidence if round(item.score, 2) >= MIN_SHOWN_MATCH]
    count = len(results)
    return SearchOut(
        query=body.query, result_count=count, count=count, total=count, results=results, ignored=body.ignored()
    )


@router.get("/stats")
def stats(memory: TheMemory) -> DocumentStatsOut:
    """Return the numbers of stored records by kind."""
    counts = memory.store.health.counts()
    return DocumentStatsOut(
        rcas=CollectionOut(count=counts["resolutions"], collection="historical_rcas"),
        documents=CollectionOut(count=counts["documents"], collection="documents"),
        total=counts["resolutions"] + counts["documents"],
        incidents=counts["incidents"],
        resolutions=counts["resolutions"],
        passages=counts["passages"],
    )


def _new_document(body: UploadIn, labels: Mapping[str, str], now: datetime) -> Document:
    content = hashlib.sha256(f"{body.title}\n{body.content}".encode()).hexdigest()
    return Document(
        id=body.id or f"doc-{content[:16]}",
        title=body.title,
        text=body.content,
        kind=body.kind,
        service=body.service,
        labels=labels,
        dated=now,
    )


def _state(brought: ImportReport) -> str:
    return "created" if brought.created else "updated" if brought.updated else "unchanged"


def _only(kind: EvidenceKind | None, error_type: str | None, tenant: str | None) -> Filter:
    labels = {"error_type": error_type, "tenant": tenant}
    return Filter(kind=kind, labels={name: value for name, value in labels.items() if value})


def _native_document(memory: IncidentService, name: str) -> Document:
    """Return the document of the native API that has this very path as its id. Raises NotFound."""
    try:
        return memory.store.documents.get(f"rcas/{name}")
    except NotFound as error:
        raise NotFound(f"there is no root cause analysis {name}") from error


def _labels(metadata: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the plain values as labels, and the names of those that are lists or objects."""
    plain = {
        collapse_whitespace(name): collapse_whitespace(str(value))
        for name, value in metadata.items()
        if _is_plain(value)
    }
    nested = [f"metadata.{name}" for name, value in metadata.items() if value is not None and not _is_plain(value)]
    return plain, nested


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _dated_as_before(memory: IncidentService, new: Document) -> Document:
    """Return the document with the time at which it was first handed in, if it says the same as then."""
    try:
        stored = memory.store.documents.get(new.id)
    except NotFound:
        return new
    again = replace(new, dated=stored.dated)
    return again if memory.is_unchanged(again) else new


def _passage(evidence: Evidence) -> PassageOut:
    excerpt = evidence.excerpt.text if evidence.excerpt else None
    return PassageOut(
        id=evidence.id,
        kind=evidence.kind,
        title=evidence.title,
        content=excerpt or "",
        excerpt=excerpt,
        line=evidence.excerpt.line if evidence.excerpt else None,
        similarity_score=evidence.score,
    )


def _rca(incident: Incident) -> RcaOut:
    description = split_description(incident.description)
    effect = reported_effect(incident)
    return RcaOut(
        incident_id=incident.id,
        title=incident.title,
        summary=description.summary,
        root_cause=incident.resolution.root_cause if incident.resolution else "",
        impact=description.impact or incident.impact or "",
        resolution_action=answers.fix_text(incident) or "",
        error_type=incident.labels.get("error_type", ""),
        affected_tenant=incident.labels.get("tenant"),
        affected_service=incident.service,
        metric_name=incident.labels.get("metric"),
        mitigation_metric=answers.measure(incident.resolution),
        mitigation_effectiveness=effect.effectiveness or 0.0,
        resolution_confidence=effect.confidence or 0.0,
        severity=incident.severity,
        status=incident.status,
        incident_date=incident.started_at,
        detection_seconds=_number(incident.labels.get(DETECTION)),
        recovery_seconds=_number(incident.labels.get(RECOVERY)),
        tags=tags(incident),
        metadata={"tags": tags(incident), **description.measured},
        similarity_score=1.0,
        not_on_record=not_on_record(effect),
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
