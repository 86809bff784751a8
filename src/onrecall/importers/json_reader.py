"""JSON → rows: a list, an object that holds the list, or one object a line; a broken row costs only itself."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.importers.encoding import LONGEST_LINE, DecodedLines
from onrecall.importers.record import SourceRow, kind_of

LARGEST = 256 * 2**20
"""Bytes of a JSON file that is not one object a line; larger ones are to be saved as JSONL."""
MOST_BROKEN = 100
_LISTS = frozenset(
    ("incidents", "documents", "issues", "result", "results", "data", "rcas", "records", "incident_memory", "tickets",
     "log_entries", "items", "messages")
)  # fmt: skip
_WRAPS = ("incident", "document", "result", "data", "issue", "ticket")
_BLANK = re.compile(r"[ \t\n\r]*")


class _Json(json.JSONDecoder):
    """Plain JSON: a key that stands twice is noted, NaN is nothing."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=self._object, parse_constant=lambda _: None)
        self.doubled: str | None = None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and self.doubled is None:
            keys = [key for key, _ in pairs]
            self.doubled = next(key for key in keys if keys.count(key) > 1)
        return found

    def row(self, text: str, at: int = 0) -> tuple[Any, int, str | None]:
        """The value that begins here, where it ends, and a key that stands twice in it."""
        self.doubled = None
        value, end = self.raw_decode(text, at)
        return value, end, self.doubled


def lines(name: str, source: DecodedLines) -> Iterator[SourceRow | RejectedInput]:
    """One object a line."""
    decoder = _Json()
    for line in source:
        where = f"{name}, line {line.number}"
        if line.text is None:
            yield RejectedInput(where, None, f"the line is longer than {LONGEST_LINE // 2**20} MB; shorten its texts")
        elif line.text.strip():
            yield _line(decoder, line.text.strip(), line.number, where)


def _line(decoder: _Json, text: str, number: int, where: str) -> SourceRow | RejectedInput:
    try:
        value, end, doubled = decoder.row(text)
    except (ValueError, RecursionError) as problem:
        return RejectedInput(where, None, _broken(problem))
    if text[end:].strip():
        return RejectedInput(
            where, None, f"broken JSON: something follows the object at column {end + 1}; one object a line"
        )
    return _row(value, number, where, doubled)


def whole(name: str, text: str) -> Iterator[SourceRow | RejectedInput]:
    """A list of objects, an object that holds such a list, or a single object."""
    start = _blank(text, 0)
    if text.startswith("[", start):
        yield from _List(name, text).rows(start)
    elif text.startswith("{", start):
        yield from _object(name, text, start)
    else:
        yield RejectedInput(
            f"{name}, line {_line_of(text, start)}", None, "it is neither a JSON list nor a JSON object"
        )


def _object(name: str, text: str, start: int) -> Iterator[SourceRow | RejectedInput]:
    """The rows of the first known list in the object; without one, the object itself or its values by id."""
    decoder, at, found = _Json(), _blank(text, start + 1), False
    try:
        while text.startswith('"', at):
            key, at, _ = decoder.row(text, at)
            at = _blank(text, at)
            if not text.startswith(":", at):
                raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
            at = _blank(text, at + 1)
            if _is_list(key, text, at):
                found = True
                reading = _List(name, text)
                yield from reading.rows(at)
                if reading.end is None:
                    return
                at = reading.end
            else:
                _, at, _ = decoder.row(text, at)
            at = _blank(text, at)
            at = _blank(text, at + 1) if text.startswith(",", at) else at
        if not text.startswith("}", at):
            place = f"{name}, line {_line_of(text, at)}"
            yield RejectedInput(place, None, "broken JSON: the object does not end as it should; is the file cut off?")
        elif not found:
            yield from _alone(name, text, start)
    except (ValueError, RecursionError) as problem:
        yield RejectedInput(_place(name, text, at, problem), None, _broken(problem))


def _is_list(key: Any, text: str, at: int) -> bool:
    """Whether the records of a file are listed under this key; messages are where they are a chat's."""
    return key in _LISTS and text.startswith("[", at) and (key != "messages" or '"ts"' in text[at : at + 10_000])


def _alone(name: str, text: str, start: int) -> Iterator[SourceRow | RejectedInput]:
    value, _, doubled = _Json().row(text, start)
    line = _line_of(text, start)
    inner = next((value[key] for key in _WRAPS if isinstance(value.get(key), Mapping)), None)
    if inner is not None and "id" not in value:
        yield _row(inner, line, f"{name}, line {line}", doubled)
    elif value and all(isinstance(one, Mapping) for one in value.values()):
        for number, (key, one) in enumerate(value.items(), start=1):
            yield _row({"id": key, **one}, line, f"{name}, record {number} ({key[:40]!r})", doubled)
    else:
        yield _row(value, line, f"{name}, line {line}", doubled)


class _List:
    """The objects of one JSON list, one after the other; knows where the list ended, if it did."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._decoder = _Json()
        self.end: int | None = None

    def rows(self, start: int) -> Iterator[SourceRow | RejectedInput]:
        text, at = self._text, _blank(self._text, start + 1)
        line, counted, number, broken = _line_of(text, at), at, 0, 0
        end: int | None
        indent = at - text.rfind("\n", 0, at) - 1
        while not text.startswith("]", at):
            number += 1
            line, counted = line + text.count("\n", counted, at), at
            where = f"{self._name}, record {number} (line {line})"
            try:
                value, end, doubled = self._decoder.row(text, at)
            except (ValueError, RecursionError) as problem:
                broken += 1
                end = self._next(at, indent) if broken < MOST_BROKEN else None
                rest = "; what follows was not read" if end is None else ""
                place = _place(self._name, text, at, problem)
                yield RejectedInput(place, None, f"record {number}: {_broken(problem)}{rest}")
                if end is None:
                    return
            else:
                yield _row(value, line, where, doubled)
            at = _blank(text, end)
            if text.startswith(",", at):
                at = _blank(text, at + 1)
            elif not text.startswith(("]", "{"), at):
                yield RejectedInput(f"{self._name}, line {_line_of(text, at)}", None, _unfinished(text, at, number))
                return
        self.end = at + 1

    def _next(self, at: int, indent: int) -> int | None:
        """Where the next object of a list printed over many lines begins."""
        found = re.compile(rf"\n {{{indent}}}\{{").search(self._text, at + 1) if indent else None
        return found.end() - 1 if found else None


def _row(value: Any, line: int, where: str, doubled: str | None) -> SourceRow | RejectedInput:
    if not isinstance(value, dict):
        return RejectedInput(where, None, f"it must be an object with the fields of an incident, not {kind_of(value)}")
    if doubled is not None:
        return RejectedInput(where, doubled, f"the key {doubled[:60]!r} appears twice in one object; keep one of them")
    return SourceRow(line, value, where)


def _broken(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deep; flatten it"
    if isinstance(problem, json.JSONDecodeError):
        return f"broken JSON: {problem.msg} at column {problem.colno}"
    return f"broken JSON: {problem}"


def _unfinished(text: str, at: int, number: int) -> str:
    if at >= len(text):
        return f"broken JSON: the list ends after record {number} without `]`; the file is cut off"
    return f"broken JSON: a comma or `]` is missing after record {number}; what follows was not read"


def _place(name: str, text: str, at: int, problem: Exception) -> str:
    line = problem.lineno if isinstance(problem, json.JSONDecodeError) else _line_of(text, at)
    return f"{name}, line {line}"


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
