"""The index port: what proposes candidates by words and by meaning. The exact scorer ranks them afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from onrecall.domain.evidence import EvidenceKind
from onrecall.domain.passage import Passage
from onrecall.domain.situation import Situation

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VisibilityFilter:
    """Which passages a question may see."""

    kind: EvidenceKind | None = None
    service: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None
    exclude: frozenset[str] = frozenset()

    @classmethod
    def for_situation(cls, situation: Situation) -> "VisibilityFilter":
        """What a situation may see."""
        only = situation.only
        return cls(only.kind, only.service, only.labels, situation.as_of, situation.exclude)


class Index(Protocol):
    """Proposes passages, best first, by their numbers. Safe for many threads."""

    @property
    def limitation(self) -> str | None:
        """Why this thread's last question was answered from less than the whole index; None: it was not."""

    def refresh(self) -> None:
        """Catch up with what was written since; cheap when nothing was. To be called before each question."""

    def forget_removed(self) -> None:
        """Leave nothing of removed passages behind, as far as it is this index's own; to be called after an erasure."""

    def words(self, terms: Mapping[int, float], visible: VisibilityFilter, limit: int) -> list[int]:
        """The passages that have most of these terms, each with its weight in the question; rare ones count most."""

    def meaning(self, vector: Vector, visible: VisibilityFilter, limit: int) -> list[int]:
        """The passages whose meaning is nearest to the vector."""


class PassageChange(Protocol):
    """A passage that came or went."""

    @property
    def seq(self) -> int:
        """Its place among all changes."""

    @property
    def op(self) -> Literal["add", "remove"]:
        """What happened."""

    @property
    def id(self) -> int:
        """The passage's number."""

    @property
    def passage(self) -> Passage | None:
        """The passage, when it came."""

    @property
    def service(self) -> str | None:
        """Its owner's service."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its owner's labels."""


class ChangeLog(Protocol):
    """What the index is derived from."""

    def last_seq(self) -> int:
        """The place of the newest change."""

    def changes(self, after: int, limit: int) -> Sequence[PassageChange]:
        """The changes after a place, in order."""

    def get(self, numbers: Sequence[int]) -> Mapping[int, Passage]:
        """Passages by their numbers; one that is gone is absent."""
