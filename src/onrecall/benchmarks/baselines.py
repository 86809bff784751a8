"""Baselines: BM25, the cosine of a sentence model, and reciprocal rank fusion of both."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import Stemmer

from onrecall.benchmarks.beir import CorpusDocument, Task
from onrecall.retrieval.embeddings import Embedder, as_passages, as_questions
from onrecall.retrieval.tokenizer import STOP_WORDS

Scores = npt.NDArray[np.float32]

K1, B, RRF_K = 1.2, 0.75, 60
_WORD = re.compile(r"\b\w\w+\b")


def bm25(task: Task) -> Scores:
    """BM25 (k1 1.2, b 0.75) with English stemming and stop words; identifiers stay as they are."""
    stem = Stemmer.Stemmer("english").stemWords
    documents = [Counter(_words(_full_text(entry), stem)) for entry in task.corpus]
    lengths = np.array([sum(counts_of_document.values()) for counts_of_document in documents], np.float32)
    norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
    having: dict[str, list[tuple[int, int]]] = {}
    for row, counted in enumerate(documents):
        for word, count in counted.items():
            having.setdefault(word, []).append((row, count))
    scores = np.zeros((len(task.queries), len(documents)), np.float32)
    for row, query in enumerate(task.queries):
        for word in _words(query.text, stem):
            postings = having.get(word, [])
            if postings:
                rows = [place for place, _ in postings]
                counts = np.array([count for _, count in postings], np.float32)
                idf = math.log(1 + (len(documents) - len(postings) + 0.5) / (len(postings) + 0.5))
                scores[row, rows] += idf * counts * (K1 + 1) / (counts + norm[rows])
    return scores


def cosine(task: Task, embedder: Embedder) -> Scores:
    """Return the cosine of the sentence model between query and document, truncated by the model."""
    documents = embedder.embed(as_passages(embedder, [_full_text(entry) for entry in task.corpus]))
    return embedder.embed(as_questions(embedder, [query.text for query in task.queries])) @ documents.T


def reciprocal_rank_fusion(first: Scores, second: Scores) -> Scores:
    """Reciprocal rank fusion, k = 60."""
    return _rank_scores(first) + _rank_scores(second)


def _rank_scores(scores: Scores) -> Scores:
    places = np.argsort(np.argsort(-scores, 1, kind="stable"), 1)
    return (1 / (RRF_K + 1 + places)).astype(np.float32)


def _words(text: str, stem: Callable[[Sequence[str]], list[str]]) -> list[str]:
    return stem([word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS])


def _full_text(entry: CorpusDocument) -> str:
    return f"{entry.title}\n{entry.text}".strip()
