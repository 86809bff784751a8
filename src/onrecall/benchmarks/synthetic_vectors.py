"""Meanings for a made-up history: the model's own for some thousand texts, mixtures of these for all the others.

To embed a million texts takes hours. A mixture of a text of the same fault and one of the same service, with some
noise, is about as far from its neighbours as a text's own vector is, so an index has as hard a time with it. What
questions ask for, and the questions, always have the model's own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onrecall.benchmarks import synthetic_history as corpus
from onrecall.benchmarks.synthetic_history import OutageFacts, SyntheticQuestion, Thing
from onrecall.retrieval import passages
from onrecall.retrieval.embeddings import Embedder, Progress

Vectors = npt.NDArray[np.float32]
SAME_FAULT, SAME_SERVICE, NOISE = 0.6, 0.3, 0.4


class SyntheticVectors:
    """The vectors of all passages, from a file that holds the model's own."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as held:
            ids: list[str] = held["ids"].tolist()
            self._vectors: Vectors = held["vectors"]
        self._row = {one: row for row, one in enumerate(ids)}
        self._by_fault, self._by_service = _akin(ids)

    def of(self, thing: Thing) -> Vectors:
        """One row for each passage of a thing."""
        names = [f"{thing.id}/{n}" for n in range(len(passages.split(thing)))]
        if names[0] in self._row:
            return self._vectors[[self._row[name] for name in names]]
        number = corpus.number_of(thing.id)
        told, dice = corpus.facts(number), np.random.default_rng(number)
        everything = range(len(self._vectors))
        akin = [_one(dice, self._by_fault.get(_told_as(name, told), everything)) for name in names]
        near = [_one(dice, self._by_service.get(told.service, everything)) for _ in names]
        noise = dice.standard_normal((len(names), self._vectors.shape[1]), np.float32) * self._vectors.shape[1] ** -0.5
        return _unit(self._vectors[akin] * SAME_FAULT + self._vectors[near] * SAME_SERVICE + noise * NOISE)


class SyntheticEmbedder:
    """An embedder that hands out the vectors it was dealt, in turn: so the product's own import can be fed."""

    def __init__(self, name: str, dimensions: int) -> None:
        self.name, self.dimensions = name, dimensions
        self._hand: Vectors = np.empty((0, dimensions), np.float32)

    def deal(self, vectors: Sequence[Vectors]) -> None:
        """Hand these out next."""
        self._hand = np.concatenate(vectors)

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:  # noqa: ARG002
        """What was dealt, one row per text."""
        assert len(texts) == len(self._hand)
        return self._hand


def write(
    path: Path, embedder: Embedder, pool: int, asked: Sequence[SyntheticQuestion], progress: Progress | None = None
) -> None:
    """Embed a pool of things and all that questions ask for, and keep their vectors."""
    numbers = dict.fromkeys([*range(pool), *(corpus.number_of(question.right) for question in asked)])
    held = [
        (thing, passage, n) for thing in map(corpus.thing, numbers) for n, passage in enumerate(passages.split(thing))
    ]
    texts = [passages.embedding_text(thing.title, passage) for thing, passage, _ in held]
    ids = [f"{thing.id}/{n}" for thing, _, n in held]
    np.savez(path, ids=np.array(ids), vectors=embedder.embed(texts, progress))


def _akin(ids: Sequence[str]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Which rows tell of the same fault in the same way, and which of the same service."""
    by_fault: dict[str, list[int]] = {}
    by_service: dict[str, list[int]] = {}
    for row, one in enumerate(ids):
        told = corpus.facts(corpus.number_of(one.rpartition("/")[0]))
        by_fault.setdefault(_told_as(one, told), []).append(row)
        by_service.setdefault(told.service, []).append(row)
    return by_fault, by_service


def _told_as(name: str, told: OutageFacts) -> str:
    """The fault, and whether it is told in an opening, a resolution or a runbook."""
    return f"{told.fault.alert} {name[:2]}{name[-2:]}"


def _one(dice: np.random.Generator, rows: Sequence[int]) -> int:
    return rows[int(dice.integers(len(rows)))]


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
