"""The JSON of memory banks, as Hindsight's clients read and write it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class BankRequest(BaseModel):
    """What a client sends; fields that only Hindsight knows are let be."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class CreateBankIn(BankRequest):
    """A bank to create."""

    name: str | None = Field(None, max_length=200)


class ContentBlockIn(BankRequest):
    """A piece of text; only text is accepted."""

    type: Literal["text"]
    text: str


class MemoryItemIn(BankRequest):
    """A text to store."""

    content: str | list[ContentBlockIn] = Field(examples=["Checkout answered 503; the connection pool was exhausted."])
    timestamp: datetime | Literal["unset"] | None = Field(
        None, description="When it happened; a time without a zone is UTC."
    )
    context: str | None = Field(None, max_length=2000)
    metadata: dict[str, str] | None = Field(None, max_length=100, examples=[{"incident_id": "INC-7"}])
    document_id: str | None = Field(None, min_length=1, max_length=200)
    tags: list[str] | None = Field(None, max_length=100)
    update_mode: Literal["replace", "append"] | None = None

    @property
    def event_date(self) -> datetime | None:
        """When it happened; None: nobody said."""
        if not isinstance(self.timestamp, datetime):
            return None
        return self.timestamp if self.timestamp.tzinfo else self.timestamp.replace(tzinfo=UTC)

    @property
    def text(self) -> str:
        """The text as one string."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(block.text for block in self.content)


class RetainIn(BankRequest):
    """Texts to store."""

    items: list[MemoryItemIn] = Field(max_length=5000)
    document_tags: list[str] | None = None


class RecallIn(BankRequest):
    """A question."""

    query: str = Field(min_length=1, max_length=200_000)
    types: list[str] | None = None
    max_tokens: int = Field(4096, ge=1)
    tags: list[str] | None = None
    tags_match: Literal["any", "all", "any_strict", "all_strict", "exact"] = "any"
    tag_groups: list[Any] | None = None
    min_scores: dict[Literal["semantic", "keyword", "reranker", "final"], float | None] | None = None
    include: dict[str, Any] | None = None


class DispositionOut(BaseModel):
    """Traits of a model in Hindsight; OnRecall has none."""

    skepticism: int = 3
    literalism: int = 3
    empathy: int = 3


class BankOut(BaseModel):
    """A bank."""

    bank_id: str
    name: str
    disposition: DispositionOut = DispositionOut()
    mission: str = ""
    background: str = ""


class BankItemOut(BankOut):
    """A bank in the list of all."""

    created_at: str
    updated_at: str
    fact_count: int
    last_document_at: str | None = None
    last_write_at: str | None = None


class BanksOut(BaseModel):
    """All banks."""

    banks: list[BankItemOut]
    total: int
    limit: int
    offset: int


class BankConfigOut(BaseModel):
    """How a bank stores texts."""

    bank_id: str
    config: Mapping[str, Any]
    overrides: Mapping[str, Any]


class BankStatsOut(BaseModel):
    """The number of texts in a bank."""

    bank_id: str
    total_nodes: int
    total_documents: int
    nodes_by_fact_type: Mapping[str, int]
    total_links: int = 0
    links_by_link_type: Mapping[str, int] = {}
    links_by_fact_type: Mapping[str, int] = {}
    links_breakdown: Mapping[str, Mapping[str, int]] = {}
    pending_operations: int = 0
    failed_operations: int = 0


class TokenUsageOut(BaseModel):
    """Tokens of a model; always 0, because no model is called."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    thoughts_tokens: int = 0


class RetainOut(BaseModel):
    """The stored texts. Nothing is deferred, so `async` is always false."""

    model_config = ConfigDict(populate_by_name=True)

    success: bool = True
    bank_id: str
    items_count: int
    is_async: bool = Field(default=False, alias="async")
    operation_id: str | None = None
    operation_ids: list[str] | None = None
    usage: TokenUsageOut = TokenUsageOut()


class ScoresOut(BaseModel):
    """Its similarity to the question."""

    final: float = Field(description="The match score, 0..1, by which results are ordered.")
    reranker: float | None = None
    semantic: float | None = Field(description="Cosine similarity; null without a model.")
    keyword: float | None = Field(description="The share of the match score that comes from words.")


class RecallResultOut(BaseModel):
    """A text that is similar to the question."""

    id: str
    text: str
    type: str = "world"
    entities: list[str] | None = None
    context: str | None
    occurred_start: str | None = None
    occurred_end: str | None = None
    mentioned_at: str
    document_id: str
    metadata: Mapping[str, str]
    chunk_id: str
    tags: list[str]
    source_fact_ids: list[str] | None = None
    scores: ScoresOut


class ChunkOut(BaseModel):
    """The text of a document, which is one chunk."""

    id: str
    text: str
    chunk_index: int = 0
    truncated: bool = False


class BankRecallOut(BaseModel):
    """Records similar to the question, best first."""

    results: list[RecallResultOut]
    trace: Mapping[str, Any] | None = None
    entities: Mapping[str, Any] | None = None
    chunks: Mapping[str, ChunkOut] | None = None
    source_facts: Mapping[str, Any] | None = None


class MemoryOut(BaseModel):
    """A text in the list of memories."""

    id: str
    text: str
    context: str
    date: str
    fact_type: str = "world"
    document_id: str
    mentioned_at: str
    occurred_start: str | None = None
    occurred_end: str | None = None
    entities: str = ""
    chunk_id: str
    proof_count: int = 1
    tags: list[str]
    metadata: Mapping[str, str]
    state: str = "valid"
    updated_at: str


class MemoriesOut(BaseModel):
    """Texts, newest first."""

    items: list[MemoryOut]
    total: int
    limit: int
    offset: int


class DocumentItemOut(BaseModel):
    """A document in the list of documents."""

    id: str
    bank_id: str
    content_hash: str
    created_at: str
    updated_at: str
    text_length: int
    memory_unit_count: int = 1
    retain_params: Mapping[str, Any] | None
    document_metadata: Mapping[str, str] | None
    tags: list[str]
    matched_fields: list[str] = []


class DocumentsOut(BaseModel):
    """Documents, newest first."""

    items: list[DocumentItemOut]
    total: int
    limit: int
    offset: int
    total_is_estimate: bool = False


class BankDocumentOut(BaseModel):
    """A document with its text."""

    id: str
    bank_id: str
    original_text: str
    content_hash: str
    created_at: str
    updated_at: str
    memory_unit_count: int = 1
    nodes_by_fact_type: Mapping[str, int] = {"world": 1, "experience": 0, "observation": 0}
    tags: list[str]
    document_metadata: Mapping[str, str] | None
    retain_params: Mapping[str, Any] | None
    observation_scopes: None = None
    attachments: None = None


class DeletedDocumentOut(BaseModel):
    """A deleted document."""

    success: bool = True
    message: str
    document_id: str
    memory_units_deleted: int


class DeletedOut(BaseModel):
    """The deleted texts."""

    success: bool = True
    message: str
    deleted_count: int


class VersionOut(BaseModel):
    """The supported version of Hindsight's API, and its supported features."""

    api_version: str
    features: Mapping[str, bool]


class AliveOut(BaseModel):
    """Confirm that the process answers."""

    status: str = "alive"
    version: str
    uptime_seconds: float
