"""Inputs and results of the store, besides the domain objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from onrecall.domain.document import Document
from onrecall.domain.evidence import StepExecution
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner, Passage

State = Literal["created", "updated", "unchanged", "rejected"]
EventType = Literal[
    "opened",
    "alerted",
    "noted",
    "acknowledged",
    "assigned",
    "edited",
    "recommended",
    "rated",
    "checked",
    "resolved",
    "reopened",
    "linked",
    "merged",
    "split",
    "suggested",
    "dismissed",
    "action_added",
    "action_changed",
]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record to save, with its passages and the step executions that its resolution reports."""

    record: Incident | Document
    passages: tuple[Passage, ...] = ()
    performed: tuple[StepExecution, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The result of saving an entry, with the reason if it was rejected."""

    id: str
    state: State
    message: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class ResultPage(Generic[Item]):
    """Some items and the cursor to continue with; None at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """A recorded event of an incident."""

    seq: int
    incident: str
    type: EventType
    at: datetime
    """When it happened."""
    recorded_at: datetime
    """When it was recorded."""
    by: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """Whether the answer to an incident was right, as calibration stores it."""

    basis: Literal["backtest", "outcomes"]
    incident: str
    at: datetime
    """When the answer was given."""
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """One version of the fitted calibration curve."""

    version: int
    fitted_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PassageLogEntry:
    """An added or removed passage. Applying all entries up to `seq` yields the current passages."""

    seq: int
    op: Literal["add", "remove"]
    id: int
    passage: Passage | None
    service: str | None
    labels: Mapping[str, str]


class PassageFeatures(NamedTuple):
    """What a passage is compared by."""

    number: int
    terms: bytes
    vector: bytes | None
    model: str | None


class StoredVector(NamedTuple):
    """An embedding and the model that made it."""

    data: bytes
    """Float16."""
    model: str | None


class PassageText(NamedTuple):
    """The text of a passage and its position."""

    text: str
    line: int
    heading: str | None


@dataclass(frozen=True, slots=True)
class StoredTermStatistics:
    """Corpus statistics: number of passages, total length, and document frequency per term."""

    documents: int
    total_length: int
    df: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class EmbeddingVersion:
    """What made a passage: the embedding model and the version of the tokenizer."""

    model: str | None
    terms_version: int | None


@dataclass(frozen=True, slots=True)
class ReindexItem:
    """An incident or document to re-index, and its state when that was found out."""

    owner: Owner
    state: str


@dataclass(frozen=True, slots=True)
class ReindexedItem:
    """The new passages of an owner, made from that state or a later one."""

    remaking: ReindexItem
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A model call about to be made."""

    recommendation: str
    role: str
    provider: str
    model: str
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What a call used; None if not reported."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    latency_ms: float


@dataclass(frozen=True, slots=True)
class DailyModelUsage:
    """The calls of one model on one day."""

    day: str
    provider: str
    model: str
    calls: int
    accepted: int
    """Answers that passed every check."""
    rejected: int
    failed: int
    input_tokens: int
    output_tokens: int
    known_cost_usd: float | None
    """Sum over calls whose cost is known; None if there are none."""
    of_unknown_cost: int
    mean_latency_ms: float | None

    @property
    def cost_usd(self) -> float | None:
        """The cost of all calls; None if that of any call is unknown."""
        return None if self.of_unknown_cost else self.known_cost_usd


@dataclass(frozen=True, slots=True)
class CircuitState:
    """Whether a provider is called: not while open, one trial call while half open."""

    provider: str
    state: Literal["closed", "open", "half_open"]
    failures: int
    """Consecutive failures."""
    until: datetime | None
    trying: bool = False
