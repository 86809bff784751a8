"""A BERT sentence encoder as an ONNX graph, assembled from the weights where they lie: no torch, no copy on disk."""

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from onrecall.retrieval.model_folder import WEIGHTS_FILE, ModelFolder, Pooling, unsuitable
from onrecall.retrieval.onnx_graph import ELEMENT_TYPES, ByteRange, Graph, GraphNode, Tensor

FIRST_POSITION = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}
"""Families that share the encoder; whether their positions begin after that of padding."""
WORDS = "embeddings.word_embeddings.weight"
"""A row for each token, half of a small model. It may be in half precision: only the rows of a text are widened,
as they are read; the weights of layers would be widened whole, into memory of their own."""
_FAMILY_PREFIX = re.compile(r"^(?:bert|roberta)\.")
_READ_AS = {"F32": "float32", "F16": "float16"}


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The sizes of an encoder, read from its folder."""

    layers: int
    heads: int
    width: int
    epsilon: float
    cut: int
    """Tokens kept of a text: what the model's authors set, for it saw nothing longer when it learned sentences."""
    pooling: Pooling
    first_position: int = 0
    """The position of the first token: the RoBERTa family counts on from the one that pads."""


def read_shape(model: ModelFolder) -> EncoderShape:
    """The encoder's sizes, or Invalid when it is not of the BERT family or pools in another way."""
    folder = model.folder
    config = _read_json(folder / "config.json")
    family = config.get("model_type", "nameless")
    if family not in FIRST_POSITION or config.get("hidden_act") != "gelu":
        raise unsuitable(f"{folder} holds a {family} model; only {', '.join(FIRST_POSITION)} encoders run from weights")
    first_position = int(config.get("pad_token_id", 1)) + 1 if FIRST_POSITION[family] else 0
    limit = model.cut or _read_json(folder / "sentence_bert_config.json")["max_seq_length"]
    return EncoderShape(
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        width=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
        cut=min(limit, config["max_position_embeddings"] - first_position),
        pooling=model.pooling or _read_pooling(folder),
        first_position=first_position,
    )


def _read_pooling(folder: Path) -> Pooling:
    pooling = _read_json(folder / "1_Pooling" / "config.json")
    mean, first = pooling.get("pooling_mode_mean_tokens"), pooling.get("pooling_mode_cls_token")
    if bool(mean) == bool(first):
        raise unsuitable(f"{folder} pools neither by mean nor by first token")
    return "mean" if mean else "first"


def build_graph(folder: Path, sizes: EncoderShape) -> Graph:
    """The encoder; its weights stay in their file."""
    return _GraphBuilder(sizes, _read_weights(weights_file(folder))).build()


def weights_file(folder: Path) -> Path:
    """The file of the weights: hubs link it from elsewhere, and only its own folder may be read from."""
    return (folder / WEIGHTS_FILE).resolve()


def create_session(folder: Path, graph: Graph) -> onnxruntime.InferenceSession:
    """An encoder ready to run on one thread; the weights are mapped from the safetensors file itself."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it keeps a plan for every length ever seen
    options.log_severity_level = 3
    place = str(weights_file(folder).parent)
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", place)
    return onnxruntime.InferenceSession(graph.serialize(), options, providers=["CPUExecutionProvider"])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise unsuitable(f"{path} cannot be read: {error}") from error


def _read_weights(path: Path) -> Iterator[Tensor]:
    """The tensors of a safetensors file that an encoder can use, each as a byte range of that file."""
    try:
        with path.open("rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            header: Mapping[str, Any] = json.loads(file.read(size))
    except (OSError, ValueError, struct.error, MemoryError) as error:
        raise unsuitable(f"{path} cannot be read: {error}") from error
    for name, entry in header.items():
        plain, dtype = _FAMILY_PREFIX.sub("", name), _READ_AS.get(entry.get("dtype"))
        if dtype is None or (dtype != "float32" and plain != WORDS):
            continue
        begin, end = entry["data_offsets"]
        if 8 + size + end > path.stat().st_size:
            raise unsuitable(f"{path} is cut short")
        yield Tensor(plain, tuple(entry["shape"]), ByteRange(path, 8 + size + begin, end - begin, dtype))


class _GraphBuilder:
    """Builds the graph node by node.

    All texts of a batch have the same number of tokens, so nothing is padded or masked; between the attentions they are
    the rows of one matrix, for which ONNX Runtime takes the weights as they lie.
    """

    def __init__(self, sizes: EncoderShape, weights: Iterator[Tensor]) -> None:
        self.sizes = sizes
        self.weights = {tensor.name: tensor for tensor in weights}
        self.nodes: list[GraphNode] = []
        self.constants: dict[str, Tensor] = {}

    def build(self) -> Graph:
        """The whole model: token ids in, unit vectors out."""
        output = self._pooled(self._encoded(self._embedded()))
        used = {name for node in self.nodes for name in node.inputs}
        tensors = (*(tensor for name, tensor in self.weights.items() if name in used), *self.constants.values())
        available = {tensor.name for tensor in tensors} | {node.output for node in self.nodes}
        if missing := used - available - {"ids"}:
            raise unsuitable(f"the weights lack {', '.join(sorted(missing))} as float32")
        return Graph(tuple(self.nodes), tensors, "ids", output, self.sizes.width)

    def _embedded(self) -> str:
        length = self._op("Gather", [self._op("Shape", ["ids"]), self._number(1)])
        first = self.sizes.first_position
        end = self._op("Add", [length, self._number(first)])
        positions = self._op("Range", [self._number(first), end, self._number(1)])
        words = self._op("Gather", [WORDS, "ids"])
        if WORDS in self.weights and self.weights[WORDS].dtype != "float32":
            words = self._op("Cast", [words], to=ELEMENT_TYPES["float32"])
        places = self._op("Gather", ["embeddings.position_embeddings.weight", positions])
        kind = self._op("Gather", ["embeddings.token_type_embeddings.weight", self._number(0)])
        summed = self._op("Add", [words, self._op("Add", [places, kind])])
        return self._rows(self._norm(summed, "embeddings.LayerNorm"))

    def _encoded(self, x: str) -> str:
        for layer in range(self.sizes.layers):
            at = f"encoder.layer.{layer}"
            x = self._norm(self._op("Add", [x, self._attended(x, at)]), f"{at}.attention.output.LayerNorm")
            inner = self._op("Gelu", [self._dense(x, f"{at}.intermediate.dense")])
            x = self._norm(self._op("Add", [x, self._dense(inner, f"{at}.output.dense")]), f"{at}.output.LayerNorm")
        return x

    def _attended(self, x: str, at: str) -> str:
        query, key, value = (
            self._heads(self._dense(x, f"{at}.attention.self.{part}"), turn)
            for part, turn in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3]))
        )
        scores = self._op("Mul", [self._op("MatMul", [query, key]), self._scale()])
        mixed = self._op("MatMul", [self._op("Softmax", [scores], axis=-1), value])
        merged = self._rows(self._op("Transpose", [mixed], perm=[0, 2, 1, 3]))
        return self._dense(merged, f"{at}.attention.output.dense")

    def _heads(self, x: str, turn: Sequence[int]) -> str:
        split = self._texts(x, self.sizes.heads, self.sizes.width // self.sizes.heads)
        return self._op("Transpose", [split], perm=turn)

    def _pooled(self, x: str) -> str:
        texts = self._texts(x, self.sizes.width)
        if self.sizes.pooling == "mean":
            pooled = self._op("ReduceMean", [texts, self._list(1)], keepdims=0)
        else:
            pooled = self._op("Gather", [texts, self._number(0)], axis=1)
        return self._op("LpNormalization", [pooled], axis=-1, p=2)

    def _rows(self, x: str) -> str:
        """One row per token, whatever its text."""
        return self._op("Reshape", [x, self._list(-1, self.sizes.width)])

    def _texts(self, x: str, *last: int) -> str:
        """The rows by text and token again, each row split as asked."""
        return self._op("Reshape", [x, self._op("Concat", [self._op("Shape", ["ids"]), self._list(*last)], axis=0)])

    def _dense(self, x: str, name: str) -> str:
        return self._op("Gemm", [x, f"{name}.weight", f"{name}.bias"], transB=1)

    def _norm(self, x: str, name: str) -> str:
        return self._op("LayerNormalization", [x, f"{name}.weight", f"{name}.bias"], epsilon=self.sizes.epsilon)

    def _op(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        output = f"{kind}.{len(self.nodes)}"
        self.nodes.append(GraphNode(kind, tuple(inputs), output, attributes))
        return output

    def _number(self, value: int) -> str:
        return self._constant(f"number {value}", np.array(value, np.int64))

    def _list(self, *values: int) -> str:
        return self._constant(f"list {values}", np.array(values, np.int64))

    def _scale(self) -> str:
        return self._constant("scale", np.array((self.sizes.width // self.sizes.heads) ** -0.5, np.float32))

    def _constant(self, name: str, values: npt.NDArray[Any]) -> str:
        self.constants[name] = Tensor.of(name, values)
        return name
