"""The formats there are: how each is recognised and read. The first that recognises a record is taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from onrecall.history import (
    native,
)
from onrecall.history.record import Record
from onrecall.incident import Document, Incident

Shape = Literal["json", "csv"]


@dataclass(frozen=True, slots=True)
class Format:
    """One tool's records in one shape; in CSV a record's keys are the names of its columns."""

    name: str
    shape: Shape
    recognises: Callable[[Mapping[str, Any]], bool]
    parse: Callable[[Record], Incident | Document]


TABLE: tuple[Format, ...] = (Format("native", "json", native.recognises, native.parse),)
COLUMNS, MARKDOWN = "columns", "markdown"


def formats() -> tuple[str, ...]:
    """The names by which a format can be forced."""
    return tuple(dict.fromkeys((*(one.name for one in TABLE), COLUMNS, MARKDOWN)))


def detect(shape: Shape, record: Mapping[str, Any]) -> Format | None:
    """The format of a record; None: a table that somebody made."""
    return next((one for one in TABLE if one.shape == shape and one.recognises(record)), None)


def named(name: str, shape: Shape) -> Format | None:
    """The format of this name in this shape."""
    return next((one for one in TABLE if one.name == name and one.shape == shape), None)
