"""Readers for the fields of a definition: locate a value and read it as text, time, number or labels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.severity import parse_severity as severity_of_word
from onrecall.sources import payload
from onrecall.sources.definition import SeverityRule, StatusRule, TimeRule
from onrecall.sources.expressions import Expression, compile_expression, is_path, labels_from_tags
from onrecall.sources.states import is_resolved_word
from onrecall.sources.timestamps import read_formatted, read_timestamp

NAME_FIELDS = ("display_value", "displayName", "display_name", "name", "title", "summary", "value", "slug", "id")
"""Fields that give the text of an object where a text is expected."""


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """One expression and its text, for errors and for the rehearsal."""

    text: str
    find: Expression
    is_path: bool = True

    def value(self, scope: Any) -> Any:
        """Return the value; None also if the condition of a longer expression is not met."""
        value = self.find(scope)
        return None if value is False and not self.is_path else value

    def name_for(self, field: str) -> str:
        """Return the name for error messages: a path as it is, a longer expression by its field."""
        return self.text if self.is_path else field


@dataclass(frozen=True, slots=True)
class FoundValue:
    """The value of a field and its place; `place` is empty if the value was derived."""

    value: Any
    place: str


def compile_places(texts: Iterable[str] | None) -> tuple[FieldPlace, ...]:
    """Compile the places of a field, in the order in which they are tried."""
    return tuple(FieldPlace(text, compile_expression(text), is_path(text)) for text in texts or ())


def find_text(places: Sequence[FieldPlace], scope: Any, longest: int = payload.LONGEST_TEXT) -> FoundValue | None:
    """Return the first non-empty text."""
    for place in places:
        if text := as_text(place.value(scope)):
            return FoundValue(payload.truncate(text, longest), place.text)
    return None


def find_line(places: Sequence[FieldPlace], scope: Any, longest: int = payload.LONGEST_LINE) -> FoundValue | None:
    """Return the first non-empty line of the first non-empty text."""
    for place in places:
        if line := payload.first_line(as_text(place.value(scope)), longest):
            return FoundValue(line, place.text)
    return None


def find_name(places: Sequence[FieldPlace], scope: Any) -> FoundValue | None:
    """Return the first value that is certainly a name, such as that of a service."""
    for place in places:
        line = find_line((place,), scope, payload.LONGEST_NAME)
        if line and payload.is_name(line.value):
            return line
    return None


def as_text(value: Any) -> str | None:
    """Return the value as text: of an object its name, of a list its first non-empty entry."""
    if isinstance(value, dict):
        return next((text for name in NAME_FIELDS if (text := payload.filled_text(value.get(name)))), None)
    if isinstance(value, list):
        return next((text for entry in value[:20] if not isinstance(entry, list) and (text := as_text(entry))), None)
    return payload.filled_text(value)


class StatusReader:
    """Reads whether an alert is firing, resolved or acknowledged."""

    def __init__(self, rule: StatusRule) -> None:
        self.places = compile_places(rule.places)
        self._words = {
            **dict.fromkeys(rule.firing, "firing"),
            **dict.fromkeys(rule.acknowledged, "acknowledged"),
            **dict.fromkeys(rule.resolved, "resolved"),
        }

    def find(self, scope: Any) -> tuple[FoundValue | None, str | None]:
        """Return `firing`, `resolved` or `acknowledged` with its place, and the problem of an unknown word."""
        unknown: str | None = None
        for place in self.places:
            word = as_text(place.value(scope))
            if word is None:
                continue
            if state := self._words.get(word.strip().lower()):
                return FoundValue(state, place.text), None
            over = is_resolved_word(word)
            if over is not None:
                return FoundValue("resolved" if over else "firing", place.text), None
            unknown = (
                unknown or f"`{place.name_for('status')}` is {word[:60]!r}, an unknown word; the alert counts as firing"
            )
        return None, unknown


class SeverityReader:
    """Reads the severity in the tool's own words."""

    def __init__(self, rule: SeverityRule) -> None:
        self.places = compile_places(rule.places)
        self._words = rule.map

    def find(self, scope: Any) -> FoundValue | None:
        """Return the first known severity."""
        for place in self.places:
            word = as_text(place.find(scope))
            if word and (severity := self.of(word)) != "unknown":
                return FoundValue(severity, place.text)
        return None

    def of(self, word: str) -> Severity:
        """Return the severity of a word; of a bare number only if the file maps it, because scales differ."""
        own = self._words.get(word.strip().lower())
        if own is not None:
            return own
        return "unknown" if word.strip().lstrip("-").replace(".", "", 1).isdigit() else severity_of_word(word)


class TimeReader:
    """Reads a time."""

    def __init__(self, field: str, rule: TimeRule) -> None:
        self.places = compile_places(rule.places)
        self._field = field
        self._formats = rule.formats
        self._zone = compile_expression(rule.zone) if rule.zone else None

    def find(self, scope: Any) -> tuple[FoundValue | None, str | None]:
        """Return the first valid time in UTC, else the problem with the first invalid one."""
        problem: str | None = None
        for place in self.places:
            value = place.value(scope)
            if not isinstance(value, str | int | float) or payload.filled_text(value) is None:
                continue
            try:
                if moment := self._read(value, place.name_for(self._field), scope):
                    return FoundValue(moment, place.text), None
            except Invalid as error:
                problem = problem or str(error)
        return None, problem

    def _read(self, value: str | float, field: str, scope: Any) -> datetime | None:
        zone = payload.filled_text(self._zone(scope)) if self._zone else None
        return (
            read_formatted(value, field, self._formats, zone) if self._formats else read_timestamp(value, field, zone)
        )


def find_moment(places: Sequence[FieldPlace], scope: Any) -> datetime | None:
    """Return the first valid time in UTC."""
    for place in places:
        try:
            if moment := read_timestamp(place.find(scope), place.text):
                return moment
        except Invalid:
            continue
    return None


class LabelReader:
    """Reads single labels and whole sets of labels."""

    def __init__(
        self, places_by_label: Mapping[str, Sequence[str]], label_sets: Sequence[str], details: Sequence[str]
    ) -> None:
        self.named = {name: compile_places(places) for name, places in places_by_label.items()}
        self.sets = compile_places(label_sets)
        self.details = compile_places(details)

    def find(self, scope: Any) -> tuple[dict[str, str], dict[str, str]]:
        """Return labels and annotations; a label with its own place overrides those of a set."""
        labels: dict[str, str] = {}
        annotations: dict[str, str] = {}
        for place in self.details:
            detail_labels, detail_annotations = payload.split_details(
                labels_from_value(place.find(scope), payload.LONGEST_TEXT)
            )
            labels |= detail_labels
            annotations |= detail_annotations
        for place in self.sets:
            labels |= labels_from_value(place.find(scope))
        for name, places in self.named.items():
            if line := find_line(places, scope):
                labels[name] = line.value
        return payload.limit_labels(labels), payload.limit_labels(annotations)


def labels_from_value(value: Any, longest: int = payload.LONGEST_LINE) -> dict[str, str]:
    """Convert an object, tags or pairs to labels, without empty ones."""
    entries = payload.flatten(value, longest) if isinstance(value, dict) else labels_from_tags(value)
    return {
        payload.truncate(label, payload.LONGEST_NAME): payload.truncate(text, longest)
        for name, entry_value in entries.items()
        if (text := payload.filled_text(entry_value)) and (label := payload.to_text(name))
    }


def find_numbers(places_by_name: Mapping[str, Sequence[FieldPlace]], scope: Any) -> dict[str, float]:
    """Return measured numbers by name."""
    measured: dict[str, float] = {}
    for name, places in places_by_name.items():
        numbers = (payload.read_number({"value": place.find(scope)}, "value") for place in places)
        if (number := next((candidate for candidate in numbers if candidate is not None), None)) is not None:
            measured[name] = number
    return measured


def addresses(value: Any) -> Iterator[Any]:
    """Yield the addresses in a value: one, a list of them, or objects that hold one."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict):
            yield next((entry[name] for name in ("href", "url", "link") if entry.get(name)), None)
        else:
            yield entry
