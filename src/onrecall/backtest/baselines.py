"""Baselines: the most frequent cause, BM25 alone, and the sentence model alone."""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import Stemmer

from onrecall.domain.cause_label import normalize_label

Vectors = npt.NDArray[np.float32]
K1, B = 1.2, 0.75
"""Default BM25 parameters of most search engines."""
QUESTION_BATCH = 64
"""Questions scored in one matrix product, which takes little longer than a single one."""
BASELINE_NAMES = ("most_frequent_cause", "bm25", "minilm")
_WORD = re.compile(r"\w+")


class UsualCause:
    """Answers with the most frequent causes of the service so far, or of all services if it has none."""

    def __init__(self) -> None:
        self._by_service: dict[str | None, Counter[str]] = defaultdict(Counter)
        self._all: Counter[str] = Counter()

    def learn(self, service: str | None, cause: str) -> None:
        """Count the cause of a resolved incident."""
        self._by_service[service][normalize_label(cause)] += 1
        self._all[normalize_label(cause)] += 1

    def answer(self, service: str | None, limit: int) -> tuple[str, ...]:
        """Return causes, most frequent first."""
        counted = self._by_service.get(service) or self._all
        return tuple(sorted(counted, key=lambda cause: (-counted[cause], cause))[:limit])


class Bm25:
    """BM25 over whole texts, lower-cased and with English stemming."""

    def __init__(self) -> None:
        self._stem: Callable[[list[str]], list[str]] = Stemmer.Stemmer("english").stemWords
        self._postings: dict[str, tuple[array[int], array[int]]] = {}
        self._frequency: Counter[str] = Counter()
        self._owners: list[str] = []
        self._lengths = array("d")
        self._alive = bytearray()
        self._total = 0.0
        self._current: dict[str, tuple[int, tuple[str, ...]]] = {}

    def upsert(self, owner: str, text: str) -> None:
        """Add or replace the text of an owner."""
        self._remove(owner)
        counted = Counter(self._terms(text))
        row = len(self._owners)
        self._owners.append(owner)
        self._lengths.append(counted.total())
        self._alive.append(True)
        self._total += counted.total()
        self._current[owner] = (row, tuple(counted))
        self._frequency.update(counted.keys())
        for term, often in counted.items():
            rows, counts = self._postings.setdefault(term, (array("q"), array("q")))
            rows.append(row)
            counts.append(often)

    def answer(self, text: str, limit: int) -> tuple[str, ...]:
        """Return owners, best first."""
        if not self._current:
            return ()
        usual = max(self._total / len(self._current), 1.0)
        norm = K1 * (1 - B + B * np.array(self._lengths) / usual)
        scores = np.zeros(len(norm))
        for term in sorted(set(self._terms(text)) & self._postings.keys()):
            rows, counts = (np.array(posting) for posting in self._postings[term])
            often = self._frequency[term]
            idf = math.log(1 + (len(self._current) - often + 0.5) / (often + 0.5))
            scores[rows] += idf * counts * (K1 + 1) / (counts + norm[rows])
        return _best_rows_owners(scores * np.frombuffer(bytes(self._alive), np.bool_), self._owners, limit)

    def _remove(self, owner: str) -> None:
        if owner in self._current:
            row, terms = self._current.pop(owner)
            self._frequency.subtract(terms)
            self._alive[row] = False
            self._total -= self._lengths[row]

    def _terms(self, text: str) -> list[str]:
        return self._stem(_WORD.findall(text.lower()))


class Cosine:
    """Nearest passages by the sentence model alone."""

    def __init__(self, dimensions: int, limit: int) -> None:
        self._limit = limit
        self._vectors: Vectors = np.zeros((256, dimensions), np.float32)
        self._owners: list[str] = []
        self._known_vectors: dict[str, frozenset[bytes]] = {}
        self._questions: list[tuple[Vectors, int]] = []
        """Unanswered questions with the number of passages at that time."""
        self._answers: list[tuple[str, ...]] = []

    def add(self, owner: str, vectors: Sequence[bytes]) -> None:
        """Add passage vectors (float16, unit length) of an owner; known ones are kept."""
        earlier = self._known_vectors.get(owner, frozenset())
        vectors = [passage_vector for passage_vector in vectors if passage_vector not in earlier]
        self._known_vectors[owner] = earlier.union(vectors)
        needed = len(self._owners) + len(vectors)
        while needed > len(self._vectors):
            self._vectors = np.concatenate((self._vectors, np.zeros_like(self._vectors)))
        for vector in vectors:
            self._vectors[len(self._owners)] = np.frombuffer(vector, "<f2")
            self._owners.append(owner)

    def ask(self, vector: Vectors) -> None:
        """Queue a question over the current passages; as these are only added, it can be answered later in a batch."""
        self._questions.append((vector, len(self._owners)))
        if len(self._questions) == QUESTION_BATCH:
            self._answer()

    def answers(self) -> Sequence[tuple[str, ...]]:
        """Return the owners for each question in order, best first."""
        self._answer()
        return self._answers

    def _answer(self) -> None:
        if not self._questions:
            return
        scores = np.stack([vector for vector, _ in self._questions]) @ self._vectors[: self._questions[-1][1]].T
        # The summation order of products depends on the batch size; rounding hides the difference.
        scores = np.round(scores, 5)
        for row, (_, passage_count) in zip(scores, self._questions, strict=True):
            self._answers.append(_best_rows_owners(row[:passage_count], self._owners, self._limit))
        self._questions.clear()


def _best_rows_owners(scores: npt.NDArray[np.floating], owners: Sequence[str], limit: int) -> tuple[str, ...]:
    """Return the distinct owners of the best positive rows; ties go to the earlier row."""
    candidate_count = min(len(scores), limit * 8)
    while True:
        top = (
            np.argpartition(-scores, candidate_count - 1)[:candidate_count]
            if candidate_count < len(scores)
            else np.arange(len(scores))
        )
        ordered = top[np.lexsort((top, -scores[top]))]
        best_owners = tuple(dict.fromkeys(owners[row] for row in ordered if scores[row] > 0))
        if len(best_owners) >= limit or candidate_count >= len(scores):
            return best_owners[:limit]
        candidate_count *= 4
