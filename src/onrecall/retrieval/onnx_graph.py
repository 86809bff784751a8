"""A neural network as ONNX Runtime reads it: nodes, tensors, and the message that carries both.

The package `onnx` describes the same message, with converters and checkers that nothing here needs, in 23 MB.
Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ONNX_DOMAIN, OPSET, IR_VERSION = "", 20, 10
ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7, "float16": 10}
"""numpy's names of what tensors hold, by the numbers that stand for them in the message."""
_FLOAT, _INT, _INTS = 1, 2, 7
"""Kinds of attributes."""
_EXTERNAL = 1
"""Says that the data of a tensor lie in another file."""
_SCHEMA: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Model": {"ir_version": (1, "int64"), "graph": (7, "Graph"), "opset_import": (8, "*Opset")},
    "Opset": {"domain": (1, "string"), "version": (2, "int64")},
    "Graph": {
        "node": (1, "*Node"),
        "name": (2, "string"),
        "initializer": (5, "*Tensor"),
        "input": (11, "*Value"),
        "output": (12, "*Value"),
    },
    "Node": {
        "input": (1, "*string"),
        "output": (2, "*string"),
        "op_type": (4, "string"),
        "attribute": (5, "*Attribute"),
        "domain": (7, "string"),
    },
    "Attribute": {
        "name": (1, "string"),
        "f": (2, "float"),
        "i": (3, "int64"),
        "ints": (8, "*int64"),
        "type": (20, "int32"),
    },
    "Tensor": {
        "dims": (1, "*int64"),
        "data_type": (2, "int32"),
        "name": (8, "string"),
        "raw_data": (9, "bytes"),
        "external_data": (13, "*Entry"),
        "data_location": (14, "int32"),
    },
    "Entry": {"key": (1, "string"), "value": (2, "string")},
    "Value": {"name": (1, "string"), "type": (2, "Type")},
    "Type": {"tensor_type": (1, "TensorType")},
    "TensorType": {"elem_type": (1, "int32"), "shape": (2, "Shape")},
    "Shape": {"dim": (1, "*Dimension")},
    "Dimension": {"dim_value": (1, "int64"), "dim_param": (2, "string")},
}
"""The fields that are used of each message, with number and type; `*` marks a list."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Where values lie in a file, little-endian: offset and length in bytes, and numpy's name of what they are."""

    file: Path
    offset: int
    length: int
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant of the graph: its values, or the range of a file that holds them."""

    name: str
    shape: tuple[int, ...]
    data: npt.NDArray[Any] | ByteRange

    @classmethod
    def of(cls, name: str, values: npt.NDArray[Any]) -> "Tensor":
        """Return a tensor of these values."""
        return cls(name, values.shape, values)

    def read(self) -> npt.NDArray[Any]:
        """Return the values, mapped from their file where they lie in one."""
        if isinstance(self.data, ByteRange):
            dtype = np.dtype(self.data.dtype).newbyteorder("<")
            return np.memmap(self.data.file, dtype, "r", self.data.offset, self.shape)
        return self.data

    @property
    def dtype(self) -> str:
        """Return numpy's name of what it holds."""
        return self.data.dtype if isinstance(self.data, ByteRange) else self.data.dtype.name

    def to_message(self) -> dict[str, Any]:
        """Return the fields of the message."""
        fields = {"name": self.name, "dims": self.shape, "data_type": ELEMENT_TYPES[self.dtype]}
        if not isinstance(self.data, ByteRange):
            return {**fields, "raw_data": self.data.astype(self.data.dtype.newbyteorder("<")).tobytes()}
        place = {"location": self.data.file.name, "offset": str(self.data.offset), "length": str(self.data.length)}
        entries = [{"key": key, "value": value} for key, value in place.items()]
        return {**fields, "data_location": _EXTERNAL, "external_data": entries}


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One operation: names of the values that go in and come out."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, int | float | Sequence[int]] = field(default_factory=dict)
    domain: str = ONNX_DOMAIN

    def to_message(self) -> dict[str, Any]:
        """Return the fields of the message."""
        return {
            "input": self.inputs,
            "output": [self.output],
            "op_type": self.operator,
            "domain": self.domain,
            "attribute": [_attribute(name, value) for name, value in self.attributes.items()],
        }


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole network: token ids (texts x tokens) in, one vector a text out."""

    nodes: tuple[GraphNode, ...]
    tensors: tuple[Tensor, ...]
    input: str
    output: str
    width: int
    """The length of a vector."""

    def serialize(self) -> bytes:
        """Return the model that ONNX Runtime loads; values that lie in files stay there."""
        graph = {
            "name": "encoder",
            "node": [node.to_message() for node in self.nodes],
            "initializer": [tensor.to_message() for tensor in self.tensors],
            "input": [_value(self.input, "int64", "texts", "tokens")],
            "output": [_value(self.output, "float32", "texts", self.width)],
        }
        versions = [_opset(domain) for domain in sorted({node.domain for node in self.nodes})]
        message = _model_message()(ir_version=IR_VERSION, graph=graph, opset_import=versions)
        return bytes(message.SerializeToString())


def _attribute(name: str, value: float | Sequence[int]) -> dict[str, Any]:
    if isinstance(value, float):
        return {"name": name, "type": _FLOAT, "f": value}
    if isinstance(value, int):
        return {"name": name, "type": _INT, "i": value}
    return {"name": name, "type": _INTS, "ints": value}


def _opset(domain: str) -> dict[str, Any]:
    return {"domain": domain, "version": 1 if domain else OPSET}


def _value(name: str, dtype: str, *sizes: int | str) -> dict[str, Any]:
    dims = [{"dim_value": size} if isinstance(size, int) else {"dim_param": size} for size in sizes]
    return {"name": name, "type": {"tensor_type": {"elem_type": ELEMENT_TYPES[dtype], "shape": {"dim": dims}}}}


@cache
def _model_message() -> Any:
    """Return the class of the message, in a pool of its own."""
    file = descriptor_pb2.FileDescriptorProto(name="onrecall/onnx.proto", package="onrecall.onnx")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for key, (number, kind) in fields.items():
            message.field.add(name=key, number=number, **_field_type(kind))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("onrecall.onnx.Model"))


def _field_type(kind: str) -> dict[str, Any]:
    name, described = kind.removeprefix("*"), descriptor_pb2.FieldDescriptorProto
    label = described.LABEL_REPEATED if kind.startswith("*") else described.LABEL_OPTIONAL
    if name in _SCHEMA:
        return {"label": label, "type": described.TYPE_MESSAGE, "type_name": f".onrecall.onnx.{name}"}
    return {"label": label, "type": described.Type.Value(f"TYPE_{name.upper()}")}
