"""The strongest simple recipe that was measured on incident text: three signals, each normalised over all documents.

0.4 · z(BM25, k1 2, b 0.9, identifier-aware terms) + 0.4 · z(half the best chunk, half the mean vector of the sentence
model) + 0.2 · z(cosine of tf-idf over groups of 3 to 5 letters).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from onrecall.benchmarks.baselines import Scores
from onrecall.benchmarks.beir import CorpusDocument, Task
from onrecall.retrieval import tokenizer
from onrecall.retrieval.embeddings import Embedder, as_passages, as_questions

K1, B = 2.0, 0.9
CHUNK_WORDS, CHUNK_STEP = 120, 90
GRAM_SIZES = (3, 4, 5)
BUCKETS = 1 << 20
WEIGHTS = (0.4, 0.4, 0.2)
Grams = npt.NDArray[np.int64]


def signals(task: Task, embedder: Embedder) -> tuple[Scores, Scores, Scores]:
    """The three signals, each a row for each question and a column for each document, on its own scale."""
    return bm25_scores(task), embedding_scores(task, embedder), char_ngram_scores(task)


def combine(parts: Sequence[Scores], hidden: npt.NDArray[np.bool_]) -> Scores:
    """The weighted sum of the normalised signals as if the hidden documents of each question were not there."""
    table = sum((weight * _normalise(part, hidden) for weight, part in zip(WEIGHTS, parts, strict=True)), np.zeros(1))
    return np.where(hidden, -np.inf, table).astype(np.float32)


def bm25_scores(task: Task) -> Scores:
    """BM25 over the product's own terms: identifiers whole and in their parts."""
    documents = [tokenizer.count_terms(_full_text(entry)) for entry in task.corpus]
    lengths = np.array([sum(counts_of_document.values()) for counts_of_document in documents], np.float64)
    norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1.0))
    postings: dict[int, list[tuple[int, int]]] = {}
    for column, counts in enumerate(documents):
        for term, count in counts.items():
            postings.setdefault(term, []).append((column, count))
    table = np.zeros((len(task.queries), len(documents)), np.float32)
    for row, query in enumerate(task.queries):
        for term, times in tokenizer.count_terms(query.text).items():
            for column, count in postings.get(term, ()):
                document_frequency = len(postings[term])
                idf = math.log(1 + (len(documents) - document_frequency + 0.5) / (document_frequency + 0.5))
                table[row, column] += times * idf * count * (K1 + 1) / (count + norm[column])
    return table


def embedding_scores(task: Task, embedder: Embedder) -> Scores:
    """Half the nearest chunk, half the mean of the chunks."""
    chunks = [list(_chunks(entry)) for entry in task.corpus]
    vectors = embedder.embed(as_passages(embedder, [text for texts in chunks for text in texts]))
    query_vectors = embedder.embed(
        as_questions(embedder, [tokenizer.split_names(query.text) for query in task.queries])
    )
    table = np.zeros((len(task.queries), len(chunks)), np.float32)
    start = 0
    for column, texts in enumerate(chunks):
        own = vectors[start : start + len(texts)]
        start += len(texts)
        mean = own.mean(0) / max(float(np.linalg.norm(own.mean(0))), 1e-6)
        table[:, column] = ((query_vectors @ own.T).max(1) + query_vectors @ mean) / 2
    return table


def char_ngram_scores(task: Task) -> Scores:
    """The cosine of tf-idf over groups of letters within words."""
    documents = [_grams(_full_text(entry)) for entry in task.corpus]
    frequency = Counter(int(gram) for grams, _ in documents for gram in grams)
    idf = np.ones(BUCKETS, np.float32)
    for gram, document_frequency in frequency.items():
        idf[gram] = 1 + math.log((1 + len(documents)) / (1 + document_frequency))
    weighed = [_unit(grams, counts, idf) for grams, counts in documents]
    starts = np.cumsum([0, *(len(grams) for grams, _ in weighed[:-1])])
    columns = np.concatenate([grams for grams, _ in weighed])
    values = np.concatenate([weights for _, weights in weighed])
    table = np.zeros((len(task.queries), len(documents)), np.float32)
    dense = np.zeros(BUCKETS, np.float32)
    for row, query in enumerate(task.queries):
        grams, weights = _unit(*_grams(query.text), idf)
        dense[grams] = weights
        table[row] = np.add.reduceat(values * dense[columns], starts)
        dense[grams] = 0
    return table


def _normalise(table: Scores, hidden: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    visible = ~hidden | hidden.all(axis=1, keepdims=True)
    mean = table.mean(axis=1, keepdims=True, where=visible, dtype=np.float64)
    spread = table.std(axis=1, keepdims=True, where=visible, dtype=np.float64)
    centred: npt.NDArray[np.float64] = (table - mean) / np.where(spread > 1e-9, spread, 1)
    return centred


def _unit(grams: Grams, counts: Grams, idf: Scores) -> tuple[Grams, Scores]:
    weights = counts * idf[grams]
    return grams, np.asarray(weights / max(float(np.linalg.norm(weights)), 1e-9), np.float32)


def _grams(text: str) -> tuple[Grams, Grams]:
    """The buckets of a text's letter groups, and how often each stands there; never empty."""
    codes = np.frombuffer(f" {'  '.join(text.lower().split())} ".encode("utf-32-le", "surrogatepass"), "<u4")
    codes = codes.astype(np.uint64)
    edge = (codes == ord(" "))[:-1] & (codes == ord(" "))[1:]
    between = np.concatenate([[0], np.cumsum(edge)])
    buckets = [np.zeros(1, np.int64)]
    hashed = np.zeros(len(codes), np.uint64)
    for size in range(1, max(GRAM_SIZES) + 1):
        ends = len(codes) - size + 1
        if ends <= 0:
            break
        hashed = hashed[:ends] * np.uint64(1_000_003) + codes[size - 1 : size - 1 + ends]
        if size in GRAM_SIZES:
            within = between[size - 1 : size - 1 + ends] == between[:ends]
            buckets.append((hashed[within] % np.uint64(BUCKETS)).astype(np.int64))
    return tuple(np.unique(np.concatenate(buckets), return_counts=True))  # type: ignore[return-value]


def _chunks(entry: CorpusDocument) -> Iterator[str]:
    words = _full_text(entry).split()
    for start in range(0, max(len(words) - CHUNK_WORDS + CHUNK_STEP, 1), CHUNK_STEP):
        yield tokenizer.split_names(" ".join(words[start : start + CHUNK_WORDS]))


def _full_text(entry: CorpusDocument) -> str:
    return f"{entry.title}\n{entry.text}".strip()
