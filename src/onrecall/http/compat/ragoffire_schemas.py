"""The bodies of RAG of Fire's dialect: what its clients send, and what they read, with every number a number."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field

from onrecall.domain.document import DocumentKind
from onrecall.http.compat.requests import CompatRequest, Ignored
from onrecall.schemas.json_models import When

Name = Annotated[str | None, Field(max_length=200)]
Measure = Annotated[float | None, Field(allow_inf_nan=False)]
Kind = Annotated[str, Field(min_length=1, max_length=200, examples=["database_timeout"])]
Spike = Annotated[float, Field(ge=0, allow_inf_nan=False, examples=[450])]


class AnalyzeIn(CompatRequest):
    """The kind of fault, and the deviation of a metric."""

    error_type: Kind
    spike_percentage: Spike
    tenant_id: Name = None
    service_name: Name = None
    metric_name: Name = None
    window_minutes: int = Field(5, ge=1)
    top_k: int = Field(5, ge=1, le=20)
    include_context: bool = True


class AnomalyIn(CompatRequest):
    """A fault as reported."""

    error_type: Kind
    spike_percentage: Spike
    tenant_id: Name = None
    service_name: Name = None
    metric_name: Name = None
    baseline_value: Measure = None
    current_value: Measure = None
    window_minutes: int | None = Field(None, ge=1)
    id: Name = Field(None, description="Its own id; generated if absent.")
    detected_at: When | None = Field(
        None, description="With a time, a repeated body is the same anomaly; without one, it is a new anomaly."
    )
    raw_payload: dict[str, Any] | str | None = None


class QuotedLineOut(BaseModel):
    """Where it is written."""

    incident_id: str = Field(description="The incident, or the document if no incident is cited.")
    source: str = Field(description="The record that contains the line: the incident, or the document that reports it.")
    quote: str
    line: int


class RetrievedOut(BaseModel):
    """An earlier incident, with the effect of its mitigation as its source reported it."""

    vector_db_id: str
    incident_id: str
    title: str
    summary: str
    error_type: str
    affected_tenant: str | None
    affected_service: str | None
    mitigation_metric: str = Field(description="The step that ended the incident; empty if none is on record.")
    mitigation_effectiveness: float = Field(description="Percent, as supplied; 0 if it was not supplied.")
    resolution_confidence: float = Field(description="Percent, as supplied; 0 if it was not supplied.")
    similarity_score: float = Field(description="The match score, 0..1. Not a confidence.")
    tags: list[str]
    not_on_record: list[str] = Field(description="Names of the figures above that were not supplied.")


class DecisionOut(BaseModel):
    """The answer of memory to a situation."""

    id: str
    incident_id: str | None = Field(description="The incident that it answers; null for an answer to a question.")
    matched_incident: str | None = Field(description="null if nothing similar was seen, or only a document covers it.")
    symptom: str
    recommended_action: str = Field(description="The measure that fixed the matched incident, in one line.")
    confidence_score: float = Field(
        description="How often such answers were right, 0..1; with never_seen the nearest record."
    )
    confidence_basis: str = Field(description="outcomes, backtest, public, or no evidence.")
    confidence_reason: str | None
    verdict: str
    citations: list[str]
    citation_details: list[QuotedLineOut]
    retrieved_documents: list[RetrievedOut]
    llm_response: str
    latency_ms: int
    generated_at: datetime
    tenant_id: str | None
    service_name: str | None
    error_type: str | None
    ignored: Ignored


class AnomalyOut(BaseModel):
    """A stored anomaly."""

    id: str
    status: str
    accepted: int
    duplicate: int
    error_type: str
    spike_percentage: float
    tenant_id: str | None
    service_name: str | None
    metric_name: str | None
    detected_at: datetime
    ignored: Ignored


class HistoryOut(BaseModel):
    """A page of decisions, newest first."""

    items: list[DecisionOut]
    total: int
    limit: int
    offset: int


class StatsOut(BaseModel):
    """Statistics of all listed decisions."""

    total_decisions: int
    looked_at: int = Field(description="The same as `total`: every decision is counted.")
    by_verdict: dict[str, int]
    incidents_by_type: dict[str, int]
    with_confidence: int
    average_confidence: float = Field(description="Mean of those that have one; 0 if none has.")
    average_latency_ms: float
    last_updated: datetime = Field(description="Time of the newest decision; the current time if there is none.")


class ClearedOut(BaseModel):
    """Number of decisions that are no longer listed."""

    status: str
    message: str
    cleared: int


class RcaOut(BaseModel):
    """A root cause analysis."""

    incident_id: str
    title: str
    summary: str
    root_cause: str
    impact: str
    resolution_action: str
    error_type: str
    affected_tenant: str | None
    affected_service: str | None
    metric_name: str | None
    mitigation_metric: str
    mitigation_effectiveness: float
    resolution_confidence: float
    severity: str
    status: str
    incident_date: datetime
    detection_seconds: float | None
    recovery_seconds: float | None
    tags: list[str]
    metadata: dict[str, Any]
    similarity_score: float = Field(description="Always 1, because it was requested by its id.")
    not_on_record: list[str] = Field(description="Names of the figures above that were not supplied.")


class StoredRcaOut(RcaOut):
    """A root cause analysis as stored, and the effect of the request."""

    id: str
    documented_at: datetime
    import_state: str = Field(description="created, updated or unchanged.")
    ignored: Ignored


class NotImportedOut(BaseModel):
    """A rejected entry, and how to correct it."""

    incident_id: str
    field: str | None
    error: str


class ImportedOut(BaseModel):
    """The result of a bulk request."""

    total: int
    imported: int
    success: int = Field(description="The same as `imported`.")
    failed: int
    errors: list[NotImportedOut]
    created: int
    updated: int
    unchanged: int
    ignored: Ignored


class RcaLookupOut(BaseModel):
    """One root cause analysis, by its exact id."""

    incident_id: str
    rca: RcaOut


class RcaSearchOut(BaseModel):
    """Root cause analyses that are similar to a question, best first."""

    query: str
    filters: dict[str, Any]
    count: int
    total: int = Field(description="The same as `count`.")
    results: list[RetrievedOut]
    ignored: Ignored


class UploadIn(CompatRequest):
    """A document."""

    id: Name = Field(None, validation_alias=AliasChoices("id", "document_id"))
    title: str = Field(min_length=1, max_length=2000)
    content: str = Field(min_length=1, max_length=2_000_000, validation_alias=AliasChoices("content", "text"))
    kind: DocumentKind = "runbook"
    service: Name = None
    metadata: dict[str, Any] = Field({}, max_length=100, description="Scalar values become labels.")


class StoredDocumentOut(BaseModel):
    """A document as stored."""

    id: str
    title: str
    content: str
    chunks_count: int
    uploaded_at: datetime | None = Field(description="null if it was stored without a time.")
    embedding_model: str
    metadata: dict[str, str]
    status: str = Field(description="created, updated or unchanged.")
    ignored: Ignored


class SearchIn(CompatRequest):
    """A question."""

    query: str = Field(min_length=1, max_length=200_000)
    top_k: int = Field(5, ge=1, le=20)
    error_type: Name = None
    tenant: Name = None


class PassageOut(BaseModel):
    """A document or an incident that is similar to a question."""

    id: str
    kind: str
    title: str
    content: str
    excerpt: str | None = Field(description="The same as `content`; null if nothing is quoted.")
    line: int | None
    similarity_score: float


class SearchOut(BaseModel):
    """Records similar to a question, best first."""

    query: str
    result_count: int
    count: int = Field(description="The same as `result_count`.")
    total: int = Field(description="The same.")
    results: list[PassageOut]
    ignored: Ignored


class CollectionOut(BaseModel):
    """Number of records of one kind."""

    count: int
    collection: str


class DocumentStatsOut(BaseModel):
    """The numbers of stored records by kind."""

    rcas: CollectionOut
    documents: CollectionOut
    total: int
    incidents: int
    resolutions: int
    passages: int
