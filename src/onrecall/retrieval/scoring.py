"""How like a situation a candidate is: one exact measure, whichever index proposed the candidate.

Every signal is absolute: it depends on the situation, the candidate and how common words are, never on which other
candidates there are. So the fused score ranks, is comparable between situations, and is the same on every database.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from onrecall.retrieval import tokenizer
from onrecall.retrieval.model_folder import ModelForm

Scores = npt.NDArray[np.float64]
Starts = npt.NDArray[np.int64]

K1, B = 2.0, 0.9
"""BM25: incidents are long and repeat themselves, so counts saturate late and length counts almost in full."""
BEST_PASSAGE_SHARE = 1 / 3
"""How much of the words' likeness is that of the best passage alone."""
LEAST_RARITY = 0.1
"""The least weight of a term, as a share of the weight of one that occurs nowhere.

A memory may hold one thing hundreds of times. That makes the thing's words common in it, not in what is asked of it;
words that are common everywhere are stop words, and left out.
"""
DOC_MARKER_TERM = tokenizer.term_id("<whole>")
"""A term that one passage of each incident or document has and no text: so the store counts how many there are."""
NGRAM_SIZES = (4, 5)
MAX_NGRAM_CHARACTERS = 4_000
"""Characters of a candidate in which letter groups are looked for."""
USUAL_NGRAMS = 1_000
"""Letter groups of a passage of usual length."""
_BUCKETS = 18
_NOT_WORD = re.compile(r"[\W_]+")
_BLANKED = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))


class TermStatistics(Protocol):
    """How common terms are."""

    @property
    def documents(self) -> int:
        """Passages in all."""

    @property
    def total_length(self) -> int:
        """Their terms in all."""

    @property
    def df(self) -> Mapping[int, int]:
        """In how many passages a term occurs."""


class PassageTerms(Protocol):
    """What a passage is compared by."""

    @property
    def terms(self) -> bytes:
        """Its terms and how often it has each, packed."""

    @property
    def vector(self) -> bytes | None:
        """Its meaning."""

    @property
    def model(self) -> str | None:
        """The model that the vector is of."""


@dataclass(frozen=True, slots=True)
class TermWeights:
    """How much each term of a situation says, and how long things and their passages are on average."""

    idf: Mapping[int, float]
    most: float
    """The weight of a term that occurs nowhere: the largest."""
    owner_length: float
    passage_length: float
    passages: int
    """Number of passages."""
    df: Mapping[int, int]
    """Number of passages that have each term."""

    @classmethod
    def from_statistics(cls, weights: Mapping[int, float], statistics: TermStatistics) -> "TermWeights":
        """From exact counts; a term that occurs nowhere says most, and none says less than `LEAST_RARITY`."""
        n, length = statistics.documents, statistics.total_length
        having = {term: statistics.df.get(term, 0) for term in weights}
        most = math.log(1 + (n + 0.5) / 0.5)
        idf = {term: max(LEAST_RARITY * most, math.log(1 + (n - df + 0.5) / (df + 0.5))) for term, df in having.items()}
        return cls(
            idf,
            most,
            max(length / max(statistics.df.get(DOC_MARKER_TERM, 0), 1), 1.0),
            max(length / max(n, 1), 1.0),
            n,
            having,
        )


def max_word_score(weights: Mapping[int, float], rarity: TermWeights) -> float:
    """What the words of a situation can add to a match at the most; it grows with how much the situation says."""
    return math.sqrt(sum(weight * rarity.idf[term] for term, weight in weights.items()) * (K1 + 1))


@dataclass(frozen=True, slots=True)
class WordMatches:
    """How like a situation some owners are by words, an entry for each."""

    bm25: Scores
    """BM25, a third of it by the best passage, in units of what such a query can reach."""
    matched_terms: npt.NDArray[np.bool_]
    """Which of the query's terms, in rising order, each has."""
    overlap: Scores
    """The cosine of what both say, counts damped on both sides: how much of either is said by the other."""
    length: Scores
    """The logarithm of how many times as long as usual each is."""


def match_words(
    weights: Mapping[int, float], rarity: TermWeights, owners: Sequence[Sequence[PassageTerms]]
) -> WordMatches:
    """How like a situation each owner is by words.

    Each further word in common adds less: a long query shares many words with much, and few are already a lot.
    """
    term_ids = np.array(sorted(weights), np.uint32)
    scores, overlap, length = (np.zeros(len(owners)) for _ in range(3))
    has = np.zeros((len(owners), len(term_ids)), bool)
    rows = [row for row, passages in enumerate(owners) if passages]
    if not rows or not len(term_ids):
        return WordMatches(scores, has, overlap, length)
    gain = np.array([weights[term] * rarity.idf[term] for term in term_ids.tolist()])
    sizes = np.array([len(owners[row]) for row in rows])
    starts = np.cumsum(sizes) - sizes
    counts, lengths = _count_terms(term_ids, [passage for row in rows for passage in owners[row]])
    together = np.add.reduceat(counts, starts)
    by_owner = _bm25_scores(gain, together, np.add.reduceat(lengths, starts) / rarity.owner_length)
    by_passage = np.maximum.reduceat(_bm25_scores(gain, counts, lengths / rarity.passage_length), starts)
    scores[rows] = np.log1p(
        (by_owner * (1 - BEST_PASSAGE_SHARE) + by_passage * BEST_PASSAGE_SHARE) / max_word_score(weights, rarity)
    )
    has[rows] = together > 0
    sums = np.add.reduceat(lengths, starts)
    overlap[rows] = _damped_cosine(gain, np.array([weights[term] for term in term_ids.tolist()]), together, sums)
    length[rows] = np.log(np.maximum(sums, 1.0) / rarity.owner_length)
    return WordMatches(scores, has, overlap, length)


def _damped_cosine(gain: Scores, query_weights: Scores, counts: Scores, lengths: Scores) -> Scores:
    """The damped cosine of the query and each owner; the owner's own norm is taken from its length.

    A text of n terms has about n^0.8 different ones (Heaps' law), each of usual rarity.
    """
    rarity = gain / query_weights
    damped = (1 + np.log(np.maximum(query_weights, 1))) * rarity
    shared = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0.0) @ (damped * rarity)
    norm = float(np.linalg.norm(damped)) * max(float(rarity.mean()), 1e-9)
    scores: Scores = shared / np.maximum(norm * np.sqrt(np.maximum(lengths, 1.0) ** 0.8), 1e-9)
    return scores


def _bm25_scores(gain: Scores, counts: Scores, lengths: Scores) -> Scores:
    """BM25 with lengths as multiples of the average."""
    scores: Scores = counts * (K1 + 1) / (counts + (K1 * (1 - B + B * lengths))[:, None]) @ gain
    return scores


def _count_terms(term_ids: npt.NDArray[np.uint32], passages: Sequence[PassageTerms]) -> tuple[Scores, Scores]:
    """How often each passage has each wanted term, and how many terms it has."""
    numbers, often, sizes = tokenizer.unpack_all([passage.terms for passage in passages])
    rows = np.repeat(np.arange(len(passages)), sizes)
    at = np.minimum(np.searchsorted(term_ids, numbers), len(term_ids) - 1)
    hit = term_ids[at] == numbers
    cells = np.bincount(rows[hit] * len(term_ids) + at[hit], often[hit], len(passages) * len(term_ids)).astype(float)
    return cells.reshape(len(passages), -1), np.bincount(rows, often, len(passages)).astype(float)


def cosine_scores(
    vector: npt.NDArray[np.float32], model: str, owners: Sequence[Sequence[PassageTerms]]
) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """Half the nearest passage, half the owner as a whole; and whose meaning is known, by this model and no other."""
    scores, size = np.zeros(len(owners)), 2 * len(vector)
    vectors_by_owner = [
        [
            passage.vector
            for passage in passages
            if passage.vector and passage.model == model and len(passage.vector) == size
        ]
        for passages in owners
    ]
    has_meaning = np.array([bool(owner_vectors) for owner_vectors in vectors_by_owner], bool)
    rows = np.flatnonzero(has_meaning).tolist()
    if not rows:
        return scores, has_meaning
    sizes = np.array([len(vectors_by_owner[row]) for row in rows])
    starts = np.cumsum(sizes) - sizes
    vectors = np.frombuffer(b"".join(packed for row in rows for packed in vectors_by_owner[row]), "<f2")
    # How many rows are multiplied at once changes the last bits: in double precision nobody sees them.
    vectors = vectors.reshape(-1, len(vector)).astype(np.float64)
    near = vectors @ vector.astype(np.float64)
    by_owner = np.add.reduceat(near, starts) / np.maximum(
        np.linalg.norm(_sum_runs(vectors, starts, sizes), axis=1), 1e-6
    )
    scores[rows] = (np.maximum.reduceat(near, starts) + by_owner) / 2
    return scores, has_meaning


def scale_cosines(scores: Scores, form: ModelForm) -> Scores:
    """Return the cosines of a model as those of the model that scores and thresholds are made for."""
    return (scores - form.cosine_floor) * form.cosine_gain


def _sum_runs(vectors: npt.NDArray[np.float64], starts: Starts, sizes: Starts) -> npt.NDArray[np.float64]:
    """The sum of each run of vectors: quicker than `add.reduceat`, for most runs are short."""
    sums = vectors[starts]
    for n in range(1, int(sizes.max())):
        longer = np.flatnonzero(sizes > n)
        sums[longer] += vectors[starts[longer] + n]
    return sums


def char_ngram_scores(query: str, importance: Mapping[str, float], texts: Sequence[str]) -> Scores:
    """The share of the query's letter groups that a text has, each by how much its word says: typos, inflections."""
    query_words = list(dict.fromkeys(normalize_words(query).split()))
    groups, of_word = _hash_ngrams(query_words)
    buckets, place = np.unique(groups, return_inverse=True)
    says = np.zeros(len(buckets))
    np.maximum.at(says, place, np.array([importance.get(word, 0.0) for word in query_words])[of_word])
    if not says.any() or not texts:
        return np.zeros(len(texts))
    in_query = np.zeros(1 << _BUCKETS, np.bool_)
    in_query[buckets] = True
    text_buckets, rows = _hash_ngrams([normalize_words(text[:MAX_NGRAM_CHARACTERS]) for text in texts])
    hit = np.flatnonzero(in_query[text_buckets])
    column = np.searchsorted(buckets, text_buckets[hit])
    cells = np.bincount(rows[hit] * len(buckets) + column, minlength=len(texts) * len(buckets))
    counts = cells.reshape(len(texts), -1)
    norm = K1 * (1 - B + B * np.bincount(rows, minlength=len(texts)) / USUAL_NGRAMS)
    shares: Scores = (says * counts / (counts + norm[:, None])).sum(1) / says.sum()
    return shares


def normalize_words(text: str) -> str:
    """Lower case, blanks between words."""
    if text.isascii():  # the same, many times as fast
        return " ".join(text.lower().translate(_BLANKED).split())
    return _NOT_WORD.sub(" ", text.lower()).strip()


def _hash_ngrams(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The bucket of every group of letters within a word, its edges included, and which text it stands in."""
    letters = np.frombuffer(f" {'  '.join(texts)}{' ' * max(NGRAM_SIZES)}".encode("utf-32-le", "surrogatepass"), "<u4")
    of_text = np.repeat(np.arange(len(texts)), [len(text) + 2 for text in texts])
    blank = letters == ord(" ")
    hashed = np.zeros(len(of_text), np.uint32)
    broken = np.zeros(len(of_text), bool)
    groups = []
    for size in range(1, max(NGRAM_SIZES) + 1):
        end = slice(size - 1, size - 1 + len(of_text))
        hashed = hashed * np.uint32(0x01000193) + letters[end]
        if size in NGRAM_SIZES:
            unbroken = ~broken
            groups.append(((hashed[unbroken] * np.uint32(0x9E3779B1)) >> np.uint32(32 - _BUCKETS), of_text[unbroken]))
        if size > 1:
            broken |= blank[end]
    return np.concatenate([part for part, _ in groups]), np.concatenate([part for _, part in groups])
