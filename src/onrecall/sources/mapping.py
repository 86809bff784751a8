"""A mapping file: where the fields of an alert stand in payloads that somebody made up."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from onrecall.domain.errors import Invalid

FIELDS = (
    *("key", "title", "description", "status", "severity", "service", "environment"),
    *("starts_at", "ends_at", "told_at", "group", "links"),
)
_OTHER_KEYS = ("alerts", "resolved", "labels", "values")
_EMPTY_VALUES: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class GenericMapping:
    """Maps a field to its paths, tried in turn. Unmapped fields are found by their common names."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()
    """Paths of the list of alerts, if a body holds several."""
    resolved: frozenset[str] = frozenset()
    """Lower-case values of `status` that mean resolved; without them, the common words count."""

    def find(self, name: str, body: Any) -> Iterator[Any]:
        """Yield the values at the paths of a mapped field."""
        return find_values(body, self.fields.get(name, ()))

    def listed(self, body: Any) -> tuple[str, Any]:
        """Return the path and the list of alerts. Raises Invalid if no path exists: then the mapping is wrong."""
        for path in self.alerts:
            if (alert_list := _value_at(body, path)) is not None:
                return path, alert_list
        where = self.alerts[0]
        raise Invalid(f"`{where}` is missing, but the mapping places the list of alerts there", where)


def find_values(body: Any, paths: tuple[str, ...]) -> Iterator[Any]:
    """Yield the non-empty values at these paths."""
    return (value for path in paths if (value := _value_at(body, path)) not in _EMPTY_VALUES)


def nest_value(path: str, value: Any) -> Any:
    """Build an object that holds the value at the path."""
    for step in reversed(path_steps(path)):
        value = {step: value}
    return value


def load_mapping(path: Path) -> GenericMapping:
    """Load a mapping file, YAML or JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"the mapping file {path} can't be read: {problem}", "mapping") from None
    except (ValueError, yaml.YAMLError, RecursionError) as problem:
        raise Invalid(f"the mapping file {path} is broken: {problem}", "mapping") from None
    return parse_mapping(content)


def parse_mapping(content: Any) -> GenericMapping:
    """Build a mapping from plain data; unknown fields are rejected, so that a misspelt one is not lost silently."""
    if not isinstance(content, Mapping):
        raise Invalid("a mapping is an object: our field, then its place, such as `title: check.name`", "mapping")
    for name in content:
        if name not in FIELDS and name not in _OTHER_KEYS:
            known_keys = ", ".join((*FIELDS, *_OTHER_KEYS))
            raise Invalid(
                f"the mapping names {str(name)[:60]!r}, which is not a field; use one of {known_keys}", "mapping"
            )
    words = content.get("resolved") or []
    if not isinstance(words, list) or not all(isinstance(word, str | int) for word in words):
        raise Invalid("`resolved` of a mapping is a list of the values of `status` that mean resolved", "mapping")
    return GenericMapping(
        {name: _path_list(content[name], name) for name in FIELDS if name in content},
        _path_table(content, "labels"),
        _path_table(content, "values"),
        _path_list(content["alerts"], "alerts") if "alerts" in content else (),
        frozenset(str(word).strip().lower() for word in words),
    )


def _path_table(content: Mapping[Any, Any], name: str) -> dict[str, tuple[str, ...]]:
    table = content.get(name) or {}
    if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
        raise Invalid(f"`{name}` of a mapping is an object: our name, then its place", "mapping")
    return {key: _path_list(paths, f"{name}.{key}") for key, paths in table.items()}


def _path_list(paths: Any, name: str) -> tuple[str, ...]:
    """Return one or several paths: dotted (`check.name`), or a JSON pointer (`/check/name`)."""
    listed = paths if isinstance(paths, list) else [paths]
    if not listed or not all(isinstance(path, str) and path.strip() for path in listed):
        raise Invalid(
            f"`{name}` of a mapping must be a path such as check.name or /check/name, or a list of paths", "mapping"
        )
    return tuple(path.strip() for path in listed)


def path_steps(path: str) -> list[str]:
    """Split a path into steps: dotted, or a JSON pointer for names that contain a dot."""
    if not path.startswith("/"):
        return path.split(".")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _value_at(body: Any, path: str) -> Any:
    for step in path_steps(path):
        if isinstance(body, Mapping):
            body = body.get(step)
        elif isinstance(body, list) and step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body
