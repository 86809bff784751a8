"""The encoder with its layers multiplying bytes instead of floats: a question takes half the time.

Each output of a layer has a scale of its own, and so has each token that goes in; so a vector depends on its own text
and on nothing beside it. Only questions are embedded like this: what is kept is embedded exactly, once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from onrecall.retrieval.onnx_graph import Graph, GraphNode, Tensor

STEPS, ZERO = 127, 128
"""Of what goes in, bytes from 1 to 255 stand for -1 to 1."""
MAX_WEIGHT = 63
"""Weights are from -63 to 63: with more, processors that lack an instruction for it would lose the top of some sums."""
BYTES_DOMAIN = "com.microsoft"
"""Where ONNX Runtime's own operators are, among them the multiplication of bytes."""


def quantize(exact: Graph) -> Graph:
    """The same encoder, rounded."""
    weights = {node.inputs[1] for node in exact.nodes if node.operator == "Gemm"}
    unchanged = [tensor for tensor in exact.tensors if tensor.name not in weights]
    layers = sorted((tensor for tensor in exact.tensors if tensor.name in weights), key=lambda tensor: tensor.name)
    rounded = [part for tensor in layers for part in _quantize_weights(tensor)]
    tensors = (*unchanged, *rounded, *_constants())
    return replace(exact, nodes=tuple(_quantize_nodes(exact.nodes)), tensors=tensors)


def _quantize_nodes(nodes: Sequence[GraphNode]) -> Iterator[GraphNode]:
    """Each layer as: divide each token by its peak, round, multiply bytes, scale back, add the bias."""
    ready: set[str] = set()
    for node in nodes:
        if node.operator != "Gemm":
            yield node
            continue
        x, weight, bias = node.inputs
        if x not in ready:
            ready.add(x)
            yield from _round_tokens(x)
        inputs = (f"{x}.bytes", f"{weight}.bytes", "step", f"{weight}.scale", "zero")
        yield GraphNode("MatMulIntegerToFloat", inputs, f"{node.output}.shares", domain=BYTES_DOMAIN)
        yield GraphNode("Mul", (f"{node.output}.shares", f"{x}.peak"), f"{node.output}.product")
        yield GraphNode("Add", (f"{node.output}.product", bias), node.output)


def _round_tokens(x: str) -> Iterator[GraphNode]:
    """Each token of a layer's input as bytes, and its peak."""
    yield GraphNode("Abs", (x,), f"{x}.size")
    yield GraphNode("ReduceMax", (f"{x}.size", "last axis"), f"{x}.most", {"keepdims": 1})
    yield GraphNode("Max", (f"{x}.most", "least"), f"{x}.peak")
    yield GraphNode("Div", (x, f"{x}.peak"), f"{x}.share")
    yield GraphNode("QuantizeLinear", (f"{x}.share", "step", "zero"), f"{x}.bytes")


def _quantize_weights(layer: Tensor) -> Iterator[Tensor]:
    """A layer's weights as bytes, and the scale of each of its outputs."""
    weight = layer.read()
    scale = np.maximum(np.abs(weight).max(1, keepdims=True), 1e-12) / np.float32(MAX_WEIGHT)
    rows = np.rint(weight / scale).astype(np.int8)
    yield Tensor.of(f"{layer.name}.bytes", rows.T)
    yield Tensor.of(f"{layer.name}.scale", scale[:, 0])


def _constants() -> list[Tensor]:
    return [
        Tensor.of("last axis", np.array([-1], np.int64)),
        Tensor.of("least", np.array(1e-12, np.float32)),
        Tensor.of("step", np.array(1 / STEPS, np.float32)),
        Tensor.of("zero", np.array(ZERO, np.uint8)),
    ]
