"""What a search passes on: the situation made ready, and candidates with more and more of their signals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onrecall.domain.passage import Owner
from onrecall.domain.situation import Situation
from onrecall.retrieval.explanation import Record
from onrecall.retrieval.fusion import Signals
from onrecall.retrieval.index import Vector
from onrecall.retrieval.query import Query
from onrecall.retrieval.retrieval_store import StoredFeatures, StoredText
from onrecall.retrieval.scoring import TermWeights


@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A situation made ready: what is looked for, its vector, and how much its words say."""

    situation: Situation
    query: Query
    vector: Vector | None
    rarity: TermWeights
    rarest_line_terms: Mapping[str, int]
    """The rarest term of each log line's template: a line that lacks it needs no closer look."""
    named: Mapping[Owner, str] = field(default_factory=dict)
    """The records that the question names, each with the word that names it."""
    by_words: Sequence[int] = ()
    """The passages that the index proposes by words, best first."""


@dataclass(frozen=True, slots=True)
class SearchCandidate:
    """Something that may be like the situation."""

    owner: Owner
    features: Sequence[StoredFeatures]
    matched_terms: frozenset[int]
    """The query's terms that it has."""
    signals: Signals


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate that was read in full."""

    candidate: SearchCandidate
    record: Record
    texts: Sequence[StoredText]
    """What the passages say that it is compared by."""
    signals: Signals

    @property
    def owner(self) -> Owner:
        """What it is."""
        return self.candidate.owner
