"""Access to one record of a file by field name, shared by all formats."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.id_shape import require_visible_id
from onrecall.importers.field_usage import FieldUsage, UnusedField
from onrecall.importers.times import Times

DEEPEST = 64
LONGEST_ID = 200
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}", re.IGNORECASE)
"""A long number as a spreadsheet shows it, without its last digits."""
_NAME_FIELDS = ("name", "summary", "display_value", "value", "title", "attributes.name", "data.attributes.name")


@dataclass(frozen=True, slots=True)
class ImportNote:
    """A note on the import that is not an error; what it reports as skipped is no lost incident."""

    where: str
    message: str
    left_out: tuple[str, ...] = ()
    """Non-empty fields that have no counterpart in an incident."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class UnusedFields(ImportNote):
    """The non-empty fields of a file that were not used."""

    fields: tuple[UnusedField, ...] = ()

    @classmethod
    def of(cls, where: str, fields: tuple[UnusedField, ...], not_counted: int) -> "UnusedFields":
        """Return the note that names all of them, each with a count and an example."""
        more = f"; {not_counted} more, under too many different names to count" if not_counted else ""
        names = tuple(sorted(field.field for field in fields))
        return cls(where, f"not used: {', '.join(map(str, fields))}{more}", names, fields)


@dataclass(frozen=True, slots=True)
class SkippedRecord:
    """A record that is not an incident, and the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordContext:
    """The context of a file's records."""

    path: str
    """The file's path in the folder, or its name."""
    text: str = ""
    """The whole text of a JSON file that is not JSON lines."""

    def beside(self, name: str) -> Any:
        """Return a value next to the list of records in the outermost object, or None."""
        if f'"{name}"' not in self.text:
            return None
        outermost = json.loads(self.text, strict=False)
        return outermost.get(name) if isinstance(outermost, Mapping) else None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One raw record of a file."""

    line: int
    values: Mapping[str, Any]
    where: str


class FieldRecord:
    """The values of one row by name; a dotted name reads nested objects, several names are tried in turn."""

    __slots__ = ("_names", "_path", "times", "usage", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        times: Times,
        usage: FieldUsage | None = None,
        path: str = "",
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.values = values
        self.times = times
        self.usage = usage or FieldUsage()
        self._path = path
        """The path of this object in its row, with a trailing dot."""
        self._names = names
        """Renamed field → the row's own name of it."""

    def get(self, name: str) -> Any:
        """Return the raw value, or None."""
        self.use(name)
        return _value_at(self.values, name)

    def use(self, *names: str) -> None:
        """Mark these fields as requested, whether or not they have a value."""
        for name in names:
            self.usage.use(self._place(name))

    def leave_out(self, name: str) -> None:
        """Mark a field as having no counterpart in an incident, although it was read."""
        self.usage.leave_out(self._place(name))

    def inside(self, name: str) -> "FieldRecord":
        """Return the nested object as a record; an empty one if there is none."""
        value = _value_at(self.values, name)
        return FieldRecord(value if isinstance(value, Mapping) else {}, self.times, self.usage, f"{self._place(name)}.")

    def renamed(self, values: Mapping[str, Any], names: Mapping[str, str]) -> "FieldRecord":
        """Return the row under other field names; `names` maps them to the row's own."""
        return FieldRecord(values, self.times, self.usage, self._path, names)

    def _place(self, name: str) -> str:
        return self._path + (self._names.get(name, name) if self._names else name)

    def text(self, *names: str) -> str | None:
        """Return the first non-empty of these fields as stripped text."""
        self.use(*names)
        for name in names:
            text = to_text(self.get(name), name)
            if text and text.strip():
                return text.strip()
        return None

    def time(self, *names: str) -> datetime | None:
        """Return the first non-empty of these fields as a time in UTC."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return self.times.unix(value, name)
            text = to_text(value, name)
            if text and text.strip():
                return self.times.read(text, name)
        return None

    def name(self, *names: str) -> str | None:
        """Return the first non-empty of these fields: the text, or the name of the object."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            for item in value if isinstance(value, list) else (value,):
                if text := _name_of(item):
                    return text
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of these fields that is a non-negative number; other values are ignored."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            if isinstance(value, str) and len(value) < 16 and _NUMBER.fullmatch(value.strip()):
                value = float(value) if "." in value else int(value)
            if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
                return value
        return None

    def object_list(self, name: str) -> tuple["FieldRecord", ...]:
        """Return the objects listed under this name."""
        value = _value_at(self.values, name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise Invalid(f"`{name}` must be a list, not {kind_of(value)}", name)
        path = f"{self._place(name)}[]."
        return tuple(FieldRecord(item, self.times, self.usage, path) for item in value if isinstance(item, Mapping))

    def string_list(self, name: str) -> tuple[str, ...]:
        """Return the strings listed under this name, or the parts of a comma-separated text."""
        value = self.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if not isinstance(value, list):
            raise Invalid(f"`{name}` must be a list of texts, not {kind_of(value)}", name)
        return tuple(item.strip() for item in value if isinstance(item, str) and item.strip())


def _value_at(values: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(part)
    return values


def _name_of(value: Any) -> str | None:
    """Return the name of a thing given as text or as an object."""
    if isinstance(value, Mapping):
        if isinstance(listed := value.get("data"), list):
            return next((name for part in listed if (name := _name_of(part))), None)
        return next((name for key in _NAME_FIELDS if (name := _name_of(_value_at(value, key)))), None)
    return value.strip() or None if isinstance(value, str) else None


def to_text(value: Any, field: str) -> str | None:
    """Return a string or number as text; raise Invalid for anything else."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"`{field}` must be text, not {kind_of(value)}", field)
    return str(value)


def kind_of(value: Any) -> str:
    """Return the type of a JSON value in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "null"


def parse_percentage(value: Any, field: str) -> float | None:
    """Parse a percentage 0..100 from a number or text (`92`, `"92.5"`, `"92 %"`); None if empty."""
    written = value.strip().removesuffix("%").strip() if isinstance(value, str) else value
    if written is None or written == "":
        return None
    try:
        number = None if isinstance(written, bool) else float(written)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not 0 <= number <= 100:
        raise Invalid(f"`{field}` is {str(value)[:40]!r}; give a percentage from 0 to 100", field)
    return number


def check_values(values: Any) -> None:
    """Raise Invalid for values that can't be stored: NUL bytes, lone surrogates, excessive nesting."""
    for path, depth, value in _walk(values):
        if depth > DEEPEST:
            raise Invalid(f"it is nested deeper than {DEEPEST} levels; flatten it", path.split(".")[0] or None)
        if isinstance(value, str):
            check_text(value, path)


def check_text(value: str, field: str) -> None:
    """Raise Invalid if a text can't be stored."""
    if "\0" in value:
        raise Invalid(f"`{field}` contains a NUL byte; remove it", field)
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise Invalid(f"`{field}` contains half of a character (a lone surrogate); write the whole character", field)


def check_id(value: str | None, field: str = "id") -> str:
    """Return the id stripped; raise Invalid if it is missing, for ids are never made up."""
    if not value or not value.strip():
        raise Invalid(f"there is no `{field}`; give each record the id it has where it comes from", field)
    value = value.strip()
    if len(value) > LONGEST_ID:
        raise Invalid(f"`{field}` is longer than {LONGEST_ID} characters; use the short id", field)
    if _ROUNDED.fullmatch(value):
        raise Invalid(
            f"`{field}` is {value!r}: a spreadsheet rounded the number; format the column as text and export it again",
            field,
        )
    return require_visible_id(value, field)


def _walk(root: Any) -> Iterator[tuple[str, int, Any]]:
    waiting: list[tuple[str, int, Any]] = [("", 0, root)]
    while waiting:
        path, depth, value = waiting.pop()
        yield path, depth, value
        if depth > DEEPEST:
            continue
        if isinstance(value, Mapping):
            for key, inner in value.items():
                name = f"{path}.{key}" if path else str(key)
                yield name[:80], depth, str(key)
                waiting.append((name[:80], depth + 1, inner))
        elif isinstance(value, list):
            waiting.extend((path, depth + 1, inner) for inner in value)
