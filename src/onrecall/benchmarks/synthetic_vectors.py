"""Vectors for a synthetic history: real embeddings for some thousand texts, mixtures of these for all others.

Embedding a million texts takes hours. A mixture of a text of the same fault and one of the same service, with some
noise, is about as far from its neighbours as a real vector, so it is as hard for an index. Questions and their right
answers always have real embeddings.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onrecall.benchmarks import synthetic_history as corpus
from onrecall.benchmarks.synthetic_history import OutageFacts, SyntheticQuestion, SyntheticRecord
from onrecall.retrieval import passages
from onrecall.retrieval.embeddings import Embedder, Progress

Vectors = npt.NDArray[np.float32]
SAME_FAULT, SAME_SERVICE, NOISE = 0.6, 0.3, 0.4


class SyntheticVectors:
    """The vectors of all passages, from a file with real embeddings."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as archive:
            ids: list[str] = archive["ids"].tolist()
            self._vectors: Vectors = archive["vectors"]
        self._row = {passage_id: row for row, passage_id in enumerate(ids)}
        self._by_fault, self._by_service = _rows_by_fault_and_service(ids)

    def of(self, record: SyntheticRecord) -> Vectors:
        """Return one row per passage of a record."""
        names = [f"{record.id}/{n}" for n in range(len(passages.split_passages(record)))]
        if names[0] in self._row:
            return self._vectors[[self._row[name] for name in names]]
        number = corpus.record_number(record.id)
        outage, dice = corpus.outage_facts(number), np.random.default_rng(number)
        everything = range(len(self._vectors))
        akin = [_pick_row(dice, self._by_fault.get(_fault_and_part(name, outage), everything)) for name in names]
        near = [_pick_row(dice, self._by_service.get(outage.service, everything)) for _ in names]
        noise = dice.standard_normal((len(names), self._vectors.shape[1]), np.float32) * self._vectors.shape[1] ** -0.5
        return _unit(self._vectors[akin] * SAME_FAULT + self._vectors[near] * SAME_SERVICE + noise * NOISE)


class SyntheticEmbedder:
    """An embedder that returns preset vectors, to feed the product's own import."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name, self.dimensions = name, dimensions
        self._hand: Vectors = np.empty((0, dimensions), np.float32)

    def deal(self, vectors: Sequence[Vectors]) -> None:
        """Preset the vectors to return next."""
        self._hand = np.concatenate(vectors)

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:  # noqa: ARG002
        """Return the preset vectors, one row per text."""
        assert len(texts) == len(self._hand)
        return self._hand


def write_vectors(
    path: Path, embedder: Embedder, pool: int, questions: Sequence[SyntheticQuestion], progress: Progress | None = None
) -> None:
    """Embed a pool of records and the right answers of the questions, and save their vectors."""
    numbers = dict.fromkeys([*range(pool), *(corpus.record_number(question.right) for question in questions)])
    pool_passages = [
        (record, passage, n)
        for record in map(corpus.make_record, numbers)
        for n, passage in enumerate(passages.split_passages(record))
    ]
    texts = [passages.embedding_text(record.title, passage) for record, passage, _ in pool_passages]
    ids = [f"{record.id}/{n}" for record, _, n in pool_passages]
    np.savez(path, ids=np.array(ids), vectors=embedder.embed(texts, progress))


def _rows_by_fault_and_service(ids: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Return the rows by fault and part of the record, and by service."""
    by_fault: dict[str, list[int]] = {}
    by_service: dict[str, list[int]] = {}
    for row, passage_id in enumerate(ids):
        outage = corpus.outage_facts(corpus.record_number(passage_id.rpartition("/")[0]))
        by_fault.setdefault(_fault_and_part(passage_id, outage), []).append(row)
        by_service.setdefault(outage.service, []).append(row)
    return by_fault, by_service


def _fault_and_part(name: str, outage: OutageFacts) -> str:
    """Return a key of the fault and the part: opening, resolution or runbook."""
    return f"{outage.fault.alert} {name[:2]}{name[-2:]}"


def _pick_row(dice: np.random.Generator, rows: Sequence[int]) -> int:
    return rows[int(dice.integers(len(rows)))]


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
