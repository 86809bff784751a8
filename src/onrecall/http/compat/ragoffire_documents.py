"""RAG of Fire's documents: root cause analyses and other documents, by exact ids; searching writes nothing."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AliasChoices, BaseModel, Field

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Document, DocumentKind, Filter, Incident
from onrecall.http.compat import shared as dialects
from onrecall.http.compat.ragoffire import Retrieved, retrieved
from onrecall.http.compat.shared import Told
from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import Memory
from onrecall.pipeline.service import situation
from onrecall.schemas.incidents import DocumentOut

router = APIRouter(prefix="/api/v1/documents", tags=["RAG of Fire"])
FORM = "ragoffire"
UNRESOLVED = 20
"""Incidents that nobody has analyzed yet, looked past in a search."""


class Kept(BaseModel):
    """What became of one thing that was handed in."""

    id: str
    status: str


class NotKept(BaseModel):
    """One that was left out, and how to mend it."""

    incident_id: str
    field: str | None
    error: str


class Imported(BaseModel):
    """What became of many."""

    total: int
    success: int
    created: int
    updated: int
    unchanged: int
    failed: list[NotKept]


class Rca(BaseModel):
    """A root cause analysis."""

    incident_id: str
    title: str
    summary: str
    root_cause: str | None
    resolution_action: str | None
    error_type: str | None
    affected_tenant: str | None
    affected_service: str | None
    mitigation_metric: str | None
    severity: str
    status: str
    tags: list[str]


class Found(BaseModel):
    """What is like a question, best first."""

    total: int
    results: list[Retrieved]


class Handed(Told):
    """A document."""

    id: str | None = Field(None, max_length=200, validation_alias=AliasChoices("id", "document_id"))
    title: str = Field(min_length=1, max_length=2000)
    content: str = Field(min_length=1, max_length=2_000_000, validation_alias=AliasChoices("content", "text"))
    kind: DocumentKind = "runbook"
    service: str | None = Field(None, max_length=200)


class Search(Told):
    """A question."""

    query: str = Field(min_length=1, max_length=200_000)
    top_k: int = Field(5, ge=1, le=20)
    error_type: str | None = None
    tenant: str | None = None


class Passage(BaseModel):
    """A document or an incident that is like a question."""

    id: str
    kind: str
    title: str
    excerpt: str | None
    line: int | None
    similarity_score: float


class Passages(BaseModel):
    """What is like a question, best first."""

    total: int
    results: list[Passage]


Rcas = list[dict[str, Any]]


@router.post("/rcas", status_code=201, responses=responses(409, 422, 503))
def add(body: dict[str, Any], memory: TheMemory) -> Kept:
    """Keep a root cause analysis under its own id; the same again changes nothing."""
    brought = dialects.bring(memory, FORM, [body])
    if brought.rejected:
        raise Invalid(brought.rejected[0].message, brought.rejected[0].field)
    state = "created" if brought.created else "updated" if brought.updated else "unchanged"
    return Kept(id=str(body.get("incident_id") or body.get("id")), status=state)


@router.post("/rcas/import-bulk", responses=responses(413, 422, 503))
def add_many(body: Rcas | dict[str, Rcas], memory: TheMemory) -> Imported:
    """Keep many: a list, or an object with `rcas`."""
    listed = (
        body if isinstance(body, list) else next((body[name] for name in ("rcas", "documents") if name in body), None)
    )
    if listed is None:
        raise Invalid('give a list, or an object such as {"rcas": [...]}', "rcas")
    brought = dialects.bring(memory, FORM, listed)
    failed = [NotKept(incident_id=one.where, field=one.field, error=one.message) for one in brought.rejected]
    counts = {"created": brought.created, "updated": brought.updated, "unchanged": brought.unchanged}
    return Imported(total=len(listed), success=len(listed) - len(failed), failed=failed, **counts)


@router.get("/rcas/search", responses=responses(422))
def search_rcas(
    memory: TheMemory,
    query: Annotated[str, Query(min_length=1, max_length=20_000)],
    error_type: str | None = None,
    tenant: str | None = None,
    top_k: Annotated[int, Query(ge=1, le=20)] = 5,
) -> Found:
    """Root cause analyses that are like a question; `error_type` and `tenant` filter."""
    found = memory.recall(situation(query, only=_only("incident", error_type, tenant)), top_k + UNRESOLVED)
    analyzed = [one for one in dialects.incidents_in(found) if one[1].resolution]
    results = [retrieved(*one) for one in analyzed[:top_k]]
    return Found(total=len(results), results=results)


@router.get("/rcas/{incident_id:path}", responses=responses(404))
def rca(incident_id: str, memory: TheMemory) -> Rca | DocumentOut:
    """One root cause analysis by its exact id, which nothing else answers to."""
    found = dialects.found_or_none(memory.store.incident, incident_id)
    return _rca(found) if found and found.resolution else DocumentOut.model_validate(_own(memory, incident_id))


@router.post("", status_code=201, responses=responses(422, 503))
@router.post("/documents", status_code=201, responses=responses(422, 503))
def add_document(body: Handed, memory: TheMemory) -> Kept:
    """Keep a document under its id; one that has none is known by what it says."""
    told = hashlib.sha256(f"{body.title}\n{body.content}".encode()).hexdigest()
    name = body.id or f"doc-{told[:16]}"
    document = Document(id=name, title=body.title, text=body.content, kind=body.kind, service=body.service)
    return Kept(id=name, status=memory.put_document(document))


@router.post("/search", responses=responses(422))
def search(body: Search, memory: TheMemory) -> Passages:
    """Documents and incidents that are like a question. Nothing is written."""
    found = memory.recall(situation(body.query, only=_only(None, body.error_type, body.tenant)), body.top_k)
    results = [
        Passage(
            id=one.id,
            kind=one.kind,
            title=one.title,
            excerpt=one.excerpt.text if one.excerpt else None,
            line=one.excerpt.line if one.excerpt else None,
            similarity_score=one.score,
        )
        for one in found
    ]
    return Passages(total=len(results), results=results)


@router.get("/stats")
def stats(memory: TheMemory) -> dict[str, int]:
    """How many there are of what."""
    counts = memory.store.counts()
    return {name: counts[name] for name in ("incidents", "resolutions", "documents", "passages")}


def _only(kind: Any, error_type: str | None, tenant: str | None) -> Filter:
    labels = {"error_type": error_type, "tenant": tenant}
    return Filter(kind=kind, labels={name: value for name, value in labels.items() if value})


def _own(memory: Memory, name: str) -> Document:
    """A document of the native API may have this very path for its id."""
    try:
        return memory.store.document(f"rcas/{name}")
    except NotFound as error:
        raise NotFound(f"there is no root cause analysis {name}") from error


def _rca(found: Incident) -> Rca:
    return Rca(
        incident_id=found.id,
        title=found.title,
        summary=found.description,
        root_cause=found.resolution.root_cause if found.resolution else None,
        resolution_action=dialects.fix(found),
        error_type=found.labels.get("error_type"),
        affected_tenant=found.labels.get("tenant"),
        affected_service=found.service,
        mitigation_metric=found.labels.get("metric"),
        severity=found.severity,
        status=found.status,
        tags=[tag.strip() for tag in found.labels.get("tags", "").split(",") if tag.strip()],
    )
