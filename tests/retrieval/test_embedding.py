"""The sentence model against an independent twin in numpy, and what must hold whatever the model says."""

import json
import math
import struct
from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnx
import pytest
import tokenizers

from onrecall.domain.errors import Invalid
from onrecall.retrieval import embeddings, quantization
from onrecall.retrieval.embeddings import LocalEmbedder
from onrecall.retrieval.onnx_graph import _SCHEMA

pytestmark = pytest.mark.model

FILES = ("config.json", "1_Pooling/config.json", "sentence_bert_config.json", "model.safetensors", "tokenizer.json")
TEXTS = [
    "KubePodCrashLooping",
    "",
    "connection pool exhausted: FATAL: sorry, too many clients already (SQLSTATE 53300)",
    "Zahlungsdienst antwortet nicht, Verbindung abgelehnt",
    "支付服务 连接超时 ECONNREFUSED 10.0.0.1:5432",
    "java.lang.OutOfMemoryError: Java heap space at com.example.Checkout.pay(Checkout.java:42) " * 40,
    "disk full",
    "disk\tfull\x00\ud800",
]


@pytest.fixture(scope="session")
def model() -> LocalEmbedder:
    loaded = embeddings.load_embedder()
    if loaded is None:
        pytest.skip(embeddings.NO_MODEL_MESSAGE)
    return loaded


def packaged() -> Path:
    folder = embeddings._find_packaged()
    assert folder is not None
    return folder


def linked(folder: Path, without: Collection[str] = ()) -> Path:
    """A model folder as hubs lay it out: links to the files."""
    (folder / "1_Pooling").mkdir(parents=True)
    for name in FILES:
        if name not in without:
            (folder / name).symlink_to(packaged() / name)
    return folder


def erf(x: np.ndarray) -> np.ndarray:
    """Abramowitz and Stegun 7.1.26, within 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    polynomial = ((((1.061405429 * t - 1.453152027) * t) + 1.421413741) * t - 0.284496736) * t + 0.254829592
    return np.sign(x) * (1 - polynomial * t * np.exp(-x * x))


class Twin:
    """The same encoder in plain float64 numpy, read from the same file by other code."""

    def __init__(self, folder: Path) -> None:
        raw = (folder / "model.safetensors").read_bytes()
        size = struct.unpack("<Q", raw[:8])[0]
        self.weights = {
            name: np.frombuffer(raw, "<f4", math.prod(entry["shape"]), 8 + size + entry["data_offsets"][0])
            .reshape(entry["shape"])
            .astype(np.float64)
            for name, entry in json.loads(raw[8 : 8 + size]).items()
            if name != "__metadata__" and entry["dtype"] == "F32"
        }
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def embed(self, text: str) -> np.ndarray:
        ids, w = self.tokenizer.encode(text).ids, self.weights
        kinds = w["embeddings.token_type_embeddings.weight"][0]
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)] + kinds
        x = self.norm(x, "embeddings.LayerNorm")
        for layer in range(6):
            at = f"encoder.layer.{layer}"
            q, k, v = (self.heads(self.dense(x, f"{at}.attention.self.{p}")) for p in ("query", "key", "value"))
            scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            mixed = (shares @ v).transpose(1, 0, 2).reshape(len(ids), 384)
            x = self.norm(x + self.dense(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
            inner = self.dense(x, f"{at}.intermediate.dense")
            inner *= 0.5 * (1 + erf(inner / math.sqrt(2)))
            x = self.norm(x + self.dense(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        pooled = x.mean(axis=0)
        return pooled / np.linalg.norm(pooled)

    def heads(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), 12, 32).transpose(1, 0, 2)

    def dense(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def test_the_vectors_are_those_of_the_model(model: LocalEmbedder) -> None:
    twin = Twin(packaged())
    texts = TEXTS[:-1]
    expected = np.array([twin.embed(text) for text in texts])
    np.testing.assert_allclose(model.embed(texts), expected, atol=2e-6)


def test_a_known_vector(model: LocalEmbedder) -> None:
    """As sentence-transformers computes it for this text."""
    vector = model.embed(["connection pool exhausted in checkout, error 53300 too many clients"])[0]
    np.testing.assert_allclose(vector[:5], [-0.0390100, 0.0025440, -0.0290056, -0.0042312, -0.0672633], atol=1e-6)


def test_a_vector_does_not_depend_on_its_neighbours(model: LocalEmbedder) -> None:
    together = model.embed(TEXTS + ["disk full again", "disk almost full", "full disk"] * 50)
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together[: len(TEXTS)], alone, atol=1e-6)
    stored, single = together[: len(TEXTS)].astype(np.float16), alone.astype(np.float16)
    assert (stored != single).mean() < 0.005


def test_vectors_have_unit_length_and_meaning(model: LocalEmbedder) -> None:
    vectors = model.embed(["database is out of connections", "too many clients connected to postgres", "cake recipe"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, model.dimensions) == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_nothing_to_embed(model: LocalEmbedder) -> None:
    assert model.embed([]).shape == (0, 384)


def test_megabytes_cost_no_more_than_the_cut(model: LocalEmbedder) -> None:
    long = "connection refused " * 500_000
    np.testing.assert_array_equal(model.embed([long])[0], model.embed([long[:20_000]])[0])


def test_progress_ends_at_all(model: LocalEmbedder) -> None:
    reports: list[tuple[int, int]] = []
    model.embed(TEXTS, lambda completed, total: reports.append((completed, total)))
    assert reports[-1] == (len(TEXTS), len(TEXTS))
    assert reports == sorted(reports)


def test_another_folder_has_another_name(model: LocalEmbedder, tmp_path: Path) -> None:
    loaded = embeddings.load_embedder(linked(tmp_path / "small-model"))
    assert loaded is not None
    assert loaded.name.startswith("small-model@")
    assert loaded.name != model.name
    np.testing.assert_array_equal(loaded.embed(["disk full"]), model.embed(["disk full"]))


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("config.json", '{"model_type": "t5"}', "holds a t5 model"),
        ("config.json", "{", "config.json cannot be read"),
        ("1_Pooling/config.json", "{}", "neither by mean nor by first token"),
        ("model.safetensors", "not a model at all", "cannot be read"),
        ("model.safetensors", None, "holds no model.safetensors"),
        ("tokenizer.json", None, "holds no tokenizer.json"),
        ("config.json", '{"model_type": "bert", "hidden_act": "relu"}', "bert"),
    ],
)
def test_an_unsuitable_folder_says_why(
    model: LocalEmbedder, tmp_path: Path, file: str, content: str | None, complaint: str
) -> None:
    folder = linked(tmp_path, without={file})
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(Invalid, match=complaint):
        embeddings.load_embedder(folder)


def test_incomplete_weights_are_refused(model: LocalEmbedder, tmp_path: Path) -> None:
    folder = linked(tmp_path, without={"config.json"})
    config = json.loads((packaged() / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 7}))
    with pytest.raises(Invalid, match=r"lack .*encoder\.layer\.6"):
        embeddings.load_embedder(folder)


def test_weights_that_are_cut_short_are_refused(model: LocalEmbedder, tmp_path: Path) -> None:
    folder = linked(tmp_path, without={"model.safetensors"})
    (folder / "model.safetensors").write_bytes((packaged() / "model.safetensors").read_bytes()[:1_000_000])
    with pytest.raises(Invalid, match="cut short"):
        embeddings.load_embedder(folder)


def test_questions_are_embedded_nearly_as_exactly(model: LocalEmbedder) -> None:
    asking = model.for_questions()
    assert (asking.name, asking.dimensions) == (model.name, model.dimensions)
    texts = [text for text in TEXTS[:-1] if text]
    exact, rough = model.embed(texts), asking.embed(texts)
    assert np.linalg.norm(rough, axis=1) == pytest.approx(1, abs=1e-5)
    assert (exact * rough).sum(axis=1).min() > 0.99
    assert not np.allclose(exact, rough, atol=1e-3), "it is another way to run the model"
    alone = np.concatenate([asking.embed([text]) for text in texts])
    np.testing.assert_allclose(alone, rough, atol=5e-7)


@pytest.mark.parametrize("is_rounded", [False, True])
def test_the_graph_is_the_message_that_onnx_describes(model, is_rounded):
    graph = model._graph if not is_rounded else quantization.quantize(model._graph)
    message = onnx.load_from_string(graph.serialize())
    assert [(node.op_type, list(node.input)) for node in message.graph.node] == [
        (node.operator, list(node.inputs)) for node in graph.nodes
    ]
    assert {tensor.name for tensor in message.graph.initializer} == {tensor.name for tensor in graph.tensors}
    opsets = {entry.domain: entry.version for entry in message.opset_import}
    assert opsets == ({"": 20, "com.microsoft": 1} if is_rounded else {"": 20})
    assert {field.name for field, _ in _all_fields(message)} <= {
        name for message in _SCHEMA.values() for name in message
    }


def _all_fields(message):
    for field, value in message.ListFields():
        yield field, value
        if field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else [value]:
                yield from _all_fields(part)
