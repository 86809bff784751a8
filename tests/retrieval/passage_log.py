"""A change log of a few lines, for tests that need no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.passage import Passage
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import VisibilityFilter

MODEL = "letters"


@dataclass(frozen=True)
class Changed:
    seq: int
    op: Literal["add", "remove"]
    id: int
    passage: Passage | None
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def vector(text: str) -> np.ndarray:
    """A meaning that texts with the same words share, in 64 dimensions."""
    total = np.zeros(64, np.float32)
    for term in tokenizer.tokenize(text):
        total += np.random.default_rng(tokenizer.term_id(term)).normal(size=64).astype(np.float32)
    return total / max(float(np.linalg.norm(total)), 1e-9)


def passage(
    owner: str,
    text: str,
    kind: EvidenceKind = "incident",
    known_from: datetime | None = None,
    model: str | None = MODEL,
    n: int = 0,
) -> Passage:
    """A passage as the store keeps it."""
    packed_vector = vector(text).astype("<f2").tobytes() if model else None
    packed = tokenizer.pack(tokenizer.count_terms(text))
    return Passage(owner, kind, "opening", n, text, 1, None, known_from, packed, packed_vector, model)


class Log:
    """Passages that come and go."""

    def __init__(self) -> None:
        self.entries: list[Changed] = []
        self.reads = 0
        self._ids = 0

    def add(self, added: Passage, service: str | None = None, labels: Mapping[str, str] | None = None) -> int:
        self._ids += 1
        self.entries.append(Changed(self.last_seq() + 1, "add", self._ids, added, service, labels or {}))
        return self._ids

    def remove(self, number: int) -> None:
        seq = self.last_seq() + 1
        self.entries = [entry for entry in self.entries if entry.id != number]
        self.entries.append(Changed(seq, "remove", number, None))

    def last_seq(self) -> int:
        return self.entries[-1].seq if self.entries else 0

    def changes(self, after: int, limit: int) -> Sequence[Changed]:
        changes = [entry for entry in self.entries if entry.seq > after][:limit]
        self.reads += len(changes)
        return changes

    def get(self, ids: Sequence[int]) -> Mapping[int, Passage]:
        return {entry.id: entry.passage for entry in self.entries if entry.id in set(ids) and entry.passage}

    def visible(self, visible: VisibilityFilter) -> set[int]:
        """What may be seen, by the plainest means."""
        return {entry.id for entry in self.entries if entry.passage and _may(entry, entry.passage, visible)}


def _may(entry: Changed, stored: Passage, visible: VisibilityFilter) -> bool:
    is_known = stored.known_from is None or visible.as_of is None or stored.known_from <= visible.as_of
    return (
        is_known
        and visible.kind in (None, stored.kind)
        and visible.service in (None, entry.service)
        and visible.labels.items() <= entry.labels.items()
        and stored.owner not in visible.exclude
    )
