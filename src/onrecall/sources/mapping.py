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
_OTHERS = ("alerts", "resolved", "labels", "values")
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class GenericMapping:
    """Our field → where it stands, several places in turn. What is not mapped goes by its common names."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()
    """Where the list of alerts stands, if a body holds several."""
    resolved: frozenset[str] = frozenset()
    """What `status` says when it is over, in small letters; without them, the common words count."""

    def find(self, name: str, body: Any) -> Iterator[Any]:
        """What stands where a mapped field is said to stand."""
        return at(body, self.fields.get(name, ()))

    def listed(self, body: Any) -> tuple[str, Any]:
        """The list of alerts, and where it stands; Invalid where nothing does, for then the mapping is wrong."""
        for path in self.alerts:
            if (found := _walk(body, path)) is not None:
                return path, found
        where = self.alerts[0]
        raise Invalid(f"`{where}` is missing, but the mapping places the list of alerts there", where)


def at(body: Any, paths: tuple[str, ...]) -> Iterator[Any]:
    """What stands under these paths, where anything does."""
    return (found for path in paths if (found := _walk(body, path)) not in _NOTHING)


def nested(path: str, value: Any) -> Any:
    """An object in which the value stands under the path."""
    for step in reversed(steps(path)):
        value = {step: value}
    return value


def load(path: Path) -> GenericMapping:
    """A mapping file, YAML or JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        said = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"the mapping file {path} can't be read: {problem}", "mapping") from None
    except (ValueError, yaml.YAMLError, RecursionError) as problem:
        raise Invalid(f"the mapping file {path} is broken: {problem}", "mapping") from None
    return mapped(said)


def mapped(said: Any) -> GenericMapping:
    """A mapping from plain data; an unknown field is refused, so that a misspelt one is not lost in silence."""
    if not isinstance(said, Mapping):
        raise Invalid("a mapping is an object: our field, then its place, such as `title: check.name`", "mapping")
    for name in said:
        if name not in FIELDS and name not in _OTHERS:
            known = ", ".join((*FIELDS, *_OTHERS))
            raise Invalid(f"the mapping names {str(name)[:60]!r}, which is not a field; use one of {known}", "mapping")
    words = said.get("resolved") or []
    if not isinstance(words, list) or not all(isinstance(one, str | int) for one in words):
        raise Invalid("`resolved` of a mapping is a list of the values of `status` that mean resolved", "mapping")
    return GenericMapping(
        {name: _paths(said[name], name) for name in FIELDS if name in said},
        _table(said, "labels"),
        _table(said, "values"),
        _paths(said["alerts"], "alerts") if "alerts" in said else (),
        frozenset(str(one).strip().lower() for one in words),
    )


def _table(said: Mapping[Any, Any], name: str) -> dict[str, tuple[str, ...]]:
    table = said.get(name) or {}
    if not isinstance(table, Mapping) or not all(isinstance(one, str) for one in table):
        raise Invalid(f"`{name}` of a mapping is an object: our name, then its place", "mapping")
    return {one: _paths(where, f"{name}.{one}") for one, where in table.items()}


def _paths(where: Any, name: str) -> tuple[str, ...]:
    """One path or several: dotted (`check.name`), or a JSON pointer (`/check/name`)."""
    listed = where if isinstance(where, list) else [where]
    if not listed or not all(isinstance(one, str) and one.strip() for one in listed):
        raise Invalid(
            f"`{name}` of a mapping must be a path such as check.name or /check/name, or a list of paths", "mapping"
        )
    return tuple(one.strip() for one in listed)


def steps(path: str) -> list[str]:
    """Returns the steps of a path: dotted, or a JSON pointer where a name holds a dot."""
    if not path.startswith("/"):
        return path.split(".")
    return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]


def _walk(body: Any, path: str) -> Any:
    for step in steps(path):
        if isinstance(body, Mapping):
            body = body.get(step)
        elif isinstance(body, list) and step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body
