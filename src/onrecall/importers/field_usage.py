"""Track which fields of a file's records were used, and report the non-empty fields that were not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onrecall.redaction import redact

MOST_FIELDS = 2_000
"""Maximum number of distinct fields counted per file; records with dynamic keys may have any number."""
DEEPEST = 12
EXAMPLE_LENGTH = 60
"""Maximum characters of an example."""
MAX_REDACTED = 400
"""Maximum characters of a value that are redacted to make its example."""


@dataclass(frozen=True, slots=True)
class UnusedField:
    """A field that is non-empty in some records and was not used."""

    field: str
    """The path of the field; `.` descends into an object, `[]` into the items of a list."""
    count: int
    """Records in which it is non-empty."""
    of: int
    """Records read in total."""
    example: str
    """Its first value, redacted and shortened."""

    def __str__(self) -> str:
        return f"{self.field} ({self.count} of {self.of}, e.g. {self.example})"


class FieldUsage:
    """Records which fields of one file were requested and which are present."""

    __slots__ = ("_counts", "_examples", "_left_out", "_left_out_here", "_opened", "_used", "not_counted", "records")

    def __init__(self) -> None:
        self.records = 0
        self.not_counted = 0
        """Occurrences of fields beyond `MOST_FIELDS`, which are not counted one by one."""
        self._used: set[str] = set()
        self._opened: set[str] = set()
        """Paths that contain a requested field."""
        self._left_out: set[str] = set()
        """Paths that were read but whose content has no field in an incident."""
        self._left_out_here: set[str] = set()
        """Those of the current record."""
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def use(self, place: str) -> None:
        """Mark a field as requested; everything in it counts as used."""
        if place in self._used:
            return
        self._used.add(place)
        self._opened.update(_ancestors(place))

    def leave_out(self, place: str) -> None:
        """Mark a field as having no counterpart in an incident: it counts as unused even if it was requested."""
        self._left_out_here.add(place)
        self._left_out.add(place)
        self._opened.update(_ancestors(place))

    def observe(self, values: Mapping[str, Any]) -> None:
        """Count the fields of a record that were not requested; call this after the record has been read."""
        self.records += 1
        counted: set[str] = set()
        for place, value in self._leaves(values, "", 0):
            if place in counted:
                continue
            if place not in self._counts and len(self._counts) >= MOST_FIELDS:
                self.not_counted += 1
                continue
            counted.add(place)
            self._counts[place] = self._counts.get(place, 0) + 1
            if place not in self._examples:
                self._examples[place] = _example(value)
        self._left_out_here.clear()

    def unused(self) -> Iterator[UnusedField]:
        """Yield the unused fields in file order; an object without any used field is reported as a whole."""
        for place, count in self._counts.items():
            used = place in self._used or place in self._opened or not self._used.isdisjoint(_ancestors(place))
            if place in self._left_out or not used:
                yield UnusedField(place, count, self.records, self._examples[place])

    def _leaves(self, value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
        """Yield the topmost non-empty paths of which nothing was requested, with their values."""
        if not _says_something(value):
            return
        left_out = place in self._left_out_here
        if place in self._used and not left_out and not any(name.startswith(place) for name in self._left_out_here):
            return
        if place and (depth >= DEEPEST or left_out or place not in self._opened):
            yield place, value
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                yield from self._leaves(inner, f"{place}.{name}" if place else str(name), depth + 1)
        elif isinstance(value, list):
            for inner in value:
                yield from self._leaves(inner, f"{place}[]", depth + 1)


def _ancestors(place: str) -> Iterator[str]:
    """Yield the enclosing paths of a path, innermost first."""
    while place:
        place = place.removesuffix("[]") if place.endswith("[]") else place.rpartition(".")[0]
        if place:
            yield place


def _says_something(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, list):
        return any(_says_something(inner) for inner in value)
    return value is not None and value != {}


def _example(value: Any) -> str:
    text = " ".join(_first_text(value).split())
    redacted = redact(text[:MAX_REDACTED], personal=True).text
    return redacted if len(redacted) <= EXAMPLE_LENGTH else redacted[: EXAMPLE_LENGTH - 1] + "…"


def _first_text(value: Any) -> str:
    """Return the first text in a value."""
    if isinstance(value, Mapping):
        return next((f"{name}: {_first_text(inner)}" for name, inner in value.items() if _says_something(inner)), "{}")
    if isinstance(value, list):
        return next((_first_text(inner) for inner in value if _says_something(inner)), "[]")
    return str(value)
