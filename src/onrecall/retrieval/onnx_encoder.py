"""A sentence encoder as a ready ONNX graph: token ids in, one unit vector a text out, pooled as its authors say."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from onrecall.retrieval.model_folder import Pooling, unsuitable

FAILURES = (
    runtime.Fail,
    runtime.InvalidArgument,
    runtime.InvalidGraph,
    runtime.InvalidProtobuf,
    runtime.NoModel,
    runtime.NoSuchFile,
    runtime.NotImplemented,
    runtime.RuntimeException,
)
"""What the runtime raises for a file that it can't load or run; its kinds share no base of their own."""
TOKENS, MASK, KINDS = "input_ids", "attention_mask", "token_type_ids"
Ids = npt.NDArray[np.int64]


class OnnxEncoder:
    """Runs an ONNX file; all texts of a run have the same number of tokens, so nothing is padded."""

    def __init__(self, file: Path, pooling: Pooling | None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        self._file = file
        with self._refusing_failures():
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._session, self._pooling = session, pooling or "mean"
        self._inputs = {each.name for each in session.get_inputs()}
        if TOKENS not in self._inputs or (unknown := self._inputs - {TOKENS, MASK, KINDS}):
            names = ", ".join(sorted(self._inputs if TOKENS not in self._inputs else unknown))
            raise unsuitable(f"{file} takes {names}; a sentence encoder takes {TOKENS}, {MASK} and {KINDS}")
        self._output = session.get_outputs()[0].name

    @contextmanager
    def _refusing_failures(self) -> Iterator[None]:
        """Raise Invalid for what the runtime refuses."""
        try:
            yield
        except FAILURES as error:
            raise unsuitable(f"{self._file} can't be run: {str(error).splitlines()[0]}") from error

    def run(self, ids: Ids) -> npt.NDArray[np.float32]:
        """Return one unit vector for each row of token ids."""
        feeds: Mapping[str, Ids] = {TOKENS: ids, MASK: np.ones_like(ids), KINDS: np.zeros_like(ids)}
        with self._refusing_failures():
            output = self._session.run([self._output], {name: feeds[name] for name in self._inputs})[0]
        vectors: npt.NDArray[np.float32] = np.asarray(output, np.float32)
        if vectors.ndim == 3:
            vectors = vectors[:, 0] if self._pooling == "first" else vectors.mean(axis=1)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
