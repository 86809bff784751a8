"""Sentence models of a few lines, and a process that re-indexes with one of them until it is killed."""

import sys
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from onrecall.domain.incident import Incident
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.storage import Storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAULTS = ("disk full on", "certificate expired at", "pool exhausted by", "oomkilled pods of", "timeout of")


class Model:
    """Meaning by words alone, each in dimensions that this model chose."""

    def __init__(self, name: str, dimensions: int, pause: float = 0) -> None:
        self.name, self.dimensions, self.pause = name, dimensions, pause
        self.embedded = 0

    def embed(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        time.sleep(self.pause)
        self.embedded += len(texts)
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = zlib.crc32(f"{self.name} {word}".encode())
                rows[row, seed % self.dimensions] += 1
                rows[row, (seed >> 9) % self.dimensions] -= 0.5
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def old(pause: float = 0) -> Model:
    return Model("old", 64, pause)


def new(pause: float = 0) -> Model:
    return Model("new", 128, pause)


def incident(number: int) -> Incident:
    return Incident(f"X-{number}", f"{FAULTS[number % len(FAULTS)]} server-{number}", NOON, service=f"s{number % 3}")


def memory_of(store: Storage, model: Model | None) -> IncidentService:
    index: Index
    if store.dialect == "postgresql":
        index = PostgresIndex(store.search(model.name if model else None, model.dimensions if model else 0))
    else:
        index = LocalIndex(store.passages, model.name if model else None)
    return IncidentService(Dependencies(store, Retriever(store, model, index), lambda: NOON))


if __name__ == "__main__":
    memory = memory_of(Storage.open(sys.argv[1]), new(0.02))
    memory.reindex.begin()
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    memory.reindex.run(lambda _: None)
