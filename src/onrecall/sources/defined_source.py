"""A tool whose payloads are described by a file: matches a message to one of its shapes, and parses it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.sources import payload
from onrecall.sources.body_decoding import decode_text
from onrecall.sources.definition import PayloadShape, SourceDefinition, merged_fields
from onrecall.sources.expressions import ROOT, Expression, compile_expression
from onrecall.sources.mapping import nest_value, path_steps
from onrecall.sources.payload import Fields
from onrecall.sources.shape_reader import AlertReading, ShapeReader
from onrecall.sources.webhook import MOST_ITEMS, Parse, ParsedWebhook, WebhookRequest

CodeParser = Callable[[str], Parse]
"""Takes the name under which the source is stored, returns the parser."""
ReadAnything = Callable[[Any, datetime, str], ParsedWebhook]
"""Reads a body by the common names of its fields."""
ReadRelayed = Callable[[Fields, datetime, str], ParsedWebhook | None]
"""Parses a message relayed from another tool by that tool's file; None if it is not from a relayed tool."""
TEXT, LINES = "_text", "_lines"
"""Fields that hold the text of a message that is neither JSON nor a form."""
MOST_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Matcher:
    """Decides whether a body has a shape: every marked path exists, and the `when` condition holds."""

    names: frozenset[str]
    """Top-level fields that the body must have; checked first because it is fast."""
    marks: tuple[tuple[str, ...], ...]
    when: Expression | None

    @classmethod
    def of(cls, shape: PayloadShape) -> "Matcher":
        """The matcher of a shape."""
        marks = tuple(tuple(path_steps(mark)) for mark in shape.marks)
        when = compile_expression(shape.when) if shape.when else None
        return cls(frozenset(mark[0] for mark in marks), marks, when)

    def fits(self, body: Fields) -> bool:
        """Whether a body has the shape."""
        if not self.names <= body.keys() or not all(_has_path(body, mark) for mark in self.marks):
            return False
        return self.when is None or bool(self.when(body))


@dataclass(frozen=True, slots=True)
class CompiledShape:
    """A shape with its matcher and its reader."""

    shape: PayloadShape
    matcher: Matcher
    reader: ShapeReader | None
    """None if code reads it, or if it is silent."""


class DefinedSource:
    """Reads the payloads of one tool."""

    def __init__(
        self,
        name: str,
        definition: SourceDefinition,
        code: Mapping[str, CodeParser],
        read_anything: ReadAnything,
        read_relayed: ReadRelayed,
    ) -> None:
        self.name = name
        self.definition = definition
        self._code = code
        self._read_anything = read_anything
        self._read_relayed = read_relayed
        self.shapes = tuple(self._compile(shape) for shape in definition.shapes)

    def _compile(self, shape: PayloadShape) -> CompiledShape:
        if shape.parser is not None and shape.parser not in self._code:
            raise Invalid(
                f"{self.name}: shape {shape.name!r} names the parser {shape.parser!r}, which there is not", "parser"
            )
        reader = (
            None if shape.parser or shape.silent else ShapeReader(shape, merged_fields(self.definition.fields, shape))
        )
        return CompiledShape(shape, Matcher.of(shape), reader)

    def parse(self, delivery: WebhookRequest, now: datetime, source: str | None = None) -> ParsedWebhook:
        """Parse a message under this name or another. Raises Invalid if the body can't be read at all."""
        if self.definition.parser and all(compiled.shape.parser for compiled in self.shapes):
            return self._code[self.definition.parser](source or self.name)(delivery, now)
        return self.read(self._decoded(delivery), delivery, now, source or self.name)

    def _decoded(self, delivery: WebhookRequest) -> Any:
        """Decode a body; for a tool that sends text, its lines go to `_lines` and the whole to `_text`."""
        try:
            return delivery.decoded()
        except Invalid:
            if not any(TEXT in shape.matcher.names for shape in self.shapes):
                raise
        text = decode_text(delivery.body)
        lines = [line.strip() for line in text.splitlines()[:MOST_LINES] if line.strip()]
        if not lines:
            raise Invalid("the body is empty", "body")
        return {TEXT: text, LINES: lines}

    def read(self, body: Any, delivery: WebhookRequest, now: datetime, source: str) -> ParsedWebhook:
        """Parse a decoded body: one message or a list of them."""
        if not isinstance(body, list):
            return self._read_message(payload.require_object(body, "body"), delivery, now, source)
        if len(body) > MOST_ITEMS:
            raise Invalid(f"the body has {len(body)} messages; send at most {MOST_ITEMS} at once", "body")
        if self._reads_lists(body):
            return self._code[self.definition.parser or ""](source)(delivery, now)
        parts = [self._read_part(part, f"body[{n}]", now, source) for n, part in enumerate(body)]
        return ParsedWebhook(
            tuple(signal for part in parts for signal in part.signals),
            tuple(part for parsed in parts for part in parsed.malformed),
        )

    def shape_of(self, body: Fields) -> CompiledShape | None:
        """Return the first shape that matches a message; None if none does."""
        return next((shape for shape in self.shapes if shape.matcher.fits(body)), None)

    def readings(self, body: Any, now: datetime) -> Iterator[AlertReading]:
        """Yield the fields found for each alert of a decoded body, and their places; nothing if code reads it."""
        for part in body if isinstance(body, list) else [body]:
            compiled = self.shape_of(part) if isinstance(part, dict) else None
            if compiled is None or compiled.reader is None:
                continue
            listed = payload.get_path(part, compiled.shape.each) if compiled.shape.each else None
            scopes = (
                [{**entry, ROOT: part} for entry in listed if isinstance(entry, dict)]
                if isinstance(listed, list)
                else [part]
            )
            for scope in scopes:
                reading = AlertReading(self.name, now)
                try:
                    signals = compiled.reader.read(scope, reading)
                except Invalid:
                    continue
                yield reading
                yield from (
                    AlertReading(self.name, now) for _ in signals[1:]
                )  # acknowledgements and notes of the same part

    def _reads_lists(self, body: list[Any]) -> bool:
        return bool(self.definition.parser) and not any(
            isinstance(part, dict) and self.shape_of(part) for part in body[:1]
        )

    def _read_part(self, part: Any, where: str, now: datetime, source: str) -> ParsedWebhook:
        raw = json.dumps(part)
        try:
            parsed = self._read_message(payload.require_object(part, where), WebhookRequest(raw.encode()), now, source)
        except Invalid as error:
            return ParsedWebhook(malformed=(RejectedPart(where, error.field, str(error), raw),))
        return replace(
            parsed,
            malformed=tuple(replace(malformed, where=f"{where}.{malformed.where}") for malformed in parsed.malformed),
        )

    def _read_message(self, body: Fields, delivery: WebhookRequest, now: datetime, source: str) -> ParsedWebhook:
        if self.definition.relays and (relayed := self._read_relayed(body, now, source)) is not None:
            return relayed
        compiled = self.shape_of(body)
        if compiled is None:
            return self._read_unknown(body, delivery, now, source)
        return self.read_shape(compiled, body, delivery, now, source)

    def read_shape(
        self, compiled: CompiledShape, body: Fields, delivery: WebhookRequest, now: datetime, source: str
    ) -> ParsedWebhook:
        """Parse a message of this shape."""
        if compiled.shape.silent:
            return ParsedWebhook()
        if compiled.shape.parser:
            return self._code[compiled.shape.parser](source)(delivery, now)
        assert compiled.reader
        if compiled.shape.each:
            return self._read_each(compiled, body, now, source)
        return payload.parse_single(body, lambda part: self._signals(compiled, part, now, source))

    def _read_each(self, compiled: CompiledShape, body: Fields, now: datetime, source: str) -> ParsedWebhook:
        path = compiled.shape.each or ""
        listed = payload.get_path(body, path)

        def wrap(part: Any) -> Any:
            head, _, inner_path = path.partition(".")
            return {**body, head: nest_value(inner_path, [part]) if inner_path else [part]}

        return payload.parse_items(
            listed, path, lambda part: self._signals(compiled, {**part, ROOT: body}, now, source), wrap
        )

    def _signals(self, compiled: CompiledShape, scope: Fields, now: datetime, source: str) -> tuple[InboundEvent, ...]:
        assert compiled.reader
        return compiled.reader.read(scope, AlertReading(source, now))

    def _read_unknown(self, body: Fields, delivery: WebhookRequest, now: datetime, source: str) -> ParsedWebhook:
        """Parse a message of unknown shape: by the tool's code, else by common field names."""
        if self.definition.parser:
            return self._code[self.definition.parser](source)(delivery, now)
        problem = (
            f"the message has none of the known shapes of {self.definition.tool}; it was read by common field names"
        )
        parsed = self._read_anything(body, now, source)
        return replace(
            parsed,
            signals=tuple(
                replace(signal, problems=(problem, *signal.problems)) if isinstance(signal, Alert) else signal
                for signal in parsed.signals
            ),
        )


def _has_path(body: Any, mark: tuple[str, ...]) -> bool:
    for step in mark:
        if not isinstance(body, dict) or step not in body:
            return False
        body = body[step]
    return True
