"""A change log of a few lines, for tests that need no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from onrecall.domain.incident import EvidenceKind, Passage
from onrecall.retrieval import tokenizer
from onrecall.retrieval.index import Visible

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
    found = np.zeros(64, np.float32)
    for term in tokenizer.tokenize(text):
        found += np.random.default_rng(tokenizer.term_id(term)).normal(size=64).astype(np.float32)
    return found / max(float(np.linalg.norm(found)), 1e-9)


def passage(
    owner: str,
    text: str,
    kind: EvidenceKind = "incident",
    known_from: datetime | None = None,
    model: str | None = MODEL,
    n: int = 0,
) -> Passage:
    """A passage as the store keeps it."""
    meant = vector(text).astype("<f2").tobytes() if model else None
    packed = tokenizer.pack(tokenizer.count_terms(text))
    return Passage(owner, kind, "opening", n, text, 1, None, known_from, packed, meant, model)


class Log:
    """Passages that come and go."""

    def __init__(self) -> None:
        self.entries: list[Changed] = []
        self.reads = 0
        self._ids = 0

    def add(self, given: Passage, service: str | None = None, labels: Mapping[str, str] | None = None) -> int:
        self._ids += 1
        self.entries.append(Changed(self.last_seq() + 1, "add", self._ids, given, service, labels or {}))
        return self._ids

    def remove(self, number: int) -> None:
        seq = self.last_seq() + 1
        self.entries = [one for one in self.entries if one.id != number]
        self.entries.append(Changed(seq, "remove", number, None))

    def last_seq(self) -> int:
        return self.entries[-1].seq if self.entries else 0

    def changes(self, after: int, limit: int) -> Sequence[Changed]:
        found = [one for one in self.entries if one.seq > after][:limit]
        self.reads += len(found)
        return found

    def passages(self, ids: Sequence[int]) -> Mapping[int, Passage]:
        return {one.id: one.passage for one in self.entries if one.id in set(ids) and one.passage}

    def visible(self, visible: Visible) -> set[int]:
        """What may be seen, by the plainest means."""
        return {one.id for one in self.entries if one.passage and _may(one, one.passage, visible)}


def _may(one: Changed, given: Passage, visible: Visible) -> bool:
    known = given.known_from is None or visible.as_of is None or given.known_from <= visible.as_of
    return (
        known
        and visible.kind in (None, given.kind)
        and visible.service in (None, one.service)
        and visible.labels.items() <= one.labels.items()
        and given.owner not in visible.exclude
    )
