"""What goes into the store and comes out of it, beside the nouns themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from onrecall.domain.incident import Document, EvidenceKind, Incident, Passage, StepExecution

Owner = tuple[EvidenceKind, str]
State = Literal["created", "updated", "unchanged", "rejected"]
EventType = Literal[
    "opened",
    "alerted",
    "noted",
    "acknowledged",
    "assigned",
    "recommended",
    "rated",
    "resolved",
    "reopened",
    "linked",
    "merged",
    "split",
    "suggested",
    "dismissed",
]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """One thing to keep, with the passages it is recalled by and the tries that its resolution reports."""

    thing: Incident | Document
    passages: tuple[Passage, ...] = ()
    performed: tuple[StepExecution, ...] = ()


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of an entry; a rejected one says why."""

    id: str
    state: State
    message: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class ResultPage(Generic[Item]):
    """Some items, and where to go on; None at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something that happened to an incident."""

    seq: int
    incident: str
    type: EventType
    at: datetime
    """When it happened."""
    recorded_at: datetime
    """When the store was told."""
    by: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """What became of the answer to an incident, as the room that measures trust writes it."""

    basis: Literal["backtest", "outcomes"]
    incident: str
    at: datetime
    """When the answer was given."""
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """One version of what trust was measured to be."""

    version: int
    fitted_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PassageLogEntry:
    """A passage that came or went. Who has applied every change up to `seq` has all passages there are."""

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


class PassageText(NamedTuple):
    """What a passage says, and where it begins."""

    text: str
    line: int
    heading: str | None


@dataclass(frozen=True, slots=True)
class TermStatistics:
    """How common terms are: passages in all, their length in all, and for each term how many passages have it."""

    documents: int
    total_length: int
    df: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class EmbeddingVersion:
    """What made a passage: the model its vector is of, and the version of the rules for its terms."""

    model: str | None
    terms_version: int | None


@dataclass(frozen=True, slots=True)
class ReindexItem:
    """An incident or a document whose passages are to be made anew, and its state when that was found out."""

    owner: Owner
    state: str


@dataclass(frozen=True, slots=True)
class ReindexedItem:
    """The passages it shall have, made of that state or a later one."""

    remaking: ReindexItem
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of a model that is about to be made."""

    recommendation: str
    role: str
    provider: str
    model: str
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What an answer took; None: not told, or not known."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    latency_ms: float


@dataclass(frozen=True, slots=True)
class ModelUse:
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
    """Of the calls whose cost is known; None: of none."""
    of_unknown_cost: int
    mean_latency_ms: float | None

    @property
    def cost_usd(self) -> float | None:
        """Of all calls; None as soon as that of one is not known."""
        return None if self.of_unknown_cost else self.known_cost_usd


@dataclass(frozen=True, slots=True)
class CircuitState:
    """Whether a provider is asked: not while it is open, once to see when it is half open."""

    provider: str
    state: Literal["closed", "open", "half_open"]
    failures: int
    """One after the other."""
    until: datetime | None
    trying: bool = False
