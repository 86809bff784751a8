"""Tiny sentence models for tests: an ONNX graph that looks vectors up, and BERT weights of one layer."""

import json
import struct
from pathlib import Path

import numpy as np
import onnx
import tokenizers
from onnx import TensorProto, helper, numpy_helper

WORDS = ["[UNK]", "disk", "full", "login", "fails", "query", ":", "passage", "weather"]
WIDTH = 8


def write_tokenizer(path: Path) -> None:
    model = tokenizers.models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(path))


def table() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(len(WORDS), WIDTH)).astype(np.float32)


def write_onnx(folder: Path, name: str = "tiny.onnx", inputs=("input_ids", "attention_mask"), **manifest) -> Path:
    """A graph that gives each token its row of the table; the mask is taken and changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = [helper.make_node("Gather", ["table", inputs[0]], ["last_hidden_state"])]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(each, TensorProto.INT64, ["texts", "tokens"]) for each in inputs],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "tokens", WIDTH])],
        [numpy_helper.from_array(table(), "table")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), folder / name)
    write_tokenizer(folder / "tokenizer.json")
    if manifest:
        (folder / "onrecall-model.json").write_text(json.dumps(manifest))
    return folder


def write_bert(folder: Path, family: str = "bert", shift: int = 0, halved: str = "") -> Path:
    """One layer of the BERT family; `shift` rows stand before the first position, one weight may be in half precision."""
    (folder / "1_Pooling").mkdir(parents=True)
    draw = np.random.default_rng(5)

    def drawn(*sizes: int) -> np.ndarray:
        return draw.normal(scale=0.3, size=sizes).astype(np.float32)

    positions = drawn(16, WIDTH)
    weights = {
        "embeddings.word_embeddings.weight": drawn(len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": np.concatenate([np.zeros((shift, WIDTH), np.float32), positions]),
        "embeddings.token_type_embeddings.weight": drawn(1, WIDTH),
    }
    for norm in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        weights |= {f"{norm}.LayerNorm.weight": drawn(WIDTH), f"{norm}.LayerNorm.bias": drawn(WIDTH)}
    for dense in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
        at = f"encoder.layer.0.{dense}"
        weights |= {f"{at}.weight": drawn(WIDTH, WIDTH), f"{at}.bias": drawn(WIDTH)}
    for dense, sizes in (("intermediate", (16, WIDTH)), ("output", (WIDTH, 16))):
        at = f"encoder.layer.0.{dense}.dense"
        weights |= {f"{at}.weight": drawn(*sizes), f"{at}.bias": drawn(sizes[0])}
    if halved:
        weights[halved] = weights[halved].astype(np.float16)
    prefix = "" if family == "bert" else "roberta."
    _write_safetensors(folder / "model.safetensors", {prefix + name: value for name, value in weights.items()})
    config = {"model_type": family, "hidden_act": "gelu", "num_hidden_layers": 1, "num_attention_heads": 2}
    config |= {"hidden_size": WIDTH, "layer_norm_eps": 1e-12, "max_position_embeddings": 16 + shift}
    config |= {"pad_token_id": shift - 1} if shift else {}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 512}')
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    write_tokenizer(folder / "tokenizer.json")
    return folder


def _write_safetensors(path: Path, weights: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, value in weights.items():
        dtype = f"F{8 * value.itemsize}"
        header[name] = {"dtype": dtype, "shape": value.shape, "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"".join(value.tobytes() for value in weights.values()))
