"""Embeds each text once: a file keeps the vectors by what was embedded. Deleting it costs time, never an answer."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from onrecall.retrieval.embeddings import Embedder, Progress, Vectors, model_form
from onrecall.retrieval.model_folder import ModelForm

BATCH_SIZE = 256
"""Texts embedded between two writes: what a killed import loses at most."""


class CachedEmbedder:
    """An embedder that remembers. Several processes may share the file."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path

    @property
    def name(self) -> str:
        """The model's name."""
        return self._embedder.name

    @property
    def form(self) -> ModelForm:
        """How the model is to be used."""
        return model_form(self._embedder)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One row per text; only what the file does not hold goes to the model."""
        keys = [hashlib.sha256(f"{self.name}\0{text}".encode("utf-8", "surrogatepass")).digest() for text in texts]
        vectors_by_key = self._read(keys)
        fresh = list({key: text for key, text in zip(keys, texts, strict=True) if key not in vectors_by_key}.items())
        ready = len(texts) - len(fresh)
        for start in range(0, len(fresh), BATCH_SIZE):
            part = dict(fresh[start : start + BATCH_SIZE])
            vectors = self._embedder.embed(list(part.values()), _offset_progress(progress, ready + start, len(texts)))
            new = dict(zip(part, vectors, strict=True))
            self._write(new)
            vectors_by_key.update(new)
        if progress and not fresh:
            progress(len(texts), len(texts))
        return np.array([vectors_by_key[key] for key in keys], np.float32).reshape(len(texts), self.dimensions)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        rows: list[tuple[bytes, bytes]] = []

        def read(file: sqlite3.Connection) -> None:
            for start in range(0, len(keys), BATCH_SIZE):
                part = keys[start : start + BATCH_SIZE]
                marks = ",".join("?" * len(part))
                rows.extend(file.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part))  # noqa: S608

        self._within(read)
        size = self.dimensions * 4
        return {key: np.frombuffer(vector, "<f4") for key, vector in rows if len(vector) == size}

    def _write(self, vectors: Mapping[bytes, Vectors]) -> None:
        rows: Iterable[tuple[bytes, bytes]] = ((key, vector.astype("<f4").tobytes()) for key, vector in vectors.items())
        self._within(lambda file: file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows))

    def _within(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Run `work` in one transaction; ignore a busy or read-only file, and delete a damaged one."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=30)) as file, file:
                file.execute("PRAGMA journal_mode = WAL")
                file.execute("PRAGMA synchronous = NORMAL")
                file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
                work(file)
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def _offset_progress(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Report progress over all `total` texts, of which `before` were ready."""
    return progress and (lambda completed, _: progress(before + completed, total))
