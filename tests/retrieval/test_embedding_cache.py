"""Each text is embedded once, whatever happens to the file that remembers it."""

import hashlib
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from onrecall.retrieval.embedding_cache import BATCH_SIZE, CachedEmbedder
from onrecall.retrieval.embeddings import Progress, Vectors


class Hashed:
    """A model that knows nothing: equal texts get equal vectors. It counts what it was asked."""

    def __init__(self, name: str = "hashed") -> None:
        self.name, self.dimensions, self.asked = name, 8, 0

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.asked += len(texts)
        if progress:
            progress(len(texts), len(texts))
        rows = [np.frombuffer(hashlib.sha256((self.name + text).encode()).digest(), np.uint32) for text in texts]
        vectors = np.array(rows, np.float32).reshape(len(texts), 8)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    model = Hashed()
    first = CachedEmbedder(model, tmp_path / "cache").embed(["a", "b", "a"])
    again = CachedEmbedder(model, tmp_path / "cache").embed(["b", "c", "a"])
    assert model.asked == 3
    np.testing.assert_array_equal(first, Hashed().embed(["a", "b", "a"]))
    np.testing.assert_array_equal(again, Hashed().embed(["b", "c", "a"]))


def test_models_do_not_mix(tmp_path: Path) -> None:
    one = CachedEmbedder(Hashed("one"), tmp_path / "cache").embed(["a"])
    two = CachedEmbedder(Hashed("two"), tmp_path / "cache").embed(["a"])
    assert (one != two).any()


def test_nothing_to_embed(tmp_path: Path) -> None:
    assert CachedEmbedder(Hashed(), tmp_path / "cache").embed([]).shape == (0, 8)


def test_progress_counts_what_was_ready(tmp_path: Path) -> None:
    cached = CachedEmbedder(Hashed(), tmp_path / "cache")
    cached.embed(["0", "1"])
    reports: list[tuple[int, int]] = []
    cached.embed([str(n) for n in range(BATCH_SIZE + 5)], lambda completed, total: reports.append((completed, total)))
    assert reports == [(BATCH_SIZE + 2, BATCH_SIZE + 5), (BATCH_SIZE + 5, BATCH_SIZE + 5)]
    cached.embed(["0"], lambda completed, total: reports.append((completed, total)))
    assert reports[-1] == (1, 1)


@pytest.mark.parametrize("damage", [b"not a database, by far" * 100, b""])
def test_a_damaged_file_costs_time_only(tmp_path: Path, damage: bytes) -> None:
    path, model = tmp_path / "cache", Hashed()
    CachedEmbedder(model, path).embed(["a"])
    for file in tmp_path.iterdir():
        file.unlink()
    path.write_bytes(damage)
    for _ in range(3):
        np.testing.assert_array_equal(CachedEmbedder(model, path).embed(["a"]), Hashed().embed(["a"]))
    assert model.asked <= 3


def test_a_damaged_page_is_noticed(tmp_path: Path) -> None:
    path, model = tmp_path / "cache", Hashed()
    texts = [str(n) for n in range(1000)]
    expected = CachedEmbedder(model, path).embed(texts)
    intact = bytearray(path.read_bytes())
    intact[4096 : len(intact)] = b"\xff" * (len(intact) - 4096)
    path.write_bytes(intact)
    np.testing.assert_array_equal(CachedEmbedder(model, path).embed(texts), expected)
    np.testing.assert_array_equal(CachedEmbedder(model, path).embed(texts), expected)


def test_without_a_place_to_write_it_still_embeds(tmp_path: Path) -> None:
    cached = CachedEmbedder(Hashed(), tmp_path / "absent" / "cache")
    np.testing.assert_array_equal(cached.embed(["a"]), Hashed().embed(["a"]))


def test_a_vector_of_another_length_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    CachedEmbedder(Hashed(), path).embed(["a"])
    with sqlite3.connect(path) as file:
        file.execute("UPDATE vectors SET vector = x'00'")
    file.close()
    np.testing.assert_array_equal(CachedEmbedder(Hashed(), path).embed(["a"]), Hashed().embed(["a"]))


def test_many_at_once_share_one_file(tmp_path: Path) -> None:
    texts = [str(n) for n in range(300)]

    def embed(_: int) -> Vectors:
        return CachedEmbedder(Hashed(), tmp_path / "cache").embed(texts)

    with ThreadPoolExecutor(6) as pool:
        for vectors in pool.map(embed, range(6)):
            np.testing.assert_array_equal(vectors, Hashed().embed(texts))
