"""Which fields of a file's records were used, and which say something that nobody asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onrecall.redaction import redact

MOST_FIELDS = 2_000
"""Different fields of one file that are counted; where records have names of their own there may be any number."""
DEEPEST = 12
EXAMPLE = 60
"""Characters of an example."""
LOOKED_AT = 400
"""Characters of a value that are redacted to make its example."""


@dataclass(frozen=True, slots=True)
class UnusedField:
    """A field that says something in some records, and was not used."""

    field: str
    """Its name; a dot leads into an object, `[]` into the objects of a list."""
    count: int
    """Records in which it says something."""
    of: int
    """Records that were read."""
    example: str
    """The first thing it says, redacted and shortened."""

    def __str__(self) -> str:
        return f"{self.field} ({self.count} of {self.of}, e.g. {self.example})"


class FieldUsage:
    """What is asked of the records of one file, and what they hold."""

    __slots__ = ("_counts", "_examples", "_left_out", "_left_out_here", "_opened", "_used", "not_counted", "records")

    def __init__(self) -> None:
        self.records = 0
        self.not_counted = 0
        """How often a field was met that is not counted, for there are too many of them."""
        self._used: set[str] = set()
        self._opened: set[str] = set()
        """Places in which something is asked for."""
        self._left_out: set[str] = set()
        """Places that were looked at, and in which there was something without a place in an incident."""
        self._left_out_here: set[str] = set()
        """Those of the record that is being read."""
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def use(self, place: str) -> None:
        """Note that a field is asked for: all that stands in it counts as used."""
        if place in self._used:
            return
        self._used.add(place)
        self._opened.update(_above(place))

    def leave_out(self, place: str) -> None:
        """Note that what stands there has no place in an incident: it counts as not used, whatever was asked of it."""
        self._left_out_here.add(place)
        self._left_out.add(place)
        self._opened.update(_above(place))

    def observe(self, values: Mapping[str, Any]) -> None:
        """Count what a record holds that is not asked for; to be called when it has been read."""
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
        """Return the fields that were not used, each the highest place of which nothing was, in the file's order."""
        for place, count in self._counts.items():
            used = place in self._used or place in self._opened or not self._used.isdisjoint(_above(place))
            if place in self._left_out or not used:
                yield UnusedField(place, count, self.records, self._examples[place])

    def _leaves(self, value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
        """The highest places that say something and of which nothing is asked."""
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


def _above(place: str) -> Iterator[str]:
    """The places that a place stands in, the nearest first."""
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
    said = " ".join(_first(value).split())
    shown = redact(said[:LOOKED_AT], personal=True).text
    return shown if len(shown) <= EXAMPLE else shown[: EXAMPLE - 1] + "…"


def _first(value: Any) -> str:
    """The first thing that a value says."""
    if isinstance(value, Mapping):
        return next((f"{name}: {_first(inner)}" for name, inner in value.items() if _says_something(inner)), "{}")
    if isinstance(value, list):
        return next((_first(inner) for inner in value if _says_something(inner)), "[]")
    return str(value)
