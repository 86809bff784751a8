"""One record of a file and the questions that every format asks of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.importers.field_usage import FieldUsage, UnusedField
from onrecall.importers.times import Times

DEEPEST = 64
LONGEST_ID = 200
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_CALLED = ("name", "summary", "display_value", "value", "title", "attributes.name", "data.attributes.name")


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something worth knowing about what was read; what it says was skipped is no loss of an incident."""

    where: str
    message: str
    left_out: tuple[str, ...] = ()
    """Names of fields that hold something and have no place in an incident."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class UnusedFields(ImportNote):
    """The fields of a file that say something and were not used."""

    fields: tuple[UnusedField, ...] = ()

    @classmethod
    def of(cls, where: str, fields: tuple[UnusedField, ...], not_counted: int) -> "UnusedFields":
        """Return the note that names all of them, each with a count and an example."""
        more = f"; {not_counted} more, under too many different names to count" if not_counted else ""
        names = tuple(sorted(field.field for field in fields))
        return cls(where, f"not used: {', '.join(map(str, fields))}{more}", names, fields)


@dataclass(frozen=True, slots=True)
class SkippedRecord:
    """A record that is no incident, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What stands around the records of a file."""

    path: str
    """Its place in the folder, or its name."""
    text: str = ""
    """The whole of a JSON file that is not one object a line."""

    def beside(self, name: str) -> Any:
        """Return what the outermost object has under a name, next to the list of records; None where there is none."""
        if f'"{name}"' not in self.text:
            return None
        outermost = json.loads(self.text, strict=False)
        return outermost.get(name) if isinstance(outermost, Mapping) else None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One record as it stands in its file."""

    line: int
    values: Mapping[str, Any]
    where: str


class FieldRecord:
    """The values of one row, asked for by name; a dotted name looks inside, several names are tried in turn."""

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
        """Where it stands in its row, with a dot behind."""
        self._names = names
        """Where its names are not those of the row: the row's name of each."""

    def get(self, name: str) -> Any:
        """The value as it stands, or None."""
        self.use(name)
        return _inside(self.values, name)

    def use(self, *names: str) -> None:
        """Note that these fields are asked for, whether or not they say something."""
        for name in names:
            self.usage.use(self._place(name))

    def leave_out(self, name: str) -> None:
        """Note that what stands there has no place in an incident, although it was looked at."""
        self.usage.leave_out(self._place(name))

    def inside(self, name: str) -> "FieldRecord":
        """The object that stands there, as a record; an empty one where there is none."""
        value = _inside(self.values, name)
        return FieldRecord(value if isinstance(value, Mapping) else {}, self.times, self.usage, f"{self._place(name)}.")

    def renamed(self, values: Mapping[str, Any], names: Mapping[str, str]) -> "FieldRecord":
        """The same row under other names; `names` has for each of them the row's own."""
        return FieldRecord(values, self.times, self.usage, self._path, names)

    def _place(self, name: str) -> str:
        return self._path + (self._names.get(name, name) if self._names else name)

    def text(self, *names: str) -> str | None:
        """The first of these that says something, as text without blanks around it."""
        self.use(*names)
        for name in names:
            said = plain(self.get(name), name)
            if said and said.strip():
                return said.strip()
        return None

    def time(self, *names: str) -> datetime | None:
        """The first of these that says something, as a moment in UTC."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return self.times.unix(value, name)
            said = plain(value, name)
            if said and said.strip():
                return self.times.read(said, name)
        return None

    def name(self, *names: str) -> str | None:
        """The first of these that says something: as text, or by the name of the thing that stands there."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            for one in value if isinstance(value, list) else (value,):
                if said := _name(one):
                    return said
        return None

    def number(self, *names: str) -> float | None:
        """The first of these that counts something, from zero up; what is no number is as if it were not there."""
        self.use(*names)
        for name in names:
            value = self.get(name)
            if isinstance(value, str) and len(value) < 16 and _NUMBER.fullmatch(value.strip()):
                value = float(value) if "." in value else int(value)
            if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
                return value
        return None

    def rows(self, name: str) -> tuple["FieldRecord", ...]:
        """The objects listed under this name."""
        value = _inside(self.values, name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise Invalid(f"`{name}` must be a list, not {kind_of(value)}", name)
        path = f"{self._place(name)}[]."
        return tuple(FieldRecord(one, self.times, self.usage, path) for one in value if isinstance(one, Mapping))

    def words(self, name: str) -> tuple[str, ...]:
        """The texts listed under this name, or the parts of a text with commas."""
        value = self.get(name)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if not isinstance(value, list):
            raise Invalid(f"`{name}` must be a list of texts, not {kind_of(value)}", name)
        return tuple(one.strip() for one in value if isinstance(one, str) and one.strip())


def _inside(values: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(part)
    return values


def _name(value: Any) -> str | None:
    """What a thing is called, whether it stands as text or as an object."""
    if isinstance(value, Mapping):
        if isinstance(listed := value.get("data"), list):
            return next((said for part in listed if (said := _name(part))), None)
        return next((said for key in _CALLED if (said := _name(_inside(value, key)))), None)
    return value.strip() or None if isinstance(value, str) else None


def plain(value: Any, field: str) -> str | None:
    """A text or a number as text; anything else is a mistake."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"`{field}` must be text, not {kind_of(value)}", field)
    return str(value)


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "null"


def percentage(value: Any, field: str) -> float | None:
    """A percentage 0..100, as a number or as text (`92`, `"92.5"`, `"92 %"`); None where nothing stands there."""
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


def check(values: Any) -> None:
    """Refuse what no database keeps and no honest export holds: NUL bytes, halves of characters, bottomless nesting."""
    for path, depth, value in _walk(values):
        if depth > DEEPEST:
            raise Invalid(f"it is nested deeper than {DEEPEST} levels; flatten it", path.split(".")[0] or None)
        if isinstance(value, str):
            check_text(value, path)


def check_text(value: str, field: str) -> None:
    """Refuse a text that can't be stored."""
    if "\0" in value:
        raise Invalid(f"`{field}` contains a NUL byte; remove it", field)
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise Invalid(f"`{field}` contains half of a character (a lone surrogate); write the whole character", field)


def check_id(value: str | None, field: str = "id") -> str:
    """An id as it was given; there is none, nobody makes one up."""
    if not value or not value.strip():
        raise Invalid(f"there is no `{field}`; give each record the id it has where it comes from", field)
    value = value.strip()
    if len(value) > LONGEST_ID:
        raise Invalid(f"`{field}` is longer than {LONGEST_ID} characters; use the short id", field)
    if not value.isprintable():
        raise Invalid(f"`{field}` contains a line break or another control character; use the plain id", field)
    return value


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
