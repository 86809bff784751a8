"""Read JSON rows from a list, an object that holds one, or JSON lines; a broken row loses only itself."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from onrecall.domain.errors import RejectedInput
from onrecall.importers.encoding import LONGEST_LINE, DecodedLines
from onrecall.importers.record import SourceRow, kind_of

LARGEST = 256 * 2**20
"""Maximum bytes of a JSON file that is not JSON lines; larger ones must be saved as JSONL."""
MOST_BROKEN = 100
_LISTS = frozenset(
    ("incidents", "documents", "issues", "result", "results", "data", "rcas", "records", "incident_memory", "tickets",
     "log_entries", "items", "messages", "value")
)  # fmt: skip
_CHAT_MARKS = {"messages": '"ts"', "value": '"messageType"'}
"""Fields of a chat's messages by the key that lists them."""
_WRAPS = ("incident", "document", "result", "data", "issue", "ticket")
_BLANK = re.compile(r"[ \t\n\r]*")


class _Json(json.JSONDecoder):
    """A JSON decoder that records duplicate keys and reads NaN as None."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=self._from_pairs, parse_constant=lambda _: None)
        self.duplicate_key: str | None = None

    def _from_pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs) and self.duplicate_key is None:
            keys = [key for key, _ in pairs]
            self.duplicate_key = next(key for key in keys if keys.count(key) > 1)
        return values

    def row(self, text: str, at: int = 0) -> tuple[Any, int, str | None]:
        """Decode the value at `at`; return it, its end, and a duplicate key in it, if any."""
        self.duplicate_key = None
        value, end = self.raw_decode(text, at)
        return value, end, self.duplicate_key


def read_lines(name: str, source: DecodedLines) -> Iterator[SourceRow | RejectedInput]:
    """Yield the rows of JSON lines, one object per line."""
    decoder = _Json()
    for line in source:
        where = f"{name}, line {line.number}"
        if line.text is None:
            yield RejectedInput(where, None, f"the line is longer than {LONGEST_LINE // 2**20} MB; shorten its texts")
        elif line.text.strip():
            yield _line(decoder, line.text.strip(), line.number, where)


def _line(decoder: _Json, text: str, number: int, where: str) -> SourceRow | RejectedInput:
    try:
        value, end, duplicate_key = decoder.row(text)
    except (ValueError, RecursionError) as problem:
        return RejectedInput(where, None, _error_message(problem))
    if text[end:].strip():
        return RejectedInput(
            where, None, f"broken JSON: text follows the object at column {end + 1}; write one object per line"
        )
    return _to_row(value, number, where, duplicate_key)


def read_document(name: str, text: str) -> Iterator[SourceRow | RejectedInput]:
    """Yield the rows of a list of objects, an object that holds such a list, or a single object."""
    start = _skip_blanks(text, 0)
    if text.startswith("[", start):
        yield from _List(name, text).rows(start)
    elif text.startswith("{", start):
        yield from _object_rows(name, text, start)
    else:
        yield RejectedInput(
            f"{name}, line {_line_of(text, start)}", None, "it is neither a JSON list nor a JSON object"
        )


def _object_rows(name: str, text: str, start: int) -> Iterator[SourceRow | RejectedInput]:
    """Yield the rows of the known lists in the object; without one, the object itself or its values by id."""
    decoder, at, has_list = _Json(), _skip_blanks(text, start + 1), False
    try:
        while text.startswith('"', at):
            key, at, _ = decoder.row(text, at)
            at = _skip_blanks(text, at)
            if not text.startswith(":", at):
                raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
            at = _skip_blanks(text, at + 1)
            if _is_list(key, text, at):
                has_list = True
                reading = _List(name, text)
                yield from reading.rows(at)
                if reading.end is None:
                    return
                at = reading.end
            else:
                _, at, _ = decoder.row(text, at)
            at = _skip_blanks(text, at)
            at = _skip_blanks(text, at + 1) if text.startswith(",", at) else at
        if not text.startswith("}", at):
            place = f"{name}, line {_line_of(text, at)}"
            yield RejectedInput(place, None, "broken JSON: the object does not end as it should; is the file cut off?")
        elif not has_list:
            yield from _single_object_rows(name, text, start)
    except (ValueError, RecursionError) as problem:
        yield RejectedInput(_error_place(name, text, at, problem), None, _error_message(problem))


def _is_list(key: Any, text: str, at: int) -> bool:
    """Return whether this key holds the list of records; `messages` and `value` only if they are those of a chat."""
    mark = _CHAT_MARKS.get(key) if isinstance(key, str) else None
    return key in _LISTS and text.startswith("[", at) and (mark is None or mark in text[at : at + 10_000])


def _single_object_rows(name: str, text: str, start: int) -> Iterator[SourceRow | RejectedInput]:
    value, _, duplicate_key = _Json().row(text, start)
    line = _line_of(text, start)
    inner = next((value[key] for key in _WRAPS if isinstance(value.get(key), Mapping)), None)
    if inner is not None and "id" not in value:
        yield _to_row(inner, line, f"{name}, line {line}", duplicate_key)
    elif value and all(isinstance(nested, Mapping) for nested in value.values()):
        for number, (key, nested) in enumerate(value.items(), start=1):
            yield _to_row({"id": key, **nested}, line, f"{name}, record {number} ({key[:40]!r})", duplicate_key)
    else:
        yield _to_row(value, line, f"{name}, line {line}", duplicate_key)


class _List:
    """Reads the objects of one JSON list; `end` is the position after the list, or None if it did not end."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._decoder = _Json()
        self.end: int | None = None

    def rows(self, start: int) -> Iterator[SourceRow | RejectedInput]:
        text, at = self._text, _skip_blanks(self._text, start + 1)
        line, counted, number, broken = _line_of(text, at), at, 0, 0
        end: int | None
        indent = at - text.rfind("\n", 0, at) - 1
        while not text.startswith("]", at):
            number += 1
            line, counted = line + text.count("\n", counted, at), at
            where = f"{self._name}, record {number} (line {line})"
            try:
                value, end, duplicate_key = self._decoder.row(text, at)
            except (ValueError, RecursionError) as problem:
                broken += 1
                end = self._next_object(at, indent) if broken < MOST_BROKEN else None
                suffix = "; what follows was not read" if end is None else ""
                place = _error_place(self._name, text, at, problem)
                yield RejectedInput(place, None, f"record {number}: {_error_message(problem)}{suffix}")
                if end is None:
                    return
            else:
                yield _to_row(value, line, where, duplicate_key)
            at = _skip_blanks(text, end)
            if text.startswith(",", at):
                at = _skip_blanks(text, at + 1)
            elif not text.startswith(("]", "{"), at):
                yield RejectedInput(
                    f"{self._name}, line {_line_of(text, at)}", None, _unfinished_message(text, at, number)
                )
                return
        self.end = at + 1

    def _next_object(self, at: int, indent: int) -> int | None:
        """Return the start of the next object of a pretty-printed list, or None."""
        match = re.compile(rf"\n {{{indent}}}\{{").search(self._text, at + 1) if indent else None
        return match.end() - 1 if match else None


def _to_row(value: Any, line: int, where: str, duplicate_key: str | None) -> SourceRow | RejectedInput:
    if not isinstance(value, dict):
        return RejectedInput(where, None, f"it must be an object with the fields of an incident, not {kind_of(value)}")
    if duplicate_key is not None:
        return RejectedInput(
            where, duplicate_key, f"the key {duplicate_key[:60]!r} appears twice in one object; keep one of them"
        )
    return SourceRow(line, value, where)


def _error_message(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deep; flatten it"
    if isinstance(problem, json.JSONDecodeError):
        return f"broken JSON: {problem.msg} at column {problem.colno}"
    return f"broken JSON: {problem}"


def _unfinished_message(text: str, at: int, number: int) -> str:
    if at >= len(text):
        return f"broken JSON: the list ends after record {number} without `]`; the file is cut off"
    return f"broken JSON: a comma or `]` is missing after record {number}; what follows was not read"


def _error_place(name: str, text: str, at: int, problem: Exception) -> str:
    line = problem.lineno if isinstance(problem, json.JSONDecodeError) else _line_of(text, at)
    return f"{name}, line {line}"


def _skip_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
