"""Stores with a fixed clock that golden cases run on: the example history, and a small history of another company."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

import numpy as np

from onrecall import examples
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.importers import read
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage

from .records import FOLDER

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""The time of every golden case that needs none of its own."""
HISTORIES = {
    "examples": (examples.incidents_folder(), examples.documents_folder()),
    "harbour": (FOLDER / "inputs" / "harbour",),
}


class WordEmbedder:
    """Meaning by words alone: each word adds to two of 64 dimensions, so that no model's arithmetic is in a record."""

    name = "golden-words"
    dimensions = 64

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """Returns a vector of unit length for each text, as 32-bit floats."""
        rows = np.zeros((len(texts), self.dimensions))
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = zlib.crc32(word.encode())
                rows[row, seed % self.dimensions] += 1
                rows[row, (seed >> 9) % self.dimensions] -= 0.5
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


@cache
def history(name: str) -> tuple[Incident | Document, ...]:
    """Returns the incidents and documents of a history, as they are imported."""
    things = [thing for folder in HISTORIES[name] for thing in read(folder)]
    return tuple(thing for thing in things if isinstance(thing, Incident | Document))


@contextmanager
def empty_store() -> Iterator[Storage]:
    """Gives an empty SQLite store in memory."""
    store = Storage.open("sqlite://")
    try:
        yield store
    finally:
        store.close()


def recall_of(store: Storage, embedder: WordEmbedder | None = None) -> Retriever:
    """Returns retrieval over a store; without an embedder it goes by words."""
    return Retriever(store, embedder, LocalIndex(store.passages, embedder))
