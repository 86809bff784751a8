"""The encoder with its layers multiplying bytes instead of floats: a question takes half the time.

Each output of a layer has a scale of its own, and so has each token that goes in; so a vector depends on its own text
and on nothing beside it. Only questions are embedded like this: what is kept is embedded exactly, once.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from onrecall.retrieval import bert_onnx

STEPS, ZERO = 127, 128
"""Of what goes in, bytes from 1 to 255 stand for -1 to 1."""
MAX_WEIGHT = 63
"""Weights are from -63 to 63: with more, processors that lack an instruction for it would lose the top of some sums."""
OPSET = helper.make_opsetid("com.microsoft", 1)


def quantize(exact: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """The same encoder, rounded."""
    model = onnx.ModelProto()
    model.CopyFrom(exact)
    layers = [node for node in model.graph.node if node.op_type == "Gemm"]
    weights = {node.input[1] for node in layers}
    initializers = {tensor.name: tensor for tensor in model.graph.initializer}
    unchanged = [tensor for name, tensor in initializers.items() if name not in weights]
    bytes_of = [
        part
        for name in sorted(weights)
        for part in _quantize_weights(name, _read_weights(initializers[name], bert_onnx.weights_file(folder)))
    ]
    nodes = list(_quantize_nodes(model.graph.node))
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend([*unchanged, *bytes_of, *_constants()])
    model.opset_import.append(OPSET)
    return model


def _quantize_nodes(nodes: Iterator[NodeProto]) -> Iterator[NodeProto]:
    """Each layer as: divide each token by its peak, round, multiply bytes, scale back, add the bias."""
    ready: set[str] = set()
    for node in nodes:
        if node.op_type != "Gemm":
            yield node
            continue
        (x, weight, bias), (out,) = node.input, node.output
        if x not in ready:
            ready.add(x)
            yield helper.make_node("Abs", [x], [f"{x}.size"])
            yield helper.make_node("ReduceMax", [f"{x}.size", "last axis"], [f"{x}.most"], keepdims=1)
            yield helper.make_node("Max", [f"{x}.most", "least"], [f"{x}.peak"])
            yield helper.make_node("Div", [x, f"{x}.peak"], [f"{x}.share"])
            yield helper.make_node("QuantizeLinear", [f"{x}.share", "step", "zero"], [f"{x}.bytes"])
        inputs = [f"{x}.bytes", f"{weight}.bytes", "step", f"{weight}.scale", "zero"]
        yield helper.make_node("MatMulIntegerToFloat", inputs, [f"{out}.shares"], domain=OPSET.domain)
        yield helper.make_node("Mul", [f"{out}.shares", f"{x}.peak"], [f"{out}.product"])
        yield helper.make_node("Add", [f"{out}.product", bias], [out])


def _quantize_weights(name: str, weight: npt.NDArray[np.float32]) -> Iterator[TensorProto]:
    """A layer's weights as bytes, and the scale of each of its outputs."""
    scale = np.maximum(np.abs(weight).max(1, keepdims=True), 1e-12) / np.float32(MAX_WEIGHT)
    rows = np.rint(weight / scale).astype(np.int8)
    yield numpy_helper.from_array(np.ascontiguousarray(rows.T), f"{name}.bytes")
    yield numpy_helper.from_array(scale[:, 0], f"{name}.scale")


def _read_weights(tensor: TensorProto, path: Path) -> npt.NDArray[np.float32]:
    place: Mapping[str, str] = {entry.key: entry.value for entry in tensor.external_data}
    return np.memmap(path, "<f4", "r", int(place["offset"]), tuple(tensor.dims))


def _constants() -> list[TensorProto]:
    values: dict[str, npt.NDArray[Any]] = {
        "last axis": np.array([-1], np.int64),
        "least": np.array(1e-12, np.float32),
        "step": np.array(1 / STEPS, np.float32),
        "zero": np.array(ZERO, np.uint8),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]
