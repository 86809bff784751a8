"""Mapping files: which column holds which of our fields, and how dates are read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from onrecall.domain.errors import Invalid
from onrecall.importers.column_names import FIELDS
from onrecall.importers.front_matter import Loader
from onrecall.importers.times import Order

SETTINGS = frozenset(("format", "dates", "timezone"))


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """The content of a mapping file."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Our field → their columns; of several the first non-empty counts, texts are joined."""
    labels: Mapping[str, str] = field(default_factory=dict)
    dates: Order | None = None
    timezone: str | None = None


def load_mapping(path: Path) -> FieldMapping:
    """Return the mapping in a file, YAML or JSON."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(
            f"the mapping file {path} can't be read: {getattr(problem, 'strerror', None) or problem}", "mapping"
        ) from None
    try:
        content = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)  # noqa: S506 - makes only texts
    except (ValueError, yaml.YAMLError, RecursionError) as problem:
        raise Invalid(f"the mapping file {path} is broken: {problem}", "mapping") from None
    return parse_mapping(content)


def parse_mapping(content: Any) -> FieldMapping:
    """Parse a mapping from plain data; unknown fields raise Invalid, so that typos are noticed."""
    if not isinstance(content, Mapping):
        raise Invalid("a mapping is an object: our field, then the name of your column", "mapping")
    fields = {name: value for name, value in content.items() if name != "labels"}
    for name in fields:
        if name not in FIELDS and name not in SETTINGS:
            raise Invalid(
                f"the mapping names {name!r}, which is not a field; use one of {', '.join(FIELDS)}", "mapping"
            )
    if fields.get("dates") not in (None, "day_first", "month_first"):
        raise Invalid("`dates` must be day_first or month_first", "mapping")
    labels = content.get("labels") or {}
    if not isinstance(labels, Mapping) or not all(isinstance(column, str) for column in labels.values()):
        raise Invalid("`labels` of a mapping is an object: our label, then the name of your column", "mapping")
    return FieldMapping(
        {name: _column_list(name, value) for name, value in fields.items() if name not in SETTINGS},
        dict(labels),
        fields.get("dates"),
        _optional_text("timezone", fields.get("timezone")),
    )


def _column_list(name: str, value: Any) -> tuple[str, ...]:
    several = value if isinstance(value, list) else [value]
    if not several or not all(isinstance(column, str) and column for column in several):
        raise Invalid(f"the mapping of {name!r} must be the name of a column, or a list of names", "mapping")
    return tuple(several)


def _optional_text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Invalid(f"`{name}` of a mapping must be text", "mapping")
    return value
